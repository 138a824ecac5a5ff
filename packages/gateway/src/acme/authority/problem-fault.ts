/** Owns the reading of an authority's problems: RFC 8555 §6.7. */
import type { Clock } from '@gatewright/policies'
import { AcmeFault } from '../acme-fault.ts'
import { adviseOnProblem } from './advice.ts'
import type { AuthorityAnswer } from './send-request.ts'

export interface AuthorityProblem {
  /** Without the prefix that all have. */
  readonly type: string | undefined
  /** What it says, of the whole and of each name. */
  readonly detail: string
}

const PREFIX = 'urn:ietf:params:acme:error:'
/** Let's Encrypt's longest limit is a week; what says more is taken for a mistake. */
const LONGEST_WAIT_MS = 7 * 86_400_000

export function parseProblem(value: unknown): AuthorityProblem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, detail, subproblems } = value as Readonly<Record<string, unknown>>
  if (typeof type !== 'string' && typeof detail !== 'string') return undefined
  const parts = [typeof detail === 'string' ? detail : String(type)]
  // RFC 8555 §6.7.1
  for (const part of Array.isArray(subproblems) ? subproblems : []) {
    const about = part as { detail?: unknown; identifier?: { value?: unknown } } | null
    if (typeof about?.detail === 'string') parts.push(`${String(about.identifier?.value ?? '')}: ${about.detail}`)
  }
  return {
    type: typeof type === 'string' && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : undefined,
    detail: parts.join('; '),
  }
}

/** undefined: it went well, or is to be asked again with another nonce, which the client does. */
export function findFault(answer: AuthorityAnswer, url: string, clock: Clock): AcmeFault | undefined {
  if (answer.status >= 200 && answer.status < 300) return undefined
  const problem = parseProblem(parseJson(answer.body))
  // RFC 8555 §6.5
  if (problem?.type === 'badNonce') return undefined
  const said = problem?.detail ?? `HTTP ${answer.status}`
  const remedy = adviseOnProblem(problem?.type)
  const notBeforeMs = toNotBefore(answer.headers['retry-after'], clock.now())
  return new AcmeFault(`${new URL(url).host} says: ${said}`, {
    ...(remedy !== undefined && { remedy }),
    ...(problem?.type !== undefined && { type: problem.type }),
    ...(notBeforeMs !== undefined && { notBeforeMs }),
  })
}

/** RFC 9110 §10.2.3: seconds or a date. */
function toNotBefore(field: string | undefined, nowMs: number): number | undefined {
  if (field === undefined) return undefined
  const atMs = /^\d+$/.test(field) ? nowMs + Number(field) * 1000 : Date.parse(field)
  return atMs > nowMs ? Math.min(atMs, nowMs + LONGEST_WAIT_MS) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

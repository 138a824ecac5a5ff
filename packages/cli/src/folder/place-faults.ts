/** Owns where in a file of a folder stands what a control plane refuses of it. */
import { ClientProblem } from '@gatewright/client'
import {
  type Finding,
  type ParsedSource,
  type Path,
  parseSource,
  type SourceFile,
  sortFindings,
  toFindingText,
  toPathText,
} from '@gatewright/model'

/** Where what is refused stands in what was sent. */
const BODY = 'body'

/** As `gatewright validate` says it, a finding for each fault. Undefined: the problem is about something else than what was sent. */
export function toPlacedLines(error: unknown, file: SourceFile): readonly string[] | undefined {
  const errors = error instanceof ClientProblem && Array.isArray(error.body.errors) ? error.body.errors : []
  if (errors.length === 0 || !errors.every(isFault)) return undefined
  const parsed = parseSource(file)
  const findings = sortFindings(errors.map((each) => toFinding(each, parsed)))
  return findings.flatMap((finding) => toFindingText(finding).split('\n'))
}

interface Fault {
  readonly at: string
  readonly message: string
  readonly code?: string
  readonly suggestion?: string
}

function isFault(error: unknown): error is Fault {
  const { at, message } = (error ?? {}) as Partial<Fault>
  return typeof message === 'string' && typeof at === 'string' && (at === BODY || at.startsWith(`${BODY}/`))
}

function toFinding({ at, code = '', message, suggestion }: Fault, { value, origins }: ParsedSource): Finding {
  const path = toPath(value, at.slice(BODY.length + 1))
  const place = origins.placeAt(value, path, code === 'unknown-key' ? 'key' : 'value')
  const said = { severity: 'fault', code, message, at: { ...place, path: toPathText(path) } } as const
  return suggestion === undefined ? said : { ...said, suggestion }
}

/** What stands between slashes may have some itself: what is there says which it is. */
function toPath(value: unknown, pointer: string): Path {
  if (pointer === '') return []
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const known = names
    .filter((each) => pointer === each || pointer.startsWith(`${each}/`))
    .toSorted((a, b) => b.length - a.length)
  const name = known[0] ?? pointer.split('/')[0] ?? ''
  const inner = known[0] === undefined ? undefined : (value as Readonly<Record<string, unknown>>)[name]
  return [Array.isArray(value) ? Number(name) : name, ...toPath(inner, pointer.slice(name.length + 1))]
}

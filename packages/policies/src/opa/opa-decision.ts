/** Owns what a result of OPA's rules means: true and false, or a document that says more. What makes no sense is no decision. */
import { toSenseless } from '../calls/json-answer.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import { findFieldFault } from '../messages/header-list.ts'
import { Problem } from '../problem.ts'

type Fields = readonly (readonly [name: string, value: string])[]

export type OpaDecision =
  | { readonly kind: 'allow' /** For the request to the upstream. */; readonly fields: Fields }
  | { readonly kind: 'deny'; readonly status: number; readonly problem: Problem }

const ALLOW: OpaDecision = { kind: 'allow', fields: [] }
const DETAIL = "The rules of this API do not let this request pass. Ask the API's owner for access."
/** Of a reason, for records. */
const MOST_CHARACTERS = 100

/** `upstreamFields`: in lower case, those that may be set in the request. `undefined`: the rules say nothing. @throws CallFault */
export function parseDecision(result: unknown, upstreamFields: ReadonlySet<string>): OpaDecision {
  if (result === true) return ALLOW
  if (result === false) return deny(403, 'denied', [])
  // No rule held, or there is no such document: nothing has said yes.
  if (result === undefined) return deny(403, 'undefined', [])
  if (typeof result !== 'object' || result === null || Array.isArray(result)) throw toSenseless('no-decision')
  const { allow, status, reason, headers } = result as Readonly<Record<string, unknown>>
  if (typeof allow !== 'boolean') throw toSenseless('no-allow')
  if (allow) return { kind: 'allow', fields: parseFields(headers, (name) => isForUpstream(name, upstreamFields)) }
  const fields = parseFields(headers, (name) => findForbiddenField(name, 'response') === undefined)
  return deny(parseStatus(status, fields), parseReason(reason), fields)
}

function parseFields(headers: unknown, isAllowed: (name: string) => boolean): Fields {
  if (headers === undefined) return []
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) throw toSenseless('headers')
  return Object.entries(headers).map(([name, value]) => {
    if (typeof value !== 'string' || findFieldFault(name, value) !== undefined) throw toSenseless('headers')
    if (!isAllowed(name)) throw toSenseless('header-not-allowed')
    return [name, value]
  })
}

function isForUpstream(name: string, upstreamFields: ReadonlySet<string>): boolean {
  return upstreamFields.has(name.toLowerCase())
}

function parseStatus(status: unknown, fields: Fields): number {
  if (status === undefined) return 403
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 499) {
    throw toSenseless('status')
  }
  // RFC 9110 §11.6.1
  if (status === 401 && !fields.some(([name]) => name.toLowerCase() === 'www-authenticate')) {
    throw toSenseless('no-challenge')
  }
  return status
}

function parseReason(reason: unknown): string {
  if (reason === undefined) return 'denied'
  if (typeof reason !== 'string') throw toSenseless('reason')
  return reason.slice(0, MOST_CHARACTERS).replace(/[\x00-\x1f\x7f]/g, ' ')
}

/** The code says what kind of refusal a status is; all others are one of access. */
function deny(status: number, reason: string, headers: Fields): OpaDecision {
  switch (status) {
    case 401:
      return { kind: 'deny', status, problem: new Problem('credential-invalid', { detail: DETAIL, reason, headers }) }
    case 404:
      // To say more would say that there is something.
      return { kind: 'deny', status, problem: new Problem('route-not-found', { reason, headers }) }
    case 429:
      return { kind: 'deny', status, problem: new Problem('rate-limited', { detail: DETAIL, reason, headers }) }
    default:
      return { kind: 'deny', status, problem: new Problem('access-denied', { detail: DETAIL, reason, headers }) }
  }
}

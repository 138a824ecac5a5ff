/** Owns calls to issuers of tokens: how they are asked, and what their answers say. What cannot be read is a fault of who answered. */
import { parseObject, toSenseless } from '../../calls/json-answer.ts'
import type { CallAnswer, HttpCalls, OutgoingCall } from '../../services.ts'
import { parseCompactJws, parseJsonObject } from '../../tokens/compact-jws.ts'
import type { Issued } from './fetched-credential.ts'

/** The largest tokens of clouds have some kilobytes. */
export const ANSWER_LIMIT_BYTES = 64 * 1024
/** RFC 9110 §5.5, and without spaces: what stands behind `Bearer` is one word. */
const TOKEN = /^[\x21-\x7e]+$/

type Form = readonly (readonly [name: string, value: string])[]

/** A call for a token, which means the same when it is made twice. @rejects CallFault also where the answer is another than 200 */
export async function askIssuer(http: HttpCalls, call: OutgoingCall): Promise<CallAnswer> {
  const answer = await http.send({ ...call, limitBytes: ANSWER_LIMIT_BYTES, mayRepeat: true })
  if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
  return answer
}

/** `path` below what an option names, with a slash at its end or without. */
export function toUrlBelow(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path
}

/** RFC 6749 §4.4.2 and its kin. */
export function toFormCall(url: string, form: Form, timeoutMs: number): OutgoingCall {
  return {
    url,
    method: 'POST',
    headers: [
      ['Accept', 'application/json'],
      ['Content-Type', 'application/x-www-form-urlencoded'],
    ],
    body: new URLSearchParams(form.map(([name, value]) => [name, value])).toString(),
    timeoutMs,
  }
}

/** RFC 6749 §5.1, and `expires_on` beside `expires_in`, which some send instead or as well. @throws CallFault */
export function toAccessToken({ body }: CallAnswer, nowMs: number): Issued<string> {
  const answer = parseObject(body)
  const { token_type: type } = answer
  // RFC 6749 §7.1: a token of another type is not used as one of this.
  if (type !== undefined && !(typeof type === 'string' && type.toLowerCase() === 'bearer')) {
    throw toSenseless('token-type')
  }
  const inSeconds = parseSeconds(answer.expires_in)
  const onSeconds = parseSeconds(answer.expires_on)
  const ends = [
    ...(inSeconds === undefined ? [] : [nowMs + inSeconds * 1000]),
    ...(onSeconds === undefined ? [] : [onSeconds * 1000]),
  ]
  return { value: getToken(answer.access_token), endsAtMs: ends.length === 0 ? undefined : Math.min(...ends) }
}

/**
 * It ends when it says so (`exp`, OpenID Connect Core §2). Nobody here checks its signature: it was asked for, and comes from
 * who issued it; who gets it checks it. @throws CallFault
 */
export function toIdToken(value: unknown): Issued<string> {
  const token = getToken(value)
  const exp = parseJsonObject(parseCompactJws(token)?.payload)?.exp
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw toSenseless('no-token')
  return { value: token, endsAtMs: exp * 1000 }
}

/** @throws CallFault */
export function getToken(value: unknown): string {
  if (typeof value !== 'string' || !TOKEN.test(value)) throw toSenseless('no-token')
  return value
}

/** A number, or its digits as a text. Absent is undefined. @throws CallFault */
function parseSeconds(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds)) throw toSenseless('token-end')
  return seconds
}

/** Where a cloud says a moment in words (RFC 3339). @throws CallFault */
export function parseMoment(value: unknown): number {
  const atMs = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(atMs)) throw toSenseless('token-end')
  return atMs
}

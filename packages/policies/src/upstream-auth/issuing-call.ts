/** Owns calls to who issues credentials to sign with: an answer other than 200 is no answer. */
import { toSenseless } from '../calls/json-answer.ts'
import type { HttpCalls, OutgoingCall } from '../services.ts'

/** Certificates and tokens of clouds have some kilobytes. */
const ANSWER_LIMIT_BYTES = 64 * 1024

/** A call that means the same when it is made twice. @rejects CallFault */
export async function askIssuing(http: HttpCalls, call: OutgoingCall): Promise<Buffer> {
  const { status, body } = await http.send({ ...call, limitBytes: ANSWER_LIMIT_BYTES, mayRepeat: true })
  if (status !== 200) throw toSenseless(`status-${status}`)
  return body
}

/** `path` below what an option names, with a slash at its end or without. */
export function toCallUrl(base: string, path: string): string {
  return base.replace(/\/+$/, '') + path
}

/** Owns an answer's head on its way to a client: status line, the upstream's fields, policies' fields, framing, and our own. */
import { type GatewayResponse, type HeaderList, KNOWN_FIELDS } from '@gatewright/policies'
import type { GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { createFieldMask, serializeFields, toDateLine, toStatusLine } from '../http1/serialize-head.ts'

// RFC 9110 §7.6.1; and the id is ours, whatever the upstream calls its own.
const HOP_BY_HOP = [
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['proxy-connection'],
  KNOWN_FIELDS['proxy-authenticate'],
  KNOWN_FIELDS.te,
  KNOWN_FIELDS.upgrade,
  KNOWN_FIELDS['x-request-id'],
]
const DROPPED = createFieldMask([...HOP_BY_HOP, KNOWN_FIELDS['content-length']])
/** For answers to HEAD and for 304: the length is a fact about what a GET would get (RFC 9110 §8.6). */
const DROPPED_BUT_LENGTH = createFieldMask(HOP_BY_HOP)

/** How the body is framed: a length, chunked, by closing, or there is none. */
export type AnswerFraming =
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }
  | { readonly kind: 'none'; readonly keepsLength: boolean }

const CHUNKED: AnswerFraming = { kind: 'chunked' }
const UNTIL_CLOSE: AnswerFraming = { kind: 'close' }
const NO_CONTENT: AnswerFraming = { kind: 'none', keepsLength: false }
const NO_CONTENT_BUT_LENGTH: AnswerFraming = { kind: 'none', keepsLength: true }

/** RFC 9112 §6.3 from the other side: what this client will understand as the end of the body. */
export function toFraming(response: GatewayResponse, method: string, httpVersion: '1.0' | '1.1' | '2'): AnswerFraming {
  const { status, body } = response
  if (status === 204 || status < 200) return NO_CONTENT
  if (status === 304) return NO_CONTENT_BUT_LENGTH
  if (method === 'HEAD') return body.sizeBytes === 0 ? NO_CONTENT_BUT_LENGTH : { kind: 'none', keepsLength: false }
  if (body.sizeBytes !== undefined) return { kind: 'length', bytes: body.sizeBytes }
  return httpVersion === '1.0' ? UNTIL_CLOSE : CHUNKED
}

export interface HeadFacts {
  readonly framing: AnswerFraming
  readonly keepsAlive: boolean
  /** Milliseconds since the epoch; asked only where the target said no `Date`. */
  readonly now: () => number
}

export function serializeAnswerHead(
  exchange: GatewayExchange,
  response: GatewayResponse,
  { framing, keepsAlive, now }: HeadFacts,
): string {
  const { headers } = response
  const { request } = exchange
  const said = serializeSaid(exchange, headers)
  const keepsLength = framing.kind === 'none' && framing.keepsLength
  let head = toStatusLine(response.status, response.reason)
  head += serializeFields(headers, keepsLength ? DROPPED_BUT_LENGTH : DROPPED)
  head += said
  if (headers.indexOfKnown(KNOWN_FIELDS.date) < 0 && !SAID_DATE.test(said)) head += toDateLine(now())
  head += `X-Request-Id: ${exchange.id}\r\n`
  if (framing.kind === 'length') head += `Content-Length: ${framing.bytes}\r\n`
  else if (framing.kind === 'chunked') head += 'Transfer-Encoding: chunked\r\n'
  else if (request.method === 'HEAD' && !keepsLength && response.body.sizeBytes !== undefined) {
    head += `Content-Length: ${response.body.sizeBytes}\r\n`
  }
  // RFC 9112 §9.3 and appendix C.2.2.
  if (!keepsAlive) return `${head}Connection: close\r\n\r\n`
  return request.httpVersion === '1.0' ? `${head}Connection: keep-alive\r\n\r\n` : `${head}\r\n`
}

const SAID_DATE = /^date:/im

/** What policies say with whatever answer goes out, in the place of the target's own. */
export function serializeSaid({ answerFields }: GatewayExchange, headers: HeaderList): string {
  let said = ''
  if (answerFields === undefined) return said
  for (let i = 0; i < answerFields.length; i += 2) {
    const name = answerFields[i] ?? ''
    headers.delete(name)
    said += `${name}: ${answerFields[i + 1]}\r\n`
  }
  return said
}

const INTERIM_DROPPED = createFieldMask([
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS['content-length'],
  KNOWN_FIELDS.upgrade,
])

/** An interim answer as it is passed on: it has no body and says nothing about the connection. */
export function toInterimHead({ status, reason, fields }: InterimHead): string {
  return `${toStatusLine(status, reason)}${serializeFields(fields, INTERIM_DROPPED)}\r\n`
}

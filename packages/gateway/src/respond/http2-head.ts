/** Owns an answer's head on its way to a client of HTTP/2: the fields of the target and of policies, the length, and our own. */
import { type GatewayResponse, KNOWN_FIELDS } from '@gatewright/policies'
import type { GatewayExchange, InterimHead } from '../exchange/gateway-exchange.ts'
import { createFieldMask, toDateText } from '../http1/serialize-head.ts'
import type { HeadWriter } from '../http2/head-writer.ts'
import type { AnswerFraming } from './response-head.ts'

// RFC 9113 §8.2.2: nothing of a connection; and the id is ours, whatever the upstream calls its own.
const CONNECTION_FIELDS = [
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['proxy-connection'],
  KNOWN_FIELDS['proxy-authenticate'],
  KNOWN_FIELDS.te,
  KNOWN_FIELDS.upgrade,
  KNOWN_FIELDS['x-request-id'],
]
const DROPPED = createFieldMask([...CONNECTION_FIELDS, KNOWN_FIELDS['content-length']])
/** For answers to HEAD and for 304: the length is a fact about what a GET would get (RFC 9110 §8.6). */
const DROPPED_BUT_LENGTH = createFieldMask(CONNECTION_FIELDS)

export function writeAnswerHead(
  writer: HeadWriter,
  exchange: GatewayExchange,
  { response, framing }: { readonly response: GatewayResponse; readonly framing: AnswerFraming },
): void {
  const { headers, body, status } = response
  const { answerFields = [] } = exchange
  for (let i = 0; i < answerFields.length; i += 2) headers.delete(answerFields[i] ?? '')
  const keepsLength = framing.kind === 'none' && framing.keepsLength
  writer.status(status).fields(headers, keepsLength ? DROPPED_BUT_LENGTH : DROPPED)
  let hasDate = headers.indexOfKnown(KNOWN_FIELDS.date) >= 0
  for (let i = 0; i < answerFields.length; i += 2) {
    const name = answerFields[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true
    writer.field(name, answerFields[i + 1] ?? '')
  }
  if (!hasDate) writer.field('date', toDateText(Date.now()))
  writer.field('x-request-id', exchange.id)
  if (framing.kind === 'length') writer.field('content-length', `${framing.bytes}`)
  else if (exchange.request.method === 'HEAD' && !keepsLength && body.sizeBytes !== undefined) {
    writer.field('content-length', `${body.sizeBytes}`)
  }
}

/** An answer in between: it has no body (RFC 9113 §8.1). */
export function writeInterimHead(writer: HeadWriter, { status, fields }: InterimHead): void {
  writer.status(status).fields(fields, DROPPED)
}

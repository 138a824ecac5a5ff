/** Owns the reading of a connection's answers up to their bodies: heads, strictly; not too many interim ones; and bodies that came whole. */
import { EMPTY_BODY, GatewayResponse, HeaderList } from '@gatewright/policies'
import { HeadParser } from '../http1/head-parser.ts'
import { Refusal } from '../http1/refusal.ts'
import { ResponseHead } from '../http1/response-head.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'

/** Before one answer; a server says 100, 102 and a few 103s. */
export const MOST_INTERIM_ANSWERS = 16
const TOO_MANY_INTERIM_ANSWERS = new Refusal('upstream-malformed', 'interim-answers', '')

export class AnswerReader {
  readonly head = new ResponseHead()
  /** Index into the chunk that completed the head. */
  bodyAt = 0
  /** Where the final answer ends in that chunk; -1: its body is still coming. */
  endAt = -1
  readonly #parser: HeadParser
  readonly #buffer: ReadBuffer
  #interimAnswers = 0

  constructor(limits: { readonly headerBytes: number; readonly headerFields: number }, buffer: ReadBuffer) {
    this.#parser = new HeadParser({ firstLineBytes: limits.headerBytes, ...limits }, this.head.scanLine, {
      skipsEmptyLine: false,
    })
    this.#buffer = buffer
  }

  /** Takes bytes from `chunk[at…]`; undefined: the head is not complete. `method` is the request's. */
  read(chunk: Buffer, at: number, method: string): HeaderList | Refusal | undefined {
    const { head } = this
    const parser = this.#parser
    const fields = parser.push(at === 0 ? chunk : chunk.subarray(at))
    if (!(fields instanceof HeaderList)) return fields
    const refusal = head.readFields(fields, method)
    if (refusal !== undefined) return refusal
    this.bodyAt = at + parser.bodyAt
    parser.reset()
    if (head.status >= 200 || head.status === 101) this.#interimAnswers = 0
    // RFC 9110 §15.2 sets no bound; without one an upstream could fill the client's queue with answers that are none.
    else if (++this.#interimAnswers > MOST_INTERIM_ANSWERS) return TOO_MANY_INTERIM_ANSWERS
    return fields
  }

  /** The final answer whose head was read in this chunk; without its body where that is still coming. */
  toAnswer(fields: HeaderList, chunk: Buffer): GatewayResponse {
    const { head, bodyAt } = this
    const { named } = head.connection
    const answer = new GatewayResponse({ status: head.status, reason: head.reason, headers: fields, body: EMPTY_BODY })
    if (named.length > 0) {
      for (const name of named) fields.delete(name)
      head.locationAt = fields.indexOf('location')
    }
    const endAt = bodyAt + head.body
    this.endAt = head.body >= 0 && endAt <= chunk.length ? endAt : -1
    if (this.endAt > bodyAt) answer.body = this.#buffer.toBody(chunk, bodyAt, endAt)
    return answer
  }
}

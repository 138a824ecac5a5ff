/** Owns the text form of gRPC-Web (PROTOCOL-WEB, `application/grpc-web-text`): base64, of which several may follow one another, each with its padding. */
import { Problem } from '../problem.ts'

/** One whole base64, or nothing. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const GROUP = 4

/** Of text that comes in pieces, cut wherever the network likes. */
export class WebTextDecoder {
  #rest = ''

  /** What the text holds so far. @throws Problem `malformed-request` where it is no base64 */
  decode(chunk: Uint8Array): Uint8Array {
    const text = this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    const end = text.length - (text.length % GROUP)
    this.#rest = text.slice(end)
    const parts: Buffer[] = []
    for (let at = 0; at < end; ) {
      const padding = text.indexOf('=', at)
      // Behind the group that the padding ends, another base64 begins.
      const to = padding < 0 ? end : Math.min(end, at + (Math.floor((padding - at) / GROUP) + 1) * GROUP)
      const part = text.slice(at, to)
      if (!BASE64.test(part)) throw toMalformed()
      parts.push(Buffer.from(part, 'base64'))
      at = to
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  }

  /** The text is over. @throws Problem `malformed-request` in the middle of a group */
  finish(): void {
    if (this.#rest !== '') throw toMalformed()
  }
}

/** A base64 of its own: a client must take such, and nothing waits for what comes next. */
export function toWebText(octets: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('base64'), 'latin1')
}

function toMalformed(): Problem {
  return new Problem('malformed-request', {
    reason: 'grpc-web-text',
    detail: 'The body of a request of application/grpc-web-text is base64; this one is not.',
  })
}

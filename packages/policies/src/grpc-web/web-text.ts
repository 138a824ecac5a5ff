/** Owns the text form of gRPC-Web (PROTOCOL-WEB, `application/grpc-web-text`): base64, of which several may follow one another, each with its padding. */
import { Problem } from '../problem.ts'

/** RFC 4648 §4: what each octet stands for. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 64
const NOTHING = 255
const LOW_BITS = 63
const MEANINGS = Uint8Array.from({ length: 256 }, (_, octet) => {
  const at = ALPHABET.indexOf(String.fromCharCode(octet))
  if (at >= 0) return at
  return octet === 0x3d ? PADDING : NOTHING
})

const GROUP = 4
const GROUP_OCTETS = 3

/**
 * Of text that comes in pieces, cut wherever the network likes. Octet by octet, so that it costs the same however the text is
 * made up: where each base64 is looked for and decoded by itself, text of very short ones takes many times as long.
 */
export class WebTextDecoder {
  /** Of the group that is being read: its characters so far, those of them that pad it, and what they hold. */
  #characters = 0
  #padding = 0
  #bits = 0

  /** What the text holds so far. @throws Problem `malformed-request` where it is no base64 */
  decode(chunk: Uint8Array): Uint8Array {
    const octets = Buffer.allocUnsafeSlow(Math.floor((this.#characters + chunk.length) / GROUP) * GROUP_OCTETS)
    let characters = this.#characters
    let padding = this.#padding
    let bits = this.#bits
    let end = 0
    for (let at = 0; at < chunk.length; at++) {
      const meaning = MEANINGS[chunk[at] ?? 0] ?? NOTHING
      // Padding ends a group, and leaves an octet of it at least.
      if (meaning === NOTHING || (meaning === PADDING ? characters < 2 : padding > 0)) throw toMalformed()
      if (meaning === PADDING) padding++
      bits = (bits << 6) | (meaning & LOW_BITS)
      if (++characters < GROUP) continue
      octets[end] = bits >> 16
      octets[end + 1] = bits >> 8
      octets[end + 2] = bits
      end += GROUP_OCTETS - padding
      characters = padding = bits = 0
    }
    this.#characters = characters
    this.#padding = padding
    this.#bits = bits
    return octets.subarray(0, end)
  }

  /** The text is over. @throws Problem `malformed-request` in the middle of a group */
  finish(): void {
    if (this.#characters > 0) throw toMalformed()
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

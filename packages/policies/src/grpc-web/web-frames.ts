/** Owns what a client's frames must look like (gRPC over HTTP2, `Length-Prefixed-Message`), in whatever pieces they come. */
import { Problem } from '../problem.ts'

/** A flag and four octets of length. */
const HEAD_BYTES = 5
/** The flag says that a message is compressed, or that it is not. That of trailers is the server's alone: a service would take them for a message. */
const MOST_FLAG = 1

export class FrameCheck {
  /** Of the head that is being read. */
  #headBytes = 0
  /** What is left of the message that is being read. */
  #messageBytes = 0

  /** @throws Problem `malformed-request` at a frame that no client may send */
  check(octets: Uint8Array): void {
    for (let at = 0; at < octets.length; ) {
      if (this.#headBytes === HEAD_BYTES) {
        const bytes = Math.min(this.#messageBytes, octets.length - at)
        at += bytes
        this.#messageBytes -= bytes
        if (this.#messageBytes > 0) return
        this.#headBytes = 0
      } else {
        const octet = octets[at++] ?? 0
        if (this.#headBytes === 0 && octet > MOST_FLAG) throw toMalformed('a frame with a flag that clients have not')
        this.#messageBytes = this.#headBytes === 0 ? 0 : this.#messageBytes * 256 + octet
        this.#headBytes += 1
        if (this.#headBytes === HEAD_BYTES && this.#messageBytes === 0) this.#headBytes = 0
      }
    }
  }

  /** The body is over. @throws Problem `malformed-request` in the middle of a frame */
  finish(): void {
    if (this.#headBytes > 0) throw toMalformed('half a frame at its end')
  }
}

function toMalformed(what: string): Problem {
  return new Problem('malformed-request', {
    reason: 'grpc-web-frame',
    detail: `The body of a request of gRPC-Web is messages with five octets before each; this one has ${what}.`,
  })
}

/** Owns where a message's body ends, in both directions: behind a length, behind its last chunk, or with the connection (RFC 9112 §6.3). */
import type { HeaderList } from '@gatewright/policies'
import { ChunkDecoder } from '../http1/chunk-decoder.ts'
import { CHUNKED } from '../http1/framing.ts'
import type { Refusal } from '../http1/refusal.ts'
import { type HeldReader, HeldSource } from './held-source.ts'

export class FramedBody extends HeldSource {
  /** A length, `CHUNKED` or `UNTIL_CLOSE`. */
  readonly framing: number
  readonly #decoder: ChunkDecoder | undefined
  #remaining: number
  readonly #emit = (data: Uint8Array): void => this.emit(data)

  constructor(reader: HeldReader, framing: number) {
    const isLong = framing >= 0
    super(reader, isLong ? framing : undefined)
    this.framing = framing
    this.#remaining = isLong ? framing : Number.POSITIVE_INFINITY
    this.#decoder = framing === CHUNKED ? new ChunkDecoder() : undefined
  }

  /** Octets still to come; without end where nobody said how many. */
  get remainingBytes(): number {
    return this.#remaining
  }

  /** Its last byte was read. One that ends with the connection never says so. */
  get isRead(): boolean {
    return this.#decoder === undefined ? this.#remaining === 0 : this.#decoder.isDone
  }

  /** Set once it was read, if there are any. */
  get trailers(): HeaderList | undefined {
    return this.#decoder?.trailers
  }

  /** Takes bytes from `chunk[at…]`; answers how far they are of this body, or why nobody knows where it ends. */
  read(chunk: Uint8Array, at: number): number | Refusal {
    if (this.#decoder !== undefined) return this.#decoder.push(chunk, at, this.#emit)
    const end = Math.min(chunk.length, at + this.#remaining)
    this.#remaining -= end - at
    this.emit(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
    return end
  }
}

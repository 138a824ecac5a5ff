/** Owns a request's body as the client's connection reads it: decoded strictly, limited, rid of trailers that nobody may send. */
import { type BodyFlow, type BodySink, type HeaderList, Problem } from '@gatewright/policies'
import { ChunkDecoder } from '../http1/chunk-decoder.ts'
import { Refusal } from '../http1/refusal.ts'
import { CHUNKED } from '../http1/request-head.ts'
import { type HeldReader, HeldSource } from '../sockets/held-source.ts'

interface Reader extends HeldReader {
  /** Somebody wants the body: the moment for `100 Continue`. */
  onBodyWanted(): void
}

export class RequestBody extends HeldSource {
  /** Read so far, without chunk framing. */
  readBytes = 0
  /** Largest size accepted; the route's, once it is known. */
  limitBytes = Number.POSITIVE_INFINITY
  readonly #reader: Reader
  readonly #decoder: ChunkDecoder | undefined
  #droppedTrailers: ReadonlySet<string> | undefined
  /** Its framing is broken: nobody knows where it ends, so it never does. */
  #isMalformed = false
  #remaining: number

  constructor(reader: Reader, framing: number) {
    super(reader, framing === CHUNKED ? undefined : framing)
    this.#reader = reader
    this.#remaining = framing
    this.#decoder = framing === CHUNKED ? new ChunkDecoder() : undefined
  }

  /** Octets still to come, if that is known. */
  get remainingBytes(): number {
    return this.#decoder === undefined ? this.#remaining : Number.POSITIVE_INFINITY
  }

  override start(sink: BodySink): BodyFlow {
    this.#reader.onBodyWanted()
    return super.start(sink)
  }

  /** Takes bytes from `chunk[at…]`; answers how far they are of this body. */
  feed(chunk: Uint8Array, at: number): number {
    const decoder = this.#decoder
    if (decoder === undefined) {
      const end = Math.min(chunk.length, at + this.#remaining)
      this.#remaining -= end - at
      this.#take(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
      if (this.#remaining === 0) this.finish(undefined)
      return end
    }
    if (this.#isMalformed) return chunk.length
    const read = decoder.push(chunk, at, this.#take)
    if (read instanceof Refusal) {
      this.#isMalformed = true
      this.breakOff(new Problem(read.code, { detail: read.detail, reason: read.reason }))
      return chunk.length
    }
    if (decoder.isDone) {
      this.#cleanTrailers()
      this.finish(decoder.trailers)
    }
    return read
  }

  /** Lower-case names, `-` for `_`, that only the gateway may say: dropped from trailers as from heads. */
  dropTrailers(names: ReadonlySet<string>): void {
    this.#droppedTrailers = names
    // A short body may have come with its head, before anybody knew which names these are.
    this.#cleanTrailers()
  }

  #cleanTrailers(): void {
    const trailers: HeaderList | undefined = this.#decoder?.trailers
    const names = this.#droppedTrailers
    if (trailers === undefined || names === undefined) return
    for (let i = trailers.size - 1; i >= 0; i--) {
      if (names.has(trailers.nameAt(i).toLowerCase().replaceAll('_', '-'))) trailers.deleteAt(i)
    }
  }

  readonly #take = (chunk: Uint8Array): void => {
    if (this.isCancelled) return
    this.readBytes += chunk.length
    if (this.readBytes > this.limitBytes) this.breakOff(toBodyTooLarge(this.limitBytes))
    else this.emit(chunk)
  }
}

export function toBodyTooLarge(limitBytes: number): Problem {
  return new Problem('body-too-large', { detail: `A request body may hold at most ${limitBytes} bytes here.` })
}

/** Owns a request's body as the client's connection reads it: decoded strictly, limited, rid of trailers that nobody may send. */
import { type BodyFlow, type BodySink, type HeaderList, Problem } from '@gatewright/policies'
import { Refusal } from '../http1/refusal.ts'
import { FramedBody } from '../sockets/framed-body.ts'
import type { HeldReader } from '../sockets/held-source.ts'

interface Reader extends HeldReader {
  /** Somebody wants the body: the moment for `100 Continue`. */
  onBodyWanted(): void
}

export class RequestBody extends FramedBody {
  /** Read so far, without chunk framing. */
  readBytes = 0
  /** Largest size accepted; the route's, once it is known. */
  limitBytes = Number.POSITIVE_INFINITY
  readonly #reader: Reader
  #droppedTrailers: ReadonlySet<string> | undefined
  /** Its framing is broken: nobody knows where it ends, so it never does. */
  #isMalformed = false

  constructor(reader: Reader, framing: number) {
    super(reader, framing)
    this.#reader = reader
  }

  override start(sink: BodySink): BodyFlow {
    this.#reader.onBodyWanted()
    return super.start(sink)
  }

  /** Takes bytes from `chunk[at…]`; answers how far they are of this body. */
  feed(chunk: Uint8Array, at: number): number {
    if (this.#isMalformed) return chunk.length
    const read = this.read(chunk, at)
    if (read instanceof Refusal) {
      this.#isMalformed = true
      this.breakOff(new Problem(read.code, { detail: read.detail, reason: read.reason }))
      return chunk.length
    }
    if (this.isRead) {
      this.#cleanTrailers()
      this.finish(this.trailers)
    }
    return read
  }

  /** Lower-case names, `-` for `_`: what only the gateway may say, and credentials that nobody looks for there. */
  dropTrailers(names: ReadonlySet<string>): void {
    this.#droppedTrailers = names
    // A short body may have come with its head, before anybody knew which names these are.
    this.#cleanTrailers()
  }

  #cleanTrailers(): void {
    dropTrailers(this.trailers, this.#droppedTrailers)
  }

  override emit(chunk: Uint8Array): void {
    if (this.isCancelled) return
    this.readBytes += chunk.length
    if (this.readBytes > this.limitBytes) this.breakOff(toBodyTooLarge(this.limitBytes))
    else super.emit(chunk)
  }
}

export function toBodyTooLarge(limitBytes: number): Problem {
  return new Problem('body-too-large', { detail: `A request body may hold at most ${limitBytes} bytes here.` })
}

/** `names`: lower-case, `-` for `_`. */
export function dropTrailers(trailers: HeaderList | undefined, names: ReadonlySet<string> | undefined): void {
  if (trailers === undefined || names === undefined) return
  for (let i = trailers.size - 1; i >= 0; i--) {
    if (names.has(trailers.nameAt(i).toLowerCase().replaceAll('_', '-'))) trailers.deleteAt(i)
  }
}

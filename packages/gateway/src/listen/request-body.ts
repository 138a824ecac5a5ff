/** Owns a request's body between the client's connection and whoever reads it: decoded strictly, limited, held back until asked for. */
import { type BodyFlow, type BodySink, type BodySource, type HeaderList, Problem } from '@gatewright/policies'
import { ChunkDecoder } from '../http1/chunk-decoder.ts'
import { Refusal } from '../http1/refusal.ts'
import { CHUNKED } from '../http1/request-head.ts'

const NO_NAMES: ReadonlySet<string> = new Set()

interface Reader {
  pauseReading(): void
  resumeReading(): void
  /** Somebody wants the body: the moment for `100 Continue`. */
  onBodyWanted(): void
  /** Nobody wants the rest of it. */
  onBodyUnwanted(): void
}

export class RequestBody implements BodySource, BodyFlow {
  readonly sizeBytes: number | undefined
  /** Read so far, without chunk framing. */
  readBytes = 0
  /** Largest size accepted; the route's, once it is known. */
  limitBytes = Number.POSITIVE_INFINITY
  /** Lower-case names, `-` for `_`, that only the gateway may say: dropped from trailers as from heads. */
  droppedTrailers: ReadonlySet<string> = NO_NAMES
  /** The last byte was read. */
  isWhole = false
  /** Nobody reads on: cancelled, refused or broken. */
  isCancelled = false
  isPaused = false
  readonly #reader: Reader
  readonly #decoder: ChunkDecoder | undefined
  /** Its framing is broken: nobody knows where it ends, so it never does. */
  #isMalformed = false
  #remaining: number
  #sink: BodySink | undefined
  #waiting: Uint8Array[] = []
  #broken: Problem | undefined

  constructor(reader: Reader, framing: number) {
    this.#reader = reader
    this.sizeBytes = framing === CHUNKED ? undefined : framing
    this.#remaining = framing
    this.#decoder = framing === CHUNKED ? new ChunkDecoder() : undefined
  }

  get hasReader(): boolean {
    return this.#sink !== undefined
  }

  /** Octets still to come, if that is known. */
  get remainingBytes(): number {
    return this.#decoder === undefined ? this.#remaining : Number.POSITIVE_INFINITY
  }

  start(sink: BodySink): BodyFlow {
    this.#reader.onBodyWanted()
    this.#sink = sink
    let isReady = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const chunk of waiting) isReady = sink.write(chunk)
    if (this.#broken !== undefined) sink.abort(this.#broken)
    else if (this.isWhole) sink.end(this.#trailers())
    else if (isReady) this.resume()
    else this.#pause()
    return this
  }

  /** Takes bytes from `chunk[at…]`; answers how far they are of this body. */
  feed(chunk: Uint8Array, at: number): number {
    const decoder = this.#decoder
    if (decoder === undefined) {
      const end = Math.min(chunk.length, at + this.#remaining)
      this.#remaining -= end - at
      this.#emit(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end))
      if (this.#remaining === 0) this.#finish()
      return end
    }
    if (this.#isMalformed) return chunk.length
    const read = decoder.push(chunk, at, this.#emit)
    if (read instanceof Refusal) {
      this.#isMalformed = true
      this.breakOff(new Problem(read.code, { detail: read.detail, reason: read.reason }))
      return chunk.length
    }
    if (decoder.isDone) this.#finish()
    return read
  }

  /** What came is not the whole, or more than is allowed. */
  breakOff(problem: Problem): void {
    if (this.isCancelled || this.isWhole) return
    this.isCancelled = true
    this.#broken = problem
    this.#waiting = []
    this.#sink?.abort(problem)
  }

  resume(): void {
    if (this.isCancelled) return
    this.isPaused = false
    this.#reader.resumeReading()
  }

  cancel(): void {
    if (this.isWhole || this.isCancelled) return
    this.isCancelled = true
    this.#waiting = []
    this.#reader.onBodyUnwanted()
  }

  discard(): void {
    this.cancel()
  }

  readonly #emit = (chunk: Uint8Array): void => {
    if (this.isCancelled) return
    this.readBytes += chunk.length
    if (this.readBytes > this.limitBytes) {
      this.breakOff(toBodyTooLarge(this.limitBytes))
      return
    }
    if (this.#sink === undefined) {
      this.#waiting.push(chunk)
      this.#pause()
    } else if (!this.#sink.write(chunk)) {
      this.#pause()
    }
  }

  #trailers(): HeaderList | undefined {
    const trailers = this.#decoder?.trailers
    if (trailers === undefined || this.droppedTrailers.size === 0) return trailers
    for (let i = trailers.size - 1; i >= 0; i--) {
      if (this.droppedTrailers.has(trailers.nameAt(i).toLowerCase().replaceAll('_', '-'))) trailers.deleteAt(i)
    }
    return trailers.size > 0 ? trailers : undefined
  }

  #pause(): void {
    this.isPaused = true
    this.#reader.pauseReading()
  }

  #finish(): void {
    if (this.isCancelled) {
      this.isWhole = true
      return
    }
    this.isWhole = true
    this.isPaused = false
    this.#sink?.end(this.#trailers())
    this.#reader.resumeReading()
  }
}

export function toBodyTooLarge(limitBytes: number): Problem {
  return new Problem('body-too-large', { detail: `A request body may hold at most ${limitBytes} bytes here.` })
}

/** Owns a body whose bytes come from a socket: held back until somebody reads it, bounded by pausing the socket, ended once. */
import {
  type BodyFlow,
  type BodySink,
  type BodySource,
  type HeaderList,
  PieceList,
  type Problem,
} from '@gatewright/policies'

/** The connection that the bytes come from. */
export interface HeldReader {
  pauseReading(): void
  resumeReading(): void
  /** Nobody wants the rest of it. */
  onBodyUnwanted(): void
}

export class HeldSource implements BodySource, BodyFlow {
  readonly sizeBytes: number | undefined
  /** The last byte was read, whether or not somebody wanted it. */
  isWhole = false
  /** Nobody reads on: cancelled, refused or broken. */
  isCancelled = false
  /** Its reader is slow, or not there yet. */
  isPaused = false
  readonly #reader: HeldReader
  #sink: BodySink | undefined
  /** What came before anybody asked; mostly nothing, and never more than one read of the socket. */
  #waiting: PieceList | undefined
  #trailers: HeaderList | undefined
  #broken: Problem | undefined

  constructor(reader: HeldReader, sizeBytes: number | undefined) {
    this.#reader = reader
    this.sizeBytes = sizeBytes
  }

  get hasReader(): boolean {
    return this.#sink !== undefined
  }

  /** Right after `emit`: nobody looks at the chunk any more. A body that broke off before anybody asked still tells what came. */
  get holdsNothing(): boolean {
    if (this.#sink !== undefined) return this.#sink.holdsNothing === true
    return this.isCancelled && this.#waiting === undefined
  }

  start(sink: BodySink): BodyFlow {
    this.#sink = sink
    let isReady = true
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) for (const chunk of waiting.take()) isReady = sink.write(chunk)
    if (this.#broken !== undefined) sink.abort(this.#broken)
    else if (this.isWhole) sink.end(this.#trailers)
    else if (isReady) this.resume()
    else this.#pause()
    return this
  }

  /** More of it came. */
  emit(chunk: Uint8Array): void {
    if (this.isCancelled) return
    if (this.#sink === undefined) {
      this.#waiting ??= new PieceList()
      this.#waiting.push(chunk)
      this.#pause()
    } else if (!this.#sink.write(chunk)) {
      this.#pause()
    }
  }

  /** The last of it came. */
  finish(trailers: HeaderList | undefined): void {
    this.isWhole = true
    if (this.isCancelled) return
    this.isPaused = false
    this.#trailers = trailers
    this.#sink?.end(trailers)
    // Whatever comes next on this connection would otherwise find it paused.
    this.#reader.resumeReading()
  }

  /** What came is not the whole, or more than is allowed. */
  breakOff(problem: Problem): void {
    if (this.isCancelled || this.isWhole) return
    this.isCancelled = true
    this.#broken = problem
    this.#sink?.abort(problem)
  }

  resume(): void {
    if (this.isCancelled || this.isWhole) return
    this.isPaused = false
    this.#reader.resumeReading()
  }

  cancel(): void {
    this.#waiting = undefined
    if (this.isWhole || this.isCancelled) return
    this.isCancelled = true
    this.#reader.onBodyUnwanted()
  }

  discard(): void {
    this.cancel()
  }

  #pause(): void {
    this.isPaused = true
    this.#reader.pauseReading()
  }
}

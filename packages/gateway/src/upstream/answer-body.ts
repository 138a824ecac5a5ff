/** Owns an answer's body between the upstream's connection and whoever reads it: held back until asked for, bounded by pausing the socket. */
import type { BodyFlow, BodySink, BodySource, HeaderList, Problem } from '@gatewright/policies'

interface Reader {
  pause(): void
  resume(): void
  destroy(): void
}

export class AnswerBody implements BodySource, BodyFlow {
  readonly sizeBytes: number | undefined
  readonly #reader: Reader
  #sink: BodySink | undefined
  #waiting: Uint8Array[] = []
  /** How it ended before anybody asked for it. */
  #ended: { readonly trailers?: HeaderList | undefined; readonly broken?: Problem } | undefined
  #isCancelled = false

  constructor(reader: Reader, sizeBytes: number | undefined) {
    this.#reader = reader
    this.sizeBytes = sizeBytes
  }

  start(sink: BodySink): BodyFlow {
    this.#sink = sink
    let isReady = true
    for (const chunk of this.#waiting) isReady = sink.write(chunk)
    this.#waiting = []
    const ended = this.#ended
    if (ended !== undefined) {
      if (ended.broken !== undefined) sink.abort(ended.broken)
      else sink.end(ended.trailers)
    } else if (isReady) {
      this.#reader.resume()
    }
    return this
  }

  /** More of it came. */
  readonly emit = (chunk: Uint8Array): void => {
    if (this.#isCancelled) return
    if (this.#sink === undefined) {
      this.#waiting.push(chunk)
      this.#reader.pause()
    } else if (!this.#sink.write(chunk)) {
      this.#reader.pause()
    }
  }

  finish(trailers: HeaderList | undefined): void {
    if (this.#isCancelled) return
    this.#ended = { trailers }
    this.#sink?.end(trailers)
    // Whoever used the connection next would otherwise find it paused.
    this.#reader.resume()
  }

  breakOff(problem: Problem): void {
    if (this.#isCancelled || this.#ended !== undefined) return
    this.#ended = { broken: problem }
    this.#sink?.abort(problem)
  }

  resume(): void {
    if (this.#ended === undefined) this.#reader.resume()
  }

  /** The rest cannot be skipped cheaply, so the connection goes with it. */
  cancel(): void {
    this.discard()
  }

  discard(): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#waiting = []
    if (this.#ended === undefined) this.#reader.destroy()
  }
}

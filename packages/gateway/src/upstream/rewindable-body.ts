/**
 * Owns a request body that flows once, and its beginning a second time while that is short: a target of HTTP/2 may say that it
 * did nothing with a request of which it has half already.
 *
 *   keeping ──rewind──▶ detached: what comes waits ──pipe──▶ from the beginning
 *      └──forget, or longer than KEPT_BYTES──▶ flowing, and never again
 */
import { type Body, type BodyFlow, type BodySink, type HeaderList, PieceList } from '@gatewright/policies'

/** What is refused is refused within a round trip. */
const KEPT_BYTES = 65_536

export class RewindableBody implements BodySink, BodyFlow {
  readonly #body: Body
  #kept: PieceList | undefined = new PieceList()
  #sink: BodySink | undefined
  #flow: BodyFlow | undefined
  #hasBegun = false
  /** How it came to its end, for whoever reads from the beginning. */
  #end: { readonly trailers: HeaderList | undefined } | undefined
  #broken: { readonly reason: unknown } | undefined

  constructor(body: Body) {
    this.#body = body
  }

  /** All of it that came is still here. */
  get canRewind(): boolean {
    return this.#kept !== undefined
  }

  /** Nobody will ask for the beginning any more. */
  forget(): void {
    this.#kept = undefined
  }

  /** Whoever got it so far hears nothing more. */
  rewind(): void {
    this.#sink = undefined
  }

  pipe(sink: BodySink): BodyFlow {
    this.#sink = sink
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#flow = this.#body.pipe(this)
      return this
    }
    const pieces = this.#kept?.take() ?? []
    let isReady = true
    for (const piece of pieces) isReady = this.write(piece)
    if (this.#broken !== undefined) sink.abort(this.#broken.reason)
    else if (this.#end !== undefined) sink.end(this.#end.trailers)
    else if (isReady) this.#flow?.resume()
    return this
  }

  // The body's side.

  get holdsNothing(): boolean {
    return this.#kept === undefined && this.#sink?.holdsNothing === true
  }

  write(chunk: Uint8Array): boolean {
    const kept = this.#kept
    kept?.push(chunk)
    // What came while nobody reads is there only once.
    if (this.#sink === undefined) return false
    if (kept !== undefined && kept.bytes > KEPT_BYTES) this.#kept = undefined
    return this.#sink.write(chunk)
  }

  end(trailers?: HeaderList): void {
    this.#end = { trailers }
    this.#sink?.end(trailers)
  }

  abort(reason: unknown): void {
    this.#broken = { reason }
    this.#sink?.abort(reason)
  }

  // The sink's side.

  resume(): void {
    this.#flow?.resume()
  }

  cancel(): void {
    this.#sink = undefined
    this.#kept = undefined
    this.#flow?.cancel()
  }
}

/** Owns bodies that are read through something else, which checks or changes what flows by. */
import type { Body, BodyFlow, BodySink, BodySource } from './body.ts'
import type { HeaderList } from './header-list.ts'

interface Through {
  /** Of what comes out; undefined while unknown. */
  readonly sizeBytes: number | undefined
  readonly toSink: (sink: BodySink) => ThroughSink
}

/** What comes out of a body that is read through something else. */
export class ThroughSource implements BodySource {
  readonly sizeBytes: number | undefined
  readonly #body: Body
  readonly #toSink: (sink: BodySink) => ThroughSink

  constructor(body: Body, { sizeBytes, toSink }: Through) {
    this.sizeBytes = sizeBytes
    this.#body = body
    this.#toSink = toSink
  }

  start(sink: BodySink): BodyFlow {
    const through = this.#toSink(sink)
    const flow = this.#body.pipe(through)
    through.onFlow(flow)
    return flow
  }

  discard(): void {
    this.#body.discard()
  }
}

export abstract class ThroughSink implements BodySink {
  readonly sink: BodySink
  #flow: BodyFlow | undefined
  #isBroken = false

  constructor(sink: BodySink) {
    this.sink = sink
  }

  onFlow(flow: BodyFlow): void {
    this.#flow = flow
    if (this.#isBroken) flow.cancel()
  }

  /** What came makes no sense: nobody wants the rest. */
  protected break(reason: unknown): false {
    if (!this.#isBroken) {
      this.#isBroken = true
      this.#flow?.cancel()
      this.sink.abort(reason)
    }
    return false
  }

  protected get isBroken(): boolean {
    return this.#isBroken
  }

  abstract write(chunk: Uint8Array): boolean
  abstract end(trailers?: HeaderList): void

  /** What is kept already is written to its end, and then says how that was. */
  abort(reason: unknown): void {
    if (!this.#isBroken) this.sink.abort(reason)
  }
}

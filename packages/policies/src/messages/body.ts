/** Owns message bodies: nothing, bytes at hand, or a stream that flows once with backpressure and can be kept for replay. */
import { Problem } from '../problem.ts'
import type { HeaderList } from './header-list.ts'
import { PieceList } from './piece-list.ts'

/** Where a body flows to. The source calls `write` until it returns false, then waits for `flow.resume()`. Exactly one of `end` and `abort` comes last. */
export interface BodySink {
  /** The chunk is the sink's from here on: nobody changes it any more. False: wait. */
  write(chunk: Uint8Array): boolean
  end(trailers?: HeaderList): void
  /** The body broke off: what came is not the whole. */
  abort(reason: unknown): void
  /** Right after `write`: nothing that was written is looked at any more, so the source may use its memory again. Absent: it may not. */
  readonly holdsNothing?: boolean
}

/** The other direction of a flowing body. */
export interface BodyFlow {
  resume(): void
  /** No more is wanted. After it, the sink hears nothing. */
  cancel(): void
}

/** A body that arrives from somewhere; `start` is called at most once. It may write before it returns. */
export interface BodySource {
  /** From `Content-Length`, or undefined. */
  readonly sizeBytes: number | undefined
  start(sink: BodySink): BodyFlow
  /** Nobody will read it. */
  discard(): void
}

export abstract class Body {
  /** Octets, or undefined while unknown. */
  abstract readonly sizeBytes: number | undefined
  /** Sends the whole body to a sink. A stream that is not held can be piped once. */
  abstract pipe(sink: BodySink): BodyFlow
  /** Reads the body into memory if it fits. False: it does not, and can still be piped once. */
  abstract hold(limitBytes: number): boolean | Promise<boolean>
  /** What `hold` kept. */
  abstract held(): Uint8Array | undefined
  /** Can it be piped again? */
  abstract readonly isReplayable: boolean
  abstract discard(): void

  get isEmpty(): boolean {
    return this.sizeBytes === 0
  }

  /** The whole body, kept for replay. @throws Problem `body-too-large` beyond the limit, `malformed-request` when it broke off. */
  async bytes({ limitBytes }: { limitBytes: number }): Promise<Uint8Array> {
    if (!(await this.#holdOrRefuse(limitBytes))) {
      throw new Problem('body-too-large', { detail: `This body may hold at most ${limitBytes} bytes.` })
    }
    return this.held() ?? NOTHING
  }

  async #holdOrRefuse(limitBytes: number): Promise<boolean> {
    try {
      return await this.hold(limitBytes)
    } catch (cause) {
      throw cause instanceof Problem ? cause : new Problem('malformed-request', { cause, reason: 'body-broke-off' })
    }
  }
}

const NOTHING = new Uint8Array(0)
const FINISHED: BodyFlow = { resume() {}, cancel() {} }

/** What is at hand is written so much at a time: who takes it slowly is seen to take it. As much as one read of a socket brings. */
export const PIECE_BYTES = 65_536

/** Writes what is at hand as far as the sink takes it, and then goes on with what follows. */
class PieceFlow implements BodyFlow {
  readonly #pieces: readonly Uint8Array[]
  readonly #sink: BodySink
  readonly #goOn: (isReady: boolean) => BodyFlow
  #next = 0
  /** What follows the pieces, once they are written. */
  #rest: BodyFlow | undefined
  #isCancelled = false
  readonly #onCancelled: () => void

  constructor(
    pieces: readonly Uint8Array[],
    sink: BodySink,
    { goOn, onCancelled }: { goOn: (isReady: boolean) => BodyFlow; onCancelled: () => void },
  ) {
    this.#pieces = pieces
    this.#sink = sink
    this.#goOn = goOn
    this.#onCancelled = onCancelled
  }

  resume(): void {
    if (this.#rest !== undefined) return this.#rest.resume()
    let isReady = true
    while (this.#next < this.#pieces.length && !this.#isCancelled) {
      isReady = this.#sink.write(this.#pieces[this.#next++] ?? NOTHING)
      if (!isReady && this.#next < this.#pieces.length) return
    }
    // A sink may resume while it is written to: then all is done already.
    if (this.#rest === undefined && !this.#isCancelled) this.#rest = this.#goOn(isReady)
  }

  cancel(): void {
    if (this.#rest !== undefined) return this.#rest.cancel()
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#onCancelled()
  }
}

function pipeBytes(bytes: Uint8Array, sink: BodySink, trailers: HeaderList | undefined): BodyFlow {
  if (bytes.length <= PIECE_BYTES) {
    if (bytes.length > 0) sink.write(bytes)
    sink.end(trailers)
    return FINISHED
  }
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(bytes.subarray(at, at + PIECE_BYTES))
  const goOn = (): BodyFlow => {
    sink.end(trailers)
    return FINISHED
  }
  const flow = new PieceFlow(pieces, sink, { goOn, onCancelled() {} })
  flow.resume()
  return flow
}

/** Bytes at hand, as octets or as latin1 text: what a small message on the wire already is. */
export class BytesBody extends Body {
  #bytes: Uint8Array | undefined
  /** The same octets as text, one character each, where they came so. */
  readonly latin1: string | undefined

  constructor(content: Uint8Array | { readonly latin1: string }) {
    super()
    if (content instanceof Uint8Array) {
      this.#bytes = content
      this.latin1 = undefined
    } else {
      this.#bytes = undefined
      this.latin1 = content.latin1
    }
  }

  static ofText(text: string): BytesBody {
    return new BytesBody(Buffer.from(text, 'utf8'))
  }

  get sizeBytes(): number {
    return this.latin1?.length ?? this.#bytes?.length ?? 0
  }

  get isReplayable(): boolean {
    return true
  }

  held(): Uint8Array {
    this.#bytes ??= Buffer.from(this.latin1 ?? '', 'latin1')
    return this.#bytes
  }

  hold(limitBytes: number): boolean {
    return this.sizeBytes <= limitBytes
  }

  pipe(sink: BodySink): BodyFlow {
    return pipeBytes(this.held(), sink, undefined)
  }

  discard(): void {}
}

/** The body of a message that has none. */
export const EMPTY_BODY: Body = new BytesBody({ latin1: '' })

type StreamState = 'untouched' | 'holding' | 'held' | 'overflowed' | 'piped' | 'failed'

/** A body that is still arriving. */
export class StreamBody extends Body {
  readonly sizeBytes: number | undefined
  readonly #source: BodySource
  #state: StreamState = 'untouched'
  readonly #kept = new PieceList()
  #whole: Uint8Array | undefined
  #trailers: HeaderList | undefined
  #flow: BodyFlow | undefined
  #holding: Promise<boolean> | undefined
  /** Where the stream goes on after `hold` overflowed. */
  #relay: BodySink | undefined
  /** How the stream came to its end between `hold` and `pipe`; undefined while it goes on. */
  #ending: ((sink: BodySink) => void) | undefined

  constructor(source: BodySource) {
    super()
    this.#source = source
    this.sizeBytes = source.sizeBytes
  }

  get isReplayable(): boolean {
    return this.#state === 'held'
  }

  held(): Uint8Array | undefined {
    return this.#whole
  }

  pipe(sink: BodySink): BodyFlow {
    switch (this.#state) {
      case 'untouched':
        this.#state = 'piped'
        return this.#source.start(sink)
      case 'held':
        return pipeBytes(this.#whole ?? NOTHING, sink, this.#trailers)
      case 'overflowed':
      case 'failed':
        return this.#pipeKeptFirst(sink)
      default:
        throw new Error(`a streaming body can be read once; this one is ${this.#state}`)
    }
  }

  hold(limitBytes: number): boolean | Promise<boolean> {
    if (this.#state === 'held') return (this.#whole?.length ?? 0) <= limitBytes
    if (this.#state === 'overflowed') return false
    if (this.#holding !== undefined) return this.#holding
    if (this.#state !== 'untouched') throw new Error(`a streaming body can be read once; this one is ${this.#state}`)
    if (this.sizeBytes !== undefined && this.sizeBytes > limitBytes) return false
    this.#state = 'holding'
    this.#holding = new Promise((resolve, reject) => {
      this.#flow = this.#source.start({
        write: (chunk) => {
          if (this.#relay !== undefined) return this.#relay.write(chunk)
          this.#kept.push(chunk)
          if (this.#kept.bytes <= limitBytes) return true
          this.#state = 'overflowed'
          resolve(false)
          return false
        },
        end: (trailers) => {
          if (this.#relay !== undefined) return this.#relay.end(trailers)
          if (this.#state !== 'holding') {
            this.#ending = (sink) => sink.end(trailers)
            return
          }
          this.#whole = Buffer.concat(this.#kept.take())
          this.#trailers = trailers
          this.#state = 'held'
          resolve(true)
        },
        abort: (reason) => {
          if (this.#relay !== undefined) return this.#relay.abort(reason)
          this.#ending = (sink) => sink.abort(reason)
          if (this.#state !== 'piped') this.#state = 'failed'
          reject(reason)
        },
      })
    })
    return this.#holding
  }

  discard(): void {
    if (this.#state === 'untouched') {
      this.#state = 'piped'
      this.#source.discard()
    } else {
      this.#flow?.cancel()
    }
  }

  #pipeKeptFirst(sink: BodySink): BodyFlow {
    this.#state = 'piped'
    const kept = this.#kept.take()
    const source = this.#flow ?? FINISHED
    const goOn = (isReady: boolean): BodyFlow => {
      if (this.#ending !== undefined) {
        this.#ending(sink)
        return FINISHED
      }
      this.#relay = sink
      if (isReady) source.resume()
      return source
    }
    const flow = new PieceFlow(kept, sink, { goOn, onCancelled: () => source.cancel() })
    flow.resume()
    return flow
  }
}

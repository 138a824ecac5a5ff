/**
 * Owns one stream (RFC 9113 §5.1) as its user sees it: two ends that finish each for itself, what waits to be sent, what was
 * read and not taken.
 *
 *   idle ──head──▶ open ──one end done──▶ half-closed ──the other──▶ closed
 *                   └──────────── reset, by either side ─────────────▶ closed, and counted until `release`
 */
import type { HeaderList } from '@gatewright/policies'
import type { DecodedHead } from './decoded-head.ts'
import { ERROR_CODES } from './frame.ts'
import type { HeadWriter } from './head-writer.ts'
import type { ReceiveWindow } from './receive-window.ts'

/** Why a stream is over before its end. */
export interface StreamReset {
  /** One of `ERROR_CODES`. */
  readonly code: number
  /** Who broke it off: the peer, this engine for a fault of the peer's, or the connection that carried it. */
  readonly by: 'peer' | 'engine' | 'connection'
  /** A word for the record. */
  readonly reason: string
  /** The peer has done nothing with it (RFC 9113 §8.7): it may be sent again, elsewhere. */
  readonly isUnprocessed: boolean
}

/** Who hears of a stream. After `onReset` it hears nothing more. */
export interface StreamListener {
  /** Client only: an interim head (1xx), or the final one. It is filled anew for the next: what is kept is taken from it now. */
  onHead?(head: DecodedHead, endsStream: boolean): void
  /** A piece of the body; its bytes are gone when this returns (see `ReadBuffer.own`). `stream.consumed` is owed for it. */
  onData(chunk: Buffer): void
  /** The peer has said all. Not told where `endsStream` said it. */
  onEnd(trailers: HeaderList | undefined): void
  /** What waited to be sent went out, and `write` takes more. Told after `write` answered false. */
  onWritable(): void
  /** All that there is to send was put into frames, which leave when the turn ends. May be told before `end` returns. */
  onSent?(): void
  /** Over before its end. Not told to who called `reset`. */
  onReset(reset: StreamReset): void
}

/** What a stream needs of its session. */
export interface StreamCarrier {
  beginHead(stream: Http2Stream): HeadWriter
  sendHead(stream: Http2Stream, endsStream: boolean): void
  sendTrailers(stream: Http2Stream, trailers: HeaderList): void
  /** Makes a frame of the chunk now. False: it has to wait. */
  sendNow(stream: Http2Stream, chunk: Uint8Array | string): boolean
  /** The stream has something waiting, and `isLong` enough not to wait for the turn's end. */
  schedule(stream: Http2Stream, isLong: boolean): void
  /** Nothing of it waits any more. */
  unschedule(stream: Http2Stream): void
  sendEnd(stream: Http2Stream): void
  sendReset(stream: Http2Stream, code: number): void
  sendWindowUpdate(streamId: number, bytes: number): void
  /** So many octets of the connection's window were taken. */
  consumed(bytes: number): void
  onEndSent(stream: Http2Stream): void
  onReleased(stream: Http2Stream): void
  /** Nothing that was written is looked at any more. */
  readonly holdsNothing: boolean
}

/** A chunk of this length is worth a write of its own: it need not be held until the turn ends. */
const LONG_BYTES = 16_384

export class Http2Stream {
  /** 0 until a client's head is begun. */
  id = 0
  listener: StreamListener | undefined
  readonly carrier: StreamCarrier

  // The sending end. What is not private is the session's.
  /** What the peer lets us send; its SETTINGS may bring it below 0 (RFC 9113 §6.9.2). */
  sendWindow: number
  /** Octets that wait. */
  queuedBytes = 0
  readonly #queue: Uint8Array[] = []
  /** Of the first of the queue, what went out already. */
  #sentOfFirst = 0
  /** Nothing comes behind what waits. */
  isEnding = false
  isSendEnded = false
  #trailers: HeaderList | undefined
  #isWaiting = false
  // Its neighbours among those that take turns.
  isScheduled = false
  next: Http2Stream | undefined
  previous: Http2Stream | undefined

  // The receiving end.
  window: ReceiveWindow | undefined
  hasHead = false
  isReceiveEnded = false
  /** What `content-length` promised; -1: nothing. */
  promisedBytes = -1
  receivedBytes = 0
  /** Client: HEAD was asked, or the answer has no content whatever its length says. */
  isBodiless = false
  /** Nothing more of it is heard. */
  isIgnored = false
  /** Its head is malformed, and answered: a reset with this code follows the answer. */
  resetAfterEnd: number | undefined

  /** Both ends are done, or it was reset. */
  isClosed = false
  /** It counts among the peer's open streams. */
  isCounted = false

  constructor(carrier: StreamCarrier, sendWindow: number) {
    this.carrier = carrier
    this.sendWindow = sendWindow
  }

  // Sending.

  /** The writer of this stream's next head; `sendHead` is called before anything else of the session is. */
  beginHead(): HeadWriter {
    return this.carrier.beginHead(this)
  }

  /** Sends what was written to `beginHead`'s writer. */
  sendHead({ endsStream }: { endsStream: boolean }): void {
    if (this.isClosed || this.isSendEnded) return
    this.carrier.sendHead(this, endsStream)
    if (endsStream) this.#finish()
  }

  /** Sends a piece of the body; text is latin1. False: it waits, and so should its source, until `onWritable`. The chunk is the stream's from here on. */
  write(chunk: Uint8Array | string): boolean {
    if (this.isClosed || this.isEnding) return false
    if (chunk.length === 0) return this.queuedBytes === 0
    if (this.queuedBytes === 0 && this.carrier.sendNow(this, chunk)) return true
    this.#queue.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk)
    this.queuedBytes += chunk.length
    this.carrier.schedule(this, chunk.length >= LONG_BYTES)
    this.#isWaiting = this.queuedBytes > 0
    return !this.#isWaiting
  }

  /** Nothing comes behind what was written. */
  end(trailers?: HeaderList): void {
    if (this.isClosed || this.isEnding) return
    this.isEnding = true
    if (trailers !== undefined && trailers.size > 0) this.#trailers = trailers
    if (this.queuedBytes === 0) this.#finish()
  }

  /** The last piece, and the end with it: no frame of its own for the end. */
  writeLast(chunk: Uint8Array | string): void {
    if (this.isClosed || this.isEnding || chunk.length === 0) return this.end()
    if (this.queuedBytes === 0 && this.carrier.sendNow(this, chunk)) return this.end()
    this.isEnding = true
    this.#queue.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk)
    this.queuedBytes += chunk.length
    this.carrier.schedule(this, chunk.length >= LONG_BYTES)
  }

  /** Breaks it off: the listener hears nothing more. `release` is still owed. */
  reset(code: number = ERROR_CODES.cancel): void {
    if (this.isClosed) return
    this.listener = undefined
    this.carrier.sendReset(this, code)
  }

  /** Right after `write`: its memory may be used again. */
  get holdsNothing(): boolean {
    return this.queuedBytes === 0 && this.carrier.holdsNothing
  }

  /** May the next DATA frame, of so many octets, be the last? */
  isLastData(bytes: number): boolean {
    return this.isEnding && bytes === this.queuedBytes && this.#trailers === undefined
  }

  /** The session's: the next octets of what waits, `mostBytes` at most. */
  takePiece(mostBytes: number): Uint8Array {
    const first = this.#queue[0] as Uint8Array
    const at = this.#sentOfFirst
    const rest = first.length - at
    if (rest <= mostBytes) {
      this.#queue.shift()
      this.#sentOfFirst = 0
      this.queuedBytes -= rest
      return at === 0 ? first : first.subarray(at)
    }
    this.#sentOfFirst = at + mostBytes
    this.queuedBytes -= mostBytes
    return first.subarray(at, at + mostBytes)
  }

  /** The session's: the last of what waited went out, and with it the stream's end where `hasEnded`. */
  onQueueSent(hasEnded: boolean): void {
    if (hasEnded) this.#onEndSent()
    else if (this.isEnding) this.#finish()
    else if (this.#isWaiting) {
      this.#isWaiting = false
      this.listener?.onWritable()
    }
  }

  #finish(): void {
    const trailers = this.#trailers
    if (trailers !== undefined) this.carrier.sendTrailers(this, trailers)
    else if (this.isEnding) this.carrier.sendEnd(this)
    this.isEnding = true
    this.#onEndSent()
  }

  #onEndSent(): void {
    this.isSendEnded = true
    const { listener } = this
    this.carrier.onEndSent(this)
    listener?.onSent?.()
  }

  // Receiving.

  /** So many octets of `onData` are held no longer: the peer may send as many more. */
  consumed(bytes: number): void {
    const { window } = this
    if (window === undefined) return
    const taken = Math.min(bytes, window.unreadBytes)
    const given = window.take(taken)
    if (given > 0 && !this.isReceiveEnded && !this.isClosed) this.carrier.sendWindowUpdate(this.id, given)
    this.carrier.consumed(taken)
  }

  /** Nobody wants the rest: what came counts as taken, and so does what comes. */
  ignoreData(): void {
    this.isIgnored = true
    this.dropUnread()
  }

  /**
   * Whatever the stream was for is over, and what is left of it is cut off. Until then one that was reset counts among the
   * peer's open streams, so that resets cannot multiply work; one that ended in order counts no longer as soon as it has.
   */
  release(): void {
    this.listener = undefined
    this.dropUnread()
    this.carrier.onReleased(this)
  }

  /** The session's: it is over before its end. */
  close(): void {
    this.isClosed = true
    this.carrier.unschedule(this)
    this.#queue.length = 0
    this.queuedBytes = 0
    this.#trailers = undefined
    this.dropUnread()
  }

  /** Nobody reads on: what came and was not taken counts as taken. */
  dropUnread(): void {
    if (this.window !== undefined) this.consumed(this.window.unreadBytes)
  }
}

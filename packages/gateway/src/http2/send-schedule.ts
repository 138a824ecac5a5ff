/** Owns who sends next: streams with something waiting take turns, a frame each, while the connection's window and the socket last. */
import { FLAGS, FRAME_BYTES, MOST_WINDOW_BYTES } from './frame.ts'
import type { Http2Stream } from './http2-stream.ts'
import type { SessionOutput } from './session-output.ts'

/** As much is sent in one turn of the event loop; others of the thread wait for theirs. */
const TURN_BYTES = 1_048_576

/** A frame that the peer's windows cut shorter than this is a crumb. */
const CRUMB_BYTES = 1024

export class SendSchedule {
  /** What the peer lets the whole connection send. */
  window: number
  /** DATA frames that were sent, crumbs aside; the session's to set back. */
  frames = 0
  readonly #output: SessionOutput
  #first: Http2Stream | undefined
  #last: Http2Stream | undefined
  #isPumping = false

  constructor(output: SessionOutput, window: number) {
    this.#output = output
    this.window = window
  }

  /** RFC 9113 §6.9.1. False: more than a window can be. */
  widen(bytes: number): boolean {
    this.window += bytes
    return this.window <= MOST_WINDOW_BYTES
  }

  /** Sends what fits into one frame, where nobody waits. */
  sendNow(stream: Http2Stream, chunk: Uint8Array | string): boolean {
    const { length } = chunk
    const output = this.#output
    if (length > FRAME_BYTES || length > stream.sendWindow || length > this.window) return false
    if (this.#first !== undefined || output.isBlocked || output.isFull) return false
    this.#charge(stream, length)
    this.frames++
    output.beginData(stream.id, length, 0)
    if (typeof chunk === 'string') output.text(chunk)
    else output.data(chunk)
    return true
  }

  #charge(stream: Http2Stream, bytes: number): void {
    this.window -= bytes
    stream.sendWindow -= bytes
  }

  /** Something of it waits. */
  add(stream: Http2Stream): void {
    if (stream.isScheduled || stream.sendWindow <= 0) return
    stream.isScheduled = true
    if (this.#last === undefined) this.#first = stream
    else this.#last.next = stream
    stream.previous = this.#last
    this.#last = stream
  }

  /** Nothing of it is to be sent any more. */
  drop(stream: Http2Stream): void {
    if (!stream.isScheduled) return
    const { previous, next } = stream
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    stream.next = undefined
    stream.previous = undefined
    stream.isScheduled = false
  }

  /** Sends what may be sent. */
  pump(): void {
    // Who is told that it may write writes at once: the loop below sees it.
    if (this.#isPumping) return
    this.#isPumping = true
    const output = this.#output
    let budget = TURN_BYTES
    while (this.window > 0 && !output.isBlocked && budget > 0) {
      const stream = this.#first
      if (stream === undefined) break
      this.drop(stream)
      budget -= this.#sendFrame(stream)
      if (output.isFull) output.flush()
    }
    this.#isPumping = false
    if (budget <= 0 && this.#first !== undefined) output.awaitTurnEnd()
  }

  #sendFrame(stream: Http2Stream): number {
    // No longer than every peer takes (RFC 9113 §4.2), so that streams alternate.
    const bytes = Math.min(stream.queuedBytes, stream.sendWindow, this.window, FRAME_BYTES)
    // Its window is used up: a WINDOW_UPDATE brings it back.
    if (bytes <= 0) return 0
    const output = this.#output
    const isLast = stream.isLastData(bytes)
    if (bytes >= Math.min(stream.queuedBytes, CRUMB_BYTES)) this.frames++
    this.#charge(stream, bytes)
    output.beginData(stream.id, bytes, isLast ? FLAGS.endStream : 0)
    for (let left = bytes; left > 0; ) {
      const piece = stream.takePiece(left)
      left -= piece.length
      output.data(piece)
    }
    if (stream.queuedBytes > 0) this.add(stream)
    else stream.onQueueSent(isLast)
    return bytes
  }
}

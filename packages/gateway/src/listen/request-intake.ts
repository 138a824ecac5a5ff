/**
 * Owns what a client sends during an exchange: the request's body, the pace that it must keep, and what a pipelining client sends
 * ahead, which waits until the answer before it is written. The socket is not read while one of them waits for somebody.
 */
import type { Socket } from 'node:net'
import { EMPTY_BODY, Problem, StreamBody } from '@gatewright/policies'
import { NO_BODY } from '../http1/framing.ts'
import type { ReadBuffer } from '../sockets/read-buffer.ts'
import type { DeadlineWheel, Timed } from '../timers/deadline-wheel.ts'
import { Backlog } from './backlog.ts'
import { BodyRate } from './body-rate.ts'
import { CONNECTION_BOUNDS } from './connection-bounds.ts'
import type { ReceivedRequest } from './connection-contract.ts'
import { RequestBody } from './request-body.ts'
import type { ReadHead } from './request-reader.ts'

/** The connection; its deadline is the body's while no answer has begun. */
export interface IntakeOwner extends Timed {
  readonly isAnswerBegun: boolean
  readonly settings: { readonly wheel: DeadlineWheel; readonly limits: { readonly bodyMinBytesPerSecond: number } }
}

export class RequestIntake {
  /** Unless there is none, or it came whole with its head. */
  body: RequestBody | undefined
  /** Octets of a body that came whole with its head. */
  #wholeBytes = 0
  /** The client waits for a 100, and nobody has asked for the body. */
  owesContinue = false
  readonly #socket: Socket
  readonly #buffer: ReadBuffer
  readonly #owner: IntakeOwner
  readonly #backlog = new Backlog()
  #rate: BodyRate
  #isReadingPaused = false

  constructor(socket: Socket, buffer: ReadBuffer, owner: IntakeOwner) {
    this.#socket = socket
    this.#buffer = buffer
    this.#owner = owner
    this.#rate = new BodyRate(owner.settings.limits.bodyMinBytesPerSecond)
  }

  /** The listener has other settings. */
  onSettingsChanged(): void {
    this.#rate = new BodyRate(this.#owner.settings.limits.bodyMinBytesPerSecond)
  }

  /** A body that came whole is bytes; anything else is read as it comes, and what is behind it waits. */
  beginBody({ framing, bodyAt }: ReadHead, chunk: Buffer): ReceivedRequest['body'] {
    let end = bodyAt
    let body: ReceivedRequest['body'] = EMPTY_BODY
    this.#wholeBytes = 0
    if (framing > 0 && bodyAt + framing <= chunk.length) {
      end = bodyAt + framing
      this.#wholeBytes = framing
      body = this.#buffer.toBody(chunk, bodyAt, end)
    } else if (framing !== NO_BODY) {
      this.#buffer.startStreaming()
      this.body = new RequestBody(this, framing)
      if (end < chunk.length) end += this.body.feed(this.#buffer.own(chunk.subarray(end)), 0)
      body = new StreamBody(this.body)
    }
    if (end < chunk.length) this.keepForLater(chunk.subarray(end))
    return body
  }

  /** Bytes came during the exchange. */
  take(chunk: Buffer): void {
    const { body } = this
    let at = 0
    if (body?.isCancelled === true && !body.isWhole) {
      at = body.feed(chunk, 0)
    } else if (body !== undefined && !body.isWhole) {
      // The first read after a request that waited in the backlog still goes into the shared buffer.
      const own = this.#buffer.own(chunk)
      at = body.feed(own, 0)
      if (body.holdsNothing) this.#buffer.giveBack(own)
    }
    if (at < chunk.length) this.keepForLater(chunk.subarray(at))
  }

  /** Octets of the body that came. */
  get bodyBytes(): number {
    return this.body?.readBytes ?? this.#wholeBytes
  }

  /** Octets of the body that did not come yet; without end where nobody said how many. */
  get restBytes(): number {
    const { body } = this
    return body === undefined || body.isWhole ? 0 : body.remainingBytes
  }

  /** Nobody reads the rest of the body, or nobody has begun to. */
  get isUnread(): boolean {
    const { body } = this
    return body !== undefined && !body.isWhole && (body.isCancelled || !body.hasReader)
  }

  /** The exchange is over, and its body whole. */
  end(): void {
    if (this.body !== undefined) this.#buffer.stopStreaming()
    this.body = undefined
    this.#wholeBytes = 0
  }

  // What was sent ahead.

  get hasBacklog(): boolean {
    return !this.#backlog.isEmpty
  }

  takeBacklog(): Buffer {
    return this.#backlog.take()
  }

  keepForLater(chunk: Buffer): void {
    this.#backlog.push(this.#buffer.own(chunk))
    if (this.#backlog.bytes > CONNECTION_BOUNDS.backlogBytes) this.pauseReading()
  }

  /** Nothing that comes is looked at any more; it is read all the same. */
  discard(): void {
    this.#backlog.take()
    this.#isReadingPaused = false
    this.#socket.resume()
  }

  // The body's side.

  pauseReading(): void {
    this.#isReadingPaused = true
    this.#socket.pause()
  }

  resumeReading(): void {
    if (!this.#isReadingPaused || this.#backlog.bytes > CONNECTION_BOUNDS.backlogBytes) return
    this.#isReadingPaused = false
    this.#socket.resume()
    this.#watchRate()
  }

  onBodyWanted(): void {
    this.#watchRate()
    if (!this.owesContinue) return
    this.owesContinue = false
    // RFC 9110 §10.1.1: said when the body is first read, and not once the final answer has begun.
    if (!this.#owner.isAnswerBegun && this.body?.isWhole !== true)
      this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  onBodyUnwanted(): void {
    this.resumeReading()
  }

  /** A period has passed, and no answer has begun. */
  onDeadline(): void {
    const { body } = this
    if (body === undefined || body.isWhole) return
    // Only while we read: a body that waits for the upstream is not the client's fault.
    if (body.isPaused || !this.#rate.isTooSlow(this.#socket.bytesRead)) return this.#watchRate()
    body.breakOff(new Problem('request-timeout', { reason: 'body', detail: 'The request body arrives too slowly.' }))
  }

  #watchRate(): void {
    const { body } = this
    const owner = this.#owner
    if (!this.#rate.isWatched || body === undefined || body.isWhole || owner.isAnswerBegun) return
    this.#rate.begin(this.#socket.bytesRead)
    owner.settings.wheel.set(owner, this.#rate.periodMs, performance.now())
  }
}

/**
 * Owns one HTTP/2 connection (RFC 9113) for either role: what both sides agree on, which streams there are, and when it ends.
 *
 *   port ──octets──▶ FrameReader ──frames──▶ session ──messages──▶ MessageIntake ──▶ streams ──▶ their listeners
 *   port ◀─writes── SessionOutput ◀─DATA── SendSchedule ◀──────────────────────────── streams ◀── their users
 *
 * It knows no socket and no timer: its owner feeds it, and ends what it declares over.
 */
import { type HeaderList, KNOWN_FIELDS } from '@gatewright/policies'
import { createFieldMask } from '../http1/serialize-head.ts'
import { ControlIntake, type ControlSession } from './control-intake.ts'
import { EARNINGS, FloodGuard, PRICES } from './flood-guard.ts'
import {
  DEFAULT_WINDOW_BYTES,
  ERROR_CODES,
  FLAGS,
  FRAME_BYTES,
  FRAME_TYPES,
  type Http2Fault,
  LAST_STREAM_ID,
  MOST_WINDOW_BYTES,
  PREFACE,
  SETTINGS,
} from './frame.ts'
import { FrameReader, type FrameSink } from './frame-reader.ts'
import { HeadWriter } from './head-writer.ts'
import { HpackEncoder } from './hpack/hpack-encoder.ts'
import { Http2Stream, type StreamListener, type StreamReset } from './http2-stream.ts'
import { MessageIntake, type RequestTaker } from './message-intake.ts'
import { PeerSettings } from './peer-settings.ts'
import { SendSchedule } from './send-schedule.ts'
import type { SessionOwner, SessionParts } from './session-contract.ts'
import { type OutputOwner, SessionOutput } from './session-output.ts'
import { type Http2Settings, toSafeSettings } from './session-settings.ts'
import { StreamTable, WAS } from './stream-table.ts'

/** RFC 9113 §8.2.2, RFC 9110 §6.5.1: what came from the other side is without them already; a policy's trailers may not be. */
const NOT_IN_TRAILERS = createFieldMask([
  KNOWN_FIELDS['content-length'],
  KNOWN_FIELDS.host,
  KNOWN_FIELDS.trailer,
  KNOWN_FIELDS.te,
  KNOWN_FIELDS.connection,
  KNOWN_FIELDS['keep-alive'],
  KNOWN_FIELDS['proxy-connection'],
  KNOWN_FIELDS['transfer-encoding'],
  KNOWN_FIELDS.upgrade,
])

/** What our own PING carries; there is never more than one. */
const PING = Buffer.from('gatewrit', 'latin1')

export class Http2Session implements FrameSink, OutputOwner, ControlSession {
  readonly settings: Http2Settings
  readonly output: SessionOutput
  readonly table: StreamTable
  readonly guard: FloodGuard
  readonly reader: FrameReader
  readonly requestTaker: RequestTaker | undefined
  /** No stream that the peer opens from here on is looked at. */
  isGoingAway = false
  /** It is over: nothing is read or sent any more. */
  isDown = false
  readonly peer: PeerSettings = new PeerSettings()
  readonly #owner: SessionOwner
  readonly #intake: MessageIntake
  readonly #control: ControlIntake
  readonly #schedule: SendSchedule
  readonly #encoder: HpackEncoder
  readonly #heads: HeadWriter
  /** Octets of the preface that came. */
  #prefaceBytes: number
  #isDraining = false
  /** The owner has not heard yet that no stream is open. */
  #isIdleNews = false
  /** Where the peer goes away: the last of our streams that it takes. */
  #lastTakenId = LAST_STREAM_ID

  constructor(parts: SessionParts) {
    const { port, owner, now } = parts
    const isServer = parts.role === 'server'
    this.settings = toSafeSettings(parts.settings)
    this.#owner = owner
    this.requestTaker = parts.role === 'server' ? parts.owner : undefined
    this.output = new SessionOutput(port, this)
    this.table = new StreamTable(isServer)
    this.guard = new FloodGuard(now)
    this.reader = new FrameReader(this)
    this.#intake = new MessageIntake(this, this.settings.connectionWindowBytes)
    this.#control = new ControlIntake(this)
    this.#schedule = new SendSchedule(this.output, DEFAULT_WINDOW_BYTES)
    // To a target it is not far: coding half a head would cost as much as all else about it, and ids are hardly shorter for it.
    this.#encoder = new HpackEncoder({ isCoded: isServer })
    this.#heads = new HeadWriter(this.#encoder)
    this.#prefaceBytes = isServer ? 0 : PREFACE.length
    this.#greet(isServer)
  }

  /** RFC 9113 §3.4: each side's SETTINGS come first, a client's behind its preface. */
  #greet(isServer: boolean): void {
    const { output, settings } = this
    if (!isServer) output.raw(PREFACE)
    const pairs: [number, number][] = [
      [SETTINGS.initialWindowSize, settings.streamWindowBytes],
      [SETTINGS.maxHeaderListSize, settings.headerListBytes],
    ]
    if (isServer) pairs.push([SETTINGS.maxConcurrentStreams, settings.concurrentStreams])
    else pairs.push([SETTINGS.enablePush, 0])
    if (isServer && settings.takesExtendedConnect) pairs.push([SETTINGS.enableConnectProtocol, 1])
    output.settings(pairs)
    const more = settings.connectionWindowBytes - DEFAULT_WINDOW_BYTES
    if (more > 0) output.windowUpdate(0, more)
  }

  // The owner's side.

  /** Octets came; they are looked at before this returns, and not kept. */
  read(chunk: Buffer): void {
    let at = 0
    while (this.#prefaceBytes < PREFACE.length && at < chunk.length) {
      if (chunk[at++] !== PREFACE[this.#prefaceBytes++]) return this.fail(ERROR_CODES.protocolError, 'preface')
    }
    this.reader.read(chunk, at)
  }

  /** The port has taken what it was given. */
  onDrain(): void {
    const { output } = this
    output.isBlocked = false
    this.#sendWaiting()
    output.flush()
    output.resumeReading()
  }

  /** The connection is gone, whoever ended it: open streams are told. */
  close(reason: string): void {
    if (this.isDown) return
    this.#shut()
    this.#dropStreams(ERROR_CODES.cancel, reason)
  }

  /** Client: may another stream be opened now? */
  get canOpen(): boolean {
    if (this.isDown || this.isGoingAway || this.#lastTakenId !== LAST_STREAM_ID) return false
    return this.table.size < this.peer.concurrentStreams && this.table.lastOwnId + 2 <= LAST_STREAM_ID
  }

  /** Client: no id is left, or the peer goes away: another connection has to follow. */
  get isUsedUp(): boolean {
    return this.isDown || this.#lastTakenId !== LAST_STREAM_ID || this.table.lastOwnId + 2 > LAST_STREAM_ID
  }

  /** Client: a stream for one request. It counts from its head on. */
  open(listener: StreamListener): Http2Stream {
    const stream = new Http2Stream(this, 0)
    stream.listener = listener
    return stream
  }

  /** Asks the peer to show that it is there: whatever comes next does. */
  ping(): void {
    if (!this.isDown) this.output.ping(PING, 0, 0)
  }

  /** Open streams. */
  get size(): number {
    return this.table.size
  }

  /**
   * No further stream; open ones go on. RFC 9113 §6.8: a server says first that it is going to, and which was the last when the
   * peer has heard that: what was on its way meanwhile is served.
   */
  goAway(): void {
    if (this.isDown || this.#isDraining) return
    this.#isDraining = true
    if (this.requestTaker === undefined) return this.#sayLast()
    this.output.goaway(LAST_STREAM_ID, ERROR_CODES.noError)
    this.output.ping(PING, 0, 0)
  }

  /** As `goAway`, but whether the peer has heard is not waited for: what it sends from here on is not looked at. */
  endNow(): void {
    if (!this.isDown && !this.isGoingAway) this.#sayLast()
  }

  #sayLast(): void {
    this.isGoingAway = true
    this.output.goaway(this.table.lastPeerId, ERROR_CODES.noError)
    this.#isIdleNews = true
  }

  // Frames.

  onFault({ code, reason }: Http2Fault): void {
    this.fail(code, reason)
  }

  onFrameHead(): void {
    const { type, streamId, bytes, flags } = this.reader
    const { blockStreamId } = this.#intake
    // RFC 9113 §4.2.
    if (bytes > FRAME_BYTES) return this.fail(ERROR_CODES.frameSizeError, 'frame-size')
    // RFC 9113 §3.4: SETTINGS come first, of the peer's own.
    if (!this.peer.hasCome && (type !== FRAME_TYPES.settings || (flags & FLAGS.ack) !== 0)) {
      return this.fail(ERROR_CODES.protocolError, 'settings-missing')
    }
    // RFC 9113 §6.2: nothing stands between the frames of a header block.
    if (blockStreamId !== 0 && (type !== FRAME_TYPES.continuation || streamId !== blockStreamId)) {
      return this.fail(ERROR_CODES.protocolError, 'header-block')
    }
    if (type === FRAME_TYPES.data) this.#intake.onDataHead()
  }

  onData(octets: Buffer, at: number, end: number): void {
    this.#intake.onData(octets, at, end)
  }

  onDataEnd(paddingBytes: number): void {
    this.#intake.onDataEnd(paddingBytes)
  }

  onFrame(octets: Buffer, at: number, end: number): void {
    switch (this.reader.type) {
      case FRAME_TYPES.headers:
        return this.#intake.onHeaders(octets, at, end)
      case FRAME_TYPES.continuation:
        return this.#intake.onContinuation(octets, at, end)
      case FRAME_TYPES.windowUpdate:
        return this.#control.onWindowUpdate(octets, at)
      case FRAME_TYPES.rstStream:
        return this.#control.onReset(octets, at)
      case FRAME_TYPES.settings:
        return this.#control.onSettings(octets, at, end)
      case FRAME_TYPES.ping:
        return this.#control.onPing(octets, at)
      case FRAME_TYPES.goaway:
        return this.#control.onGoaway(octets, at)
      case FRAME_TYPES.priority:
        return this.#control.onPriority(octets, at)
      case FRAME_TYPES.pushPromise:
        // RFC 9113 §8.4: a client pushes nothing, and as a client we have said that we take none.
        return this.fail(ERROR_CODES.protocolError, 'push-promise')
      default:
        // RFC 9113 §5.5: what is unknown is ignored.
        this.charge(PRICES.ignored)
    }
  }

  // The intake's and the streams' side.

  get peerWindowBytes(): number {
    return this.peer.windowBytes
  }

  onPeerSettings(): void {
    this.#encoder.setPeerTableBytes(this.peer.headerTableBytes)
    this.#owner.onSettings(this.peer)
  }

  widenStream(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes
    if (stream.sendWindow > MOST_WINDOW_BYTES) return false
    if (stream.queuedBytes > 0) this.schedule(stream, false)
    return true
  }

  widenConnection(bytes: number): boolean {
    this.output.awaitTurnEnd()
    return this.#schedule.widen(bytes)
  }

  onPong(): void {
    if (this.#isDraining && !this.isGoingAway) this.#sayLast()
    else this.charge(PRICES.ignored)
  }

  onPeerLeaving(lastStreamId: number, code: number): void {
    if (this.requestTaker === undefined) {
      // The last id that a draining server names first is the highest of all; it means the same.
      this.#lastTakenId = Math.min(this.#lastTakenId, lastStreamId, LAST_STREAM_ID - 1)
      for (const stream of this.table.all()) {
        if (stream.id <= lastStreamId) continue
        this.breakOff(stream, WAS.resetByPeer, { code, by: 'peer', reason: 'goaway', isUnprocessed: true })
      }
    }
    this.#owner.onGoaway(lastStreamId, code)
  }

  charge(price: number): boolean {
    if (this.guard.charge(price)) return true
    this.fail(ERROR_CODES.enhanceYourCalm, 'flood')
    return false
  }

  /** What came for a stream that we have reset. A server's answers are late because its client gave up, and no fault of it. */
  chargeLate(price: number): void {
    if (this.requestTaker !== undefined) this.charge(price)
  }

  fail(code: number, reason: string): void {
    if (this.isDown) return
    this.output.goaway(this.table.lastPeerId, code)
    this.output.flush()
    this.#shut()
    this.#owner.onDown(code, reason)
    this.#dropStreams(code, reason)
  }

  #shut(): void {
    this.isDown = true
    this.reader.isStopped = true
    this.output.close()
  }

  #dropStreams(code: number, reason: string): void {
    for (const stream of this.table.all()) {
      this.breakOff(stream, WAS.resetByUs, { code, by: 'connection', reason, isUnprocessed: false })
    }
  }

  faultStream(stream: Http2Stream, code: number, reason: string): void {
    this.output.reset(stream.id, code)
    this.breakOff(stream, WAS.resetByUs, { code, by: 'engine', reason, isUnprocessed: false })
    this.charge(PRICES.reset)
  }

  breakOff(stream: Http2Stream, was: number, reset: StreamReset): void {
    const { listener } = stream
    stream.close()
    this.#remove(stream, was)
    listener?.onReset(reset)
  }

  #remove({ id }: Http2Stream, was: number): void {
    this.table.remove(id, was)
    if (this.table.size > 0 || this.isDown) return
    this.#isIdleNews = true
    this.output.awaitTurnEnd()
  }

  closeInOrder(stream: Http2Stream): void {
    stream.isClosed = true
    // An answer may be whole before its request is read; nothing is left then for which it would be.
    if (this.requestTaker !== undefined) stream.dropUnread()
    this.#uncount(stream)
    this.guard.earn(EARNINGS.message)
    this.#remove(stream, WAS.ended)
  }

  #uncount(stream: Http2Stream): void {
    if (!stream.isCounted) return
    stream.isCounted = false
    this.table.counted--
  }

  onReleased(stream: Http2Stream): void {
    // RFC 9113 §8.1: an answer is whole before its request is, and the rest of that is not wanted.
    const isEarly = this.requestTaker !== undefined && stream.isSendEnded
    if (!stream.isClosed) this.sendReset(stream, isEarly ? ERROR_CODES.noError : ERROR_CODES.cancel)
    this.#uncount(stream)
  }

  beginHead(stream: Http2Stream): HeadWriter {
    const heads = this.#heads
    if (stream.isClosed || stream.isSendEnded || this.isDown) {
      heads.begin(undefined)
      return heads
    }
    if (stream.id === 0) {
      this.table.lastOwnId += 2
      stream.id = this.table.lastOwnId
      stream.sendWindow = this.peer.windowBytes
      this.table.add(stream)
    }
    heads.begin(this.output.openHead())
    return heads
  }

  sendHead(stream: Http2Stream, endsStream: boolean): void {
    if (!this.#heads.isOpen) return
    stream.isBodiless ||= this.#heads.isBodiless
    this.output.closeHead(stream.id, endsStream ? FLAGS.endStream : 0)
  }

  sendTrailers(stream: Http2Stream, trailers: HeaderList): void {
    this.beginHead(stream).fields(trailers, NOT_IN_TRAILERS)
    this.sendHead(stream, true)
  }

  sendNow(stream: Http2Stream, chunk: Uint8Array | string): boolean {
    return this.#schedule.sendNow(stream, chunk)
  }

  schedule(stream: Http2Stream, isLong: boolean): void {
    this.#schedule.add(stream)
    if (!isLong) return this.output.awaitTurnEnd()
    this.#sendWaiting()
    this.output.flush()
  }

  unschedule(stream: Http2Stream): void {
    this.#schedule.drop(stream)
  }

  sendEnd(stream: Http2Stream): void {
    this.output.endStream(stream.id)
  }

  onEndSent(stream: Http2Stream): void {
    const { resetAfterEnd } = stream
    if (stream.isReceiveEnded && (resetAfterEnd === undefined || resetAfterEnd === ERROR_CODES.noError)) {
      this.closeInOrder(stream)
    } else if (resetAfterEnd !== undefined) {
      this.sendReset(stream, resetAfterEnd)
      this.#uncount(stream)
    }
  }

  sendReset(stream: Http2Stream, code: number): void {
    if (stream.isClosed) return
    stream.close()
    if (stream.id === 0) return
    this.output.reset(stream.id, code)
    this.#remove(stream, WAS.resetByUs)
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    this.output.windowUpdate(streamId, bytes)
  }

  consumed(bytes: number): void {
    const given = this.#intake.take(bytes)
    if (given > 0 && !this.isDown) this.output.windowUpdate(0, given)
  }

  get holdsNothing(): boolean {
    return this.output.holdsNothing
  }

  // The output's side.

  onTurnEnd(): void {
    this.#sendWaiting()
  }

  onWritten(): void {
    if (!this.#isIdleNews || this.table.size > 0 || this.isDown) return
    this.#isIdleNews = false
    this.#owner.onIdle()
  }

  #sendWaiting(): void {
    const schedule = this.#schedule
    schedule.pump()
    if (schedule.frames === 0) return
    this.guard.earn(schedule.frames * EARNINGS.data)
    schedule.frames = 0
  }
}

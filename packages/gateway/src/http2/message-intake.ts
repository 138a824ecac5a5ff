/**
 * Owns the messages that come: header blocks out of HEADERS and CONTINUATION frames, DATA, and the checks of both (RFC 9113 §6.1,
 * §6.2, §6.10, §8.1); whom they are for is told by its stream.
 */
import type { Refusal } from '../http1/refusal.ts'
import { toTrailers } from '../http1/trailer-fields.ts'
import { ByteWriter } from './byte-writer.ts'
import type { DecodedHead } from './decoded-head.ts'
import { type FloodGuard, PRICES } from './flood-guard.ts'
import { ERROR_CODES, FLAGS, readUint31 } from './frame.ts'
import type { FrameReader } from './frame-reader.ts'
import { HEAD_REFUSALS, type HeadKind, HeadReader } from './head-reader.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { Http2Stream, type StreamCarrier } from './http2-stream.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { SessionOutput } from './session-output.ts'
import type { Http2Settings } from './session-settings.ts'
import { type StreamTable, WAS } from './stream-table.ts'

/** Who takes requests. */
export interface RequestTaker {
  /** A request came. The stream gets its listener now; the head is filled anew for the next. */
  onRequest(stream: Http2Stream, head: DecodedHead, endsStream: boolean): void
  /**
   * A request came that is malformed, or larger than allowed; `head` holds what could be read of it. True: it is answered here or
   * will be, and the stream is reset behind the answer; nothing more of it is heard. False: it is reset now.
   */
  onMalformed(stream: Http2Stream, head: DecodedHead, refusal: Refusal): boolean
}

/** The session that the messages come over. */
export interface IntakeSession extends StreamCarrier {
  readonly table: StreamTable
  readonly output: SessionOutput
  readonly guard: FloodGuard
  readonly settings: Http2Settings
  readonly reader: FrameReader
  /** undefined: we are the client. */
  readonly requestTaker: RequestTaker | undefined
  /** What the peer lets each new stream send. */
  readonly peerWindowBytes: number
  /** Streams that the peer opens now are none of ours any more. */
  readonly isGoingAway: boolean
  /** The connection is over. */
  fail(code: number, reason: string): void
  /** The stream is, by a fault of the peer's. */
  faultStream(stream: Http2Stream, code: number, reason: string): void
  /** Charged for what costs us more than the peer. False: the connection is over. */
  charge(price: number): boolean
  chargeLate(price: number): void
  /** Both ends of the stream are done. */
  closeInOrder(stream: Http2Stream): void
}

/** A block of usual size takes one frame; eight more carry the longest list that we take. */
const MOST_CONTINUATIONS = 8
/** RFC 9113 §6.5.2: the table that every peer may use; we allow no more. */
const TABLE_BYTES = 4096

export class MessageIntake {
  readonly #session: IntakeSession
  readonly #decoder: HpackDecoder = new HpackDecoder({ tableBytes: TABLE_BYTES })
  readonly #heads: HeadReader
  /** The connection's, for all streams together. */
  readonly #window: ReceiveWindow
  /** Whose header block is not whole yet; 0: nobody's. */
  blockStreamId = 0
  #blockEndsStream = false
  #continuations = 0
  #block: ByteWriter | undefined
  #dependsOnItself = false
  /** Whose DATA frame is being read, if anybody wants it. */
  #dataStream: Http2Stream | undefined

  constructor(session: IntakeSession, connectionWindowBytes: number) {
    this.#session = session
    this.#heads = new HeadReader(session.settings)
    this.#window = new ReceiveWindow(connectionWindowBytes, connectionWindowBytes)
  }

  /** So many octets of the connection's window were taken: what the peer is to be given. */
  take(bytes: number): number {
    return this.#window.take(bytes)
  }

  // Header blocks.

  onHeaders(octets: Buffer, at: number, end: number): void {
    const session = this.#session
    const { flags, streamId } = session.reader
    // RFC 9113 §6.2.
    if (streamId === 0) return session.fail(ERROR_CODES.protocolError, 'headers-without-stream')
    if ((flags & FLAGS.padded) !== 0) {
      if (at === end) return session.fail(ERROR_CODES.frameSizeError, 'headers-padding-missing')
      end -= octets[at++] ?? 0
      if (end < at) return session.fail(ERROR_CODES.protocolError, 'padding')
    }
    this.#dependsOnItself = false
    if ((flags & FLAGS.priority) !== 0) {
      if (end - at < 5) return session.fail(ERROR_CODES.frameSizeError, 'headers-priority-missing')
      // RFC 7540 §5.3.1; the rest of it says nothing any more (RFC 9113 §5.3.2).
      this.#dependsOnItself = readUint31(octets, at) === streamId
      at += 5
    }
    this.#blockEndsStream = (flags & FLAGS.endStream) !== 0
    this.blockStreamId = streamId
    this.#continuations = 0
    if ((flags & FLAGS.endHeaders) !== 0) return this.#onBlock(octets.subarray(at, end))
    if (at === end && !session.charge(PRICES.empty)) return
    this.#block = new ByteWriter(end - at)
    this.#keep(octets, at, end)
  }

  /** RFC 9113 §6.10. */
  onContinuation(octets: Buffer, at: number, end: number): void {
    const session = this.#session
    const block = this.#block
    if (block === undefined) return session.fail(ERROR_CODES.protocolError, 'continuation')
    const { flags } = session.reader
    const isLast = (flags & FLAGS.endHeaders) !== 0
    if (++this.#continuations > MOST_CONTINUATIONS) {
      return session.fail(ERROR_CODES.enhanceYourCalm, 'continuations')
    }
    if (!session.charge(at === end ? PRICES.empty : PRICES.continuation)) return
    this.#keep(octets, at, end)
    if (!isLast) return
    this.#block = undefined
    this.#onBlock(block.view())
  }

  #keep(octets: Buffer, at: number, end: number): void {
    const block = this.#block
    if (block === undefined) return
    block.reserve(end - at)
    octets.copy(block.bytes, block.length, at, end)
    block.length += end - at
  }

  #onBlock(block: Buffer): void {
    const session = this.#session
    const id = this.blockStreamId
    this.blockStreamId = 0
    const stream = session.table.find(id)
    const isServer = session.requestTaker !== undefined
    const heads = this.#heads
    heads.begin(toKind(stream, isServer))
    const fault = this.#decoder.decode(block, heads)
    // RFC 9113 §4.3.
    if (fault !== undefined) return session.fail(ERROR_CODES.compressionError, fault.reason)
    if (heads.isBomb) return session.fail(ERROR_CODES.enhanceYourCalm, 'header-list')
    const refusal = heads.finish()
    if (stream === undefined) {
      if (isServer && (id & 1) === 1 && id > session.table.lastPeerId) this.#onRequest(id, refusal)
      else this.#onLate(id, session.table.findPast(id))
    } else if (stream.isReceiveEnded) {
      // RFC 9113 §5.1: half-closed (remote).
      session.faultStream(stream, ERROR_CODES.streamClosed, 'headers-after-end')
    } else if (this.#dependsOnItself) {
      session.faultStream(stream, ERROR_CODES.protocolError, 'depends-on-itself')
    } else if (stream.hasHead) {
      this.#onTrailers(stream, refusal)
    } else {
      this.#onAnswer(stream, refusal)
    }
  }

  #onRequest(id: number, refusal: Refusal | undefined): void {
    const session = this.#session
    const { table, settings, requestTaker } = session
    table.lastPeerId = id
    // RFC 9113 §6.8: the peer knows that nothing happens to these.
    if (session.isGoingAway) return table.remember(id, WAS.resetByUs)
    if (table.counted >= settings.concurrentStreams) {
      // RFC 9113 §5.1.2: one that was refused may be sent again.
      table.remember(id, WAS.resetByUs)
      session.output.reset(id, ERROR_CODES.refusedStream)
      session.charge(PRICES.refused)
      return
    }
    const endsStream = this.#blockEndsStream
    const stream = new Http2Stream(session, session.peerWindowBytes)
    stream.id = id
    stream.hasHead = true
    stream.isCounted = true
    table.counted++
    table.add(stream)
    if (this.#dependsOnItself) {
      session.faultStream(stream, ERROR_CODES.protocolError, 'depends-on-itself')
      return stream.release()
    }
    const { head } = this.#heads
    stream.isReceiveEnded = endsStream
    if (!endsStream) this.#expectBody(stream, head.contentLength)
    else if (head.contentLength > 0) refusal ??= HEAD_REFUSALS.lengthDiffers
    if (refusal === undefined) requestTaker?.onRequest(stream, head, endsStream)
    else this.#onMalformed(stream, refusal)
  }

  #onMalformed(stream: Http2Stream, refusal: Refusal): void {
    const session = this.#session
    stream.isIgnored = true
    // What is too large is nothing wrong (RFC 9113 §10.5.1); the rest is (§8.1.1).
    const isTooLarge = refusal.code === 'header-too-large'
    if (!isTooLarge && !session.charge(PRICES.reset)) return
    stream.resetAfterEnd = isTooLarge ? ERROR_CODES.noError : ERROR_CODES.protocolError
    if (session.requestTaker?.onMalformed(stream, this.#heads.head, refusal) === true) return
    const code = isTooLarge ? ERROR_CODES.enhanceYourCalm : ERROR_CODES.protocolError
    stream.reset(code)
    stream.release()
  }

  #onAnswer(stream: Http2Stream, refusal: Refusal | undefined): void {
    const session = this.#session
    const { head } = this.#heads
    const endsStream = this.#blockEndsStream
    if (refusal !== undefined) return session.faultStream(stream, ERROR_CODES.protocolError, refusal.reason)
    if (head.status < 200) {
      // RFC 9113 §8.1.1: an interim answer is not the last of anything.
      if (endsStream) return session.faultStream(stream, ERROR_CODES.protocolError, 'interim-ends')
      if (!stream.isIgnored) stream.listener?.onHead?.(head, false)
      return
    }
    stream.hasHead = true
    // RFC 9110 §6.4.1.
    if (head.status === 204 || head.status === 304) stream.isBodiless = true
    if (!endsStream) {
      this.#expectBody(stream, head.contentLength)
    } else if (head.contentLength > 0 && !stream.isBodiless) {
      return session.faultStream(stream, ERROR_CODES.protocolError, HEAD_REFUSALS.lengthDiffers.reason)
    }
    const { listener } = stream
    if (endsStream) this.#endReceiving(stream)
    if (!stream.isIgnored) listener?.onHead?.(head, endsStream)
  }

  #expectBody(stream: Http2Stream, promisedBytes: number): void {
    const { streamWindowBytes, streamWindowMostBytes } = this.#session.settings
    stream.window = new ReceiveWindow(streamWindowBytes, streamWindowMostBytes)
    stream.promisedBytes = promisedBytes
  }

  #onTrailers(stream: Http2Stream, refusal: Refusal | undefined): void {
    const session = this.#session
    // RFC 9113 §8.1: a second block is the last of its message.
    if (!this.#blockEndsStream) return session.faultStream(stream, ERROR_CODES.protocolError, 'trailers-without-end')
    if (refusal !== undefined) return session.faultStream(stream, ERROR_CODES.protocolError, refusal.reason)
    this.#onEnd(stream, true)
  }

  /** A block for a stream that is not open: it was read to keep the tables in step. */
  #onLate(id: number, was: number): void {
    const session = this.#session
    switch (was) {
      case WAS.resetByUs:
      case WAS.forgotten:
        session.chargeLate(PRICES.late)
        return
      case WAS.resetByPeer:
        // RFC 9113 §5.1: closed.
        session.output.reset(id, ERROR_CODES.streamClosed)
        session.charge(PRICES.reset)
        return
      case WAS.ended:
        return session.fail(ERROR_CODES.streamClosed, 'headers-after-end')
      default:
        // RFC 9113 §5.1.1: ids rise, and are odd for a client's streams, even for a server's.
        return session.fail(ERROR_CODES.protocolError, 'stream-id')
    }
  }

  // Bodies.

  /** RFC 9113 §6.9.1: the whole frame counts, before it is read. */
  onDataHead(): void {
    const session = this.#session
    const { streamId, bytes, flags } = session.reader
    this.#dataStream = undefined
    if (streamId === 0) return session.fail(ERROR_CODES.protocolError, 'data-without-stream')
    if (!this.#window.receive(bytes)) return session.fail(ERROR_CODES.flowControlError, 'connection-window')
    if (bytes === 0 && (flags & FLAGS.endStream) === 0 && !session.charge(PRICES.empty)) return
    const stream = session.table.find(streamId)
    if (stream === undefined) {
      this.#onLateData(streamId)
      session.consumed(bytes)
      return
    }
    const { window } = stream
    if (stream.isReceiveEnded || window === undefined) {
      const isEnded = stream.isReceiveEnded
      session.faultStream(
        stream,
        isEnded ? ERROR_CODES.streamClosed : ERROR_CODES.protocolError,
        isEnded ? 'data-after-end' : 'data-before-head',
      )
      session.consumed(bytes)
    } else if (window.receive(bytes)) {
      this.#dataStream = stream
    } else {
      session.faultStream(stream, ERROR_CODES.flowControlError, 'stream-window')
    }
  }

  #onLateData(streamId: number): void {
    const session = this.#session
    switch (session.table.findPast(streamId)) {
      case WAS.idle:
        return session.fail(ERROR_CODES.protocolError, 'data-on-idle-stream')
      case WAS.ended:
      case WAS.skipped:
        // RFC 9113 §5.1: closed.
        return session.fail(ERROR_CODES.streamClosed, 'data-after-end')
      case WAS.resetByPeer:
        session.output.reset(streamId, ERROR_CODES.streamClosed)
        session.charge(PRICES.reset)
        return
      default:
        // Sent before the peer heard of our reset: its window's worth at most.
        session.chargeLate(PRICES.lateData)
    }
  }

  onData(octets: Buffer, at: number, end: number): void {
    const stream = this.#dataStream
    // Closed in the middle of a frame: all of it was given back then.
    if (stream === undefined || stream.isClosed) return
    const bytes = end - at
    if (stream.isIgnored || stream.listener === undefined) return stream.consumed(bytes)
    stream.receivedBytes += bytes
    // RFC 9113 §8.1.1.
    if (stream.isBodiless || (stream.promisedBytes >= 0 && stream.receivedBytes > stream.promisedBytes)) {
      return this.#session.faultStream(stream, ERROR_CODES.protocolError, HEAD_REFUSALS.lengthDiffers.reason)
    }
    stream.listener.onData(octets.subarray(at, end))
  }

  onDataEnd(paddingBytes: number): void {
    const { bytes, flags } = this.#session.reader
    const isEnd = (flags & FLAGS.endStream) !== 0
    const stream = this.#dataStream
    this.#dataStream = undefined
    // Padding alone brings nothing either.
    if (paddingBytes > 0 && paddingBytes === bytes && !isEnd && !this.#session.charge(PRICES.empty)) return
    if (stream === undefined || stream.isClosed) return
    if (paddingBytes > 0) stream.consumed(paddingBytes)
    if (isEnd) this.#onEnd(stream, false)
  }

  /** The peer has said all of a message. */
  #onEnd(stream: Http2Stream, hasTrailers: boolean): void {
    const { promisedBytes, listener } = stream
    const isIgnored = stream.isIgnored || listener === undefined
    // RFC 9113 §8.1.1.
    if (!isIgnored && promisedBytes >= 0 && stream.receivedBytes !== promisedBytes && !stream.isBodiless) {
      return this.#session.faultStream(stream, ERROR_CODES.protocolError, HEAD_REFUSALS.lengthDiffers.reason)
    }
    const trailers = hasTrailers ? toTrailers(this.#heads.head.headers) : undefined
    // First the stream is over, then its reader hears the end: with it the exchange may end.
    this.#endReceiving(stream)
    if (!isIgnored) listener.onEnd(trailers)
  }

  #endReceiving(stream: Http2Stream): void {
    stream.isReceiveEnded = true
    if (stream.isSendEnded) this.#session.closeInOrder(stream)
  }
}

function toKind(stream: Http2Stream | undefined, isServer: boolean): HeadKind {
  if (stream?.hasHead === true) return 'trailers'
  return isServer ? 'request' : 'response'
}

/** Owns the frames that carry no message (RFC 9113 §6.3 to §6.9): what they may say, and what follows. */
import { PRICES } from './flood-guard.ts'
import { ERROR_CODES, FLAGS, readUint31, readUint32 } from './frame.ts'
import type { Http2Stream, StreamReset } from './http2-stream.ts'
import type { IntakeSession } from './message-intake.ts'
import type { PeerSettings } from './peer-settings.ts'
import { WAS } from './stream-table.ts'

/** The session that the frames are about. */
export interface ControlSession extends IntakeSession {
  readonly peer: PeerSettings
  /** They were read, and acknowledged. */
  onPeerSettings(): void
  /** False: more than a window can be. */
  widenStream(stream: Http2Stream, bytes: number): boolean
  widenConnection(bytes: number): boolean
  /** The stream is over before its end; `was` is one of `WAS`. */
  breakOff(stream: Http2Stream, was: number, reset: StreamReset): void
  /** A PING of ours came back, or one that we never sent. */
  onPong(): void
  /** The peer takes no stream above this one. */
  onPeerLeaving(lastStreamId: number, code: number): void
}

export class ControlIntake {
  readonly #session: ControlSession
  /** SETTINGS of ours that the peer has not acknowledged: those of the greeting. */
  #unacknowledged = 1

  constructor(session: ControlSession) {
    this.#session = session
  }

  /** RFC 9113 §6.5. */
  onSettings(octets: Buffer, at: number, end: number): void {
    const session = this.#session
    const { peer } = session
    const { bytes, flags, streamId } = session.reader
    if (streamId !== 0) return session.fail(ERROR_CODES.protocolError, 'settings-on-stream')
    if ((flags & FLAGS.ack) !== 0) {
      if (bytes !== 0) return session.fail(ERROR_CODES.frameSizeError, 'settings-ack')
      if (--this.#unacknowledged < 0) session.fail(ERROR_CODES.protocolError, 'settings-ack')
      return
    }
    if (bytes % 6 !== 0) return session.fail(ERROR_CODES.frameSizeError, 'settings')
    if (!session.charge(PRICES.settings)) return
    const { windowBytes } = peer
    const fault = peer.read(octets, at, end)
    if (fault !== undefined) return session.fail(fault.code, fault.reason)
    // RFC 9113 §6.5.3: before anything that is sent because of them.
    session.output.acknowledgeSettings()
    if (!this.#moveWindows(peer.windowBytes - windowBytes)) {
      return session.fail(ERROR_CODES.flowControlError, 'initial-window-size')
    }
    session.onPeerSettings()
  }

  /** RFC 9113 §6.9.2: the windows of all open streams move with what new ones begin with. */
  #moveWindows(bytes: number): boolean {
    if (bytes === 0) return true
    for (const stream of this.#session.table.all()) {
      if (!this.#session.widenStream(stream, bytes)) return false
    }
    return true
  }

  /** RFC 9113 §6.9. */
  onWindowUpdate(octets: Buffer, at: number): void {
    const session = this.#session
    const { bytes, streamId } = session.reader
    if (bytes !== 4) return session.fail(ERROR_CODES.frameSizeError, 'window-update')
    if (!session.charge(PRICES.windowUpdate)) return
    const more = readUint31(octets, at)
    if (streamId === 0) {
      if (more === 0) session.fail(ERROR_CODES.protocolError, 'window-update')
      else if (!session.widenConnection(more)) session.fail(ERROR_CODES.flowControlError, 'window-update')
      return
    }
    const stream = session.table.find(streamId)
    if (stream === undefined) {
      const isIdle = session.table.findPast(streamId) === WAS.idle
      if (isIdle) session.fail(ERROR_CODES.protocolError, 'window-update-on-idle-stream')
    } else if (more === 0) {
      session.faultStream(stream, ERROR_CODES.protocolError, 'window-update')
    } else if (!session.widenStream(stream, more)) {
      session.faultStream(stream, ERROR_CODES.flowControlError, 'window-update')
    }
  }

  /** RFC 9113 §6.4. */
  onReset(octets: Buffer, at: number): void {
    const session = this.#session
    const { bytes, streamId } = session.reader
    if (bytes !== 4) return session.fail(ERROR_CODES.frameSizeError, 'rst-stream')
    const stream = session.table.find(streamId)
    if (stream === undefined) {
      const isIdle = streamId === 0 || session.table.findPast(streamId) === WAS.idle
      if (isIdle) session.fail(ERROR_CODES.protocolError, 'rst-stream-on-idle-stream')
      else session.chargeLate(PRICES.late)
      return
    }
    const isServer = session.requestTaker !== undefined
    const code = readUint32(octets, at)
    const isUnprocessed = !isServer && code === ERROR_CODES.refusedStream
    session.breakOff(stream, WAS.resetByPeer, { code, by: 'peer', reason: 'reset', isUnprocessed })
    // CVE-2023-44487: its answer had not ended, or the stream would not be open.
    if (isServer) session.charge(PRICES.reset)
  }

  /** RFC 9113 §6.7. */
  onPing(octets: Buffer, at: number): void {
    const session = this.#session
    const { bytes, flags, streamId } = session.reader
    if (streamId !== 0) return session.fail(ERROR_CODES.protocolError, 'ping-on-stream')
    if (bytes !== 8) return session.fail(ERROR_CODES.frameSizeError, 'ping')
    if ((flags & FLAGS.ack) !== 0) session.onPong()
    else if (session.charge(PRICES.ping)) session.output.ping(octets, at, FLAGS.ack)
  }

  /** RFC 9113 §6.8. */
  onGoaway(octets: Buffer, at: number): void {
    const session = this.#session
    const { bytes, streamId } = session.reader
    if (streamId !== 0) return session.fail(ERROR_CODES.protocolError, 'goaway-on-stream')
    if (bytes < 8) return session.fail(ERROR_CODES.frameSizeError, 'goaway')
    if (!session.charge(PRICES.ignored)) return
    session.onPeerLeaving(readUint31(octets, at), readUint32(octets, at + 4))
  }

  /** RFC 9113 §5.3.2: says nothing any more; what is wrong with it still is (§6.3, RFC 7540 §5.3.1). */
  onPriority(octets: Buffer, at: number): void {
    const session = this.#session
    const { bytes, streamId } = session.reader
    if (streamId === 0) return session.fail(ERROR_CODES.protocolError, 'priority-without-stream')
    if (!session.charge(PRICES.ignored)) return
    const isWrong = bytes !== 5
    if (!isWrong && readUint31(octets, at) !== streamId) return
    const code = isWrong ? ERROR_CODES.frameSizeError : ERROR_CODES.protocolError
    const stream = session.table.find(streamId)
    if (stream === undefined) session.fail(code, 'priority')
    else session.faultStream(stream, code, 'priority')
  }
}

/**
 * Owns what a session sends: frames are put together in one buffer while a turn of the event loop lasts, and written when it ends.
 *
 *   buffer   [ SETTINGS ][ HEADERS ][ DATA head + short body ][ DATA head ]│[ HEADERS ] …
 *   pieces                                                      long body ─┘                in one writev, not copied
 *
 * While the peer does not take what was written, nothing is: control frames and heads gather here, and when they are too many,
 * nothing more is read from the peer either. Bodies wait with their streams.
 */
import { atTurnEnd, type TurnEndListener } from '../timers/turn-end.ts'
import { ByteWriter } from './byte-writer.ts'
import { FLAGS, FRAME_BYTES, FRAME_HEAD_BYTES, FRAME_TYPES } from './frame.ts'

/** Where a session's bytes go, and where its peer's come from: a socket is one as it stands. */
export interface SessionPort {
  /** False: the peer does not take it for now, and `Http2Session.onDrain` is to be called when it has. */
  write(bytes: Uint8Array): boolean
  cork(): void
  uncork(): void
  /** Octets that wait in it. */
  readonly writableLength: number
  pause(): void
  resume(): void
}

/** Longer ones are written from where they are: a copy of this length costs less than another piece in a writev. */
const COPIED_BYTES = 4096
/** As much is put together before it is written within a turn. */
const FLUSH_BYTES = 131_072
/** As much may wait for a peer that does not read, before it is not read either: then it cannot make us answer more. */
const CONGESTED_BYTES = 262_144

/** Memory of a turn; what grew beyond is left to the garbage collector. */
const BUFFER_BYTES = 16_384
const MOST_KEPT_BYTES = 65_536
const MOST_SPARES = 16
const spares: ByteWriter[] = []

const NONE = -1

export interface OutputOwner {
  /** The turn ends: what waits in streams goes out, as far as it may. */
  onTurnEnd(): void
  /** All that was put together is written. */
  onWritten(): void
}

export class SessionOutput implements TurnEndListener {
  /** The peer has to take what was written, before there is more. */
  isBlocked = false
  readonly #port: SessionPort
  readonly #owner: OutputOwner
  #buffer: ByteWriter | undefined
  /** Up to here the buffer stands in `#pieces` already. */
  #pieced = 0
  #pieces: Uint8Array[] = []
  #pieceBytes = 0
  #isDue = false
  #isClosed = false
  #isPaused = false
  /** The last write did not leave at once (as on TLS, always): the next may not either, and is copied out of the buffer. */
  #leavesLater = false
  #headAt = 0
  /** The last DATA frame that still stands in the buffer. */
  #dataAt = NONE
  #dataStreamId = 0
  /** The memory in which it became part of a piece: a buffer that grows moves on without it. */
  #dataMemory: Buffer | undefined

  constructor(port: SessionPort, owner: OutputOwner) {
    this.#port = port
    this.#owner = owner
  }

  /** Where the next frame is put. */
  #open(): ByteWriter {
    if (!this.#isDue) {
      this.#isDue = true
      atTurnEnd(this)
    }
    let buffer = this.#buffer
    if (buffer === undefined) {
      buffer = spares.pop() ?? new ByteWriter(BUFFER_BYTES)
      this.#buffer = buffer
    }
    return buffer
  }

  /** Something waits for the end of this turn. */
  awaitTurnEnd(): void {
    this.#open()
  }

  /** Octets that are put together and not written. */
  get gatheredBytes(): number {
    return this.#pieceBytes + (this.#buffer === undefined ? 0 : this.#buffer.length - this.#pieced)
  }

  get isFull(): boolean {
    return this.gatheredBytes >= FLUSH_BYTES
  }

  /** No piece of a body is looked at any more. */
  get holdsNothing(): boolean {
    return this.#pieces.length === 0 && this.#port.writableLength === 0
  }

  // Frames.

  #frame(type: number, flags: number, { streamId, bytes }: { streamId: number; bytes: number }): ByteWriter {
    const out = this.#open()
    out.reserve(FRAME_HEAD_BYTES + bytes)
    writeFrameHead(out.bytes, out.length, { bytes, type, flags, streamId })
    out.length += FRAME_HEAD_BYTES
    return out
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    const out = this.#frame(FRAME_TYPES.settings, 0, { streamId: 0, bytes: pairs.length * 6 })
    for (const [id, value] of pairs) {
      out.length = out.bytes.writeUInt16BE(id, out.length)
      out.length = out.bytes.writeUInt32BE(value, out.length)
    }
  }

  acknowledgeSettings(): void {
    this.#frame(FRAME_TYPES.settings, FLAGS.ack, { streamId: 0, bytes: 0 })
  }

  /** `octets[at, at + 8)` is what it carries. */
  ping(octets: Uint8Array, at: number, flags: number): void {
    const out = this.#frame(FRAME_TYPES.ping, flags, { streamId: 0, bytes: 8 })
    for (let i = at; i < at + 8; i++) out.bytes[out.length++] = octets[i] ?? 0
  }

  goaway(lastStreamId: number, code: number): void {
    const out = this.#frame(FRAME_TYPES.goaway, 0, { streamId: 0, bytes: 8 })
    out.length = out.bytes.writeUInt32BE(lastStreamId, out.length)
    out.length = out.bytes.writeUInt32BE(code, out.length)
  }

  reset(streamId: number, code: number): void {
    const out = this.#frame(FRAME_TYPES.rstStream, 0, { streamId, bytes: 4 })
    out.length = out.bytes.writeUInt32BE(code, out.length)
  }

  windowUpdate(streamId: number, bytes: number): void {
    const out = this.#frame(FRAME_TYPES.windowUpdate, 0, { streamId, bytes: 4 })
    out.length = out.bytes.writeUInt32BE(bytes, out.length)
  }

  /** Octets that are no frame: the preface. */
  raw(octets: Uint8Array): void {
    const out = this.#open()
    out.reserve(octets.length)
    out.bytes.set(octets, out.length)
    out.length += octets.length
  }

  /** A header block is written behind what this answers; `closeHead` makes frames of it. */
  openHead(): ByteWriter {
    const out = this.#open()
    this.#headAt = out.length
    out.reserve(FRAME_HEAD_BYTES)
    out.length += FRAME_HEAD_BYTES
    return out
  }

  closeHead(streamId: number, flags: number): void {
    const out = this.#open()
    const at = this.#headAt
    const bytes = out.length - at - FRAME_HEAD_BYTES
    if (bytes <= FRAME_BYTES) {
      const type = FRAME_TYPES.headers
      return writeFrameHead(out.bytes, at, { bytes, type, flags: flags | FLAGS.endHeaders, streamId })
    }
    // RFC 9113 §6.2: what does not fit follows in CONTINUATION frames, and nothing between them.
    const block = Buffer.from(out.bytes.subarray(at + FRAME_HEAD_BYTES, out.length))
    out.length = at
    for (let from = 0; from < block.length; from += FRAME_BYTES) {
      const part = block.subarray(from, from + FRAME_BYTES)
      const type = from === 0 ? FRAME_TYPES.headers : FRAME_TYPES.continuation
      const isLast = from + FRAME_BYTES >= block.length
      const own = (from === 0 ? flags : 0) | (isLast ? FLAGS.endHeaders : 0)
      this.#frame(type, own, { streamId, bytes: part.length })
      this.raw(part)
    }
  }

  /** A DATA frame of so many octets; `data` and `text` bring them. */
  beginData(streamId: number, bytes: number, flags: number): void {
    const out = this.#open()
    this.#dataAt = out.length
    this.#dataStreamId = streamId
    out.reserve(FRAME_HEAD_BYTES)
    writeFrameHead(out.bytes, out.length, { bytes, type: FRAME_TYPES.data, flags, streamId })
    out.length += FRAME_HEAD_BYTES
  }

  data(chunk: Uint8Array): void {
    if (chunk.length <= COPIED_BYTES) return this.raw(chunk)
    this.#cutPiece()
    this.#pieces.push(chunk)
    this.#pieceBytes += chunk.length
  }

  /** Latin1. */
  text(text: string): void {
    const out = this.#open()
    out.reserve(text.length)
    out.length += out.bytes.write(text, out.length, 'latin1')
  }

  /** The stream's last DATA frame is its last of all; if it is gone already, an empty one is (RFC 9113 §6.1). */
  endStream(streamId: number): void {
    const at = this.#dataAt
    if (at === NONE || this.#dataStreamId !== streamId) {
      this.#frame(FRAME_TYPES.data, FLAGS.endStream, { streamId, bytes: 0 })
      return
    }
    const memory = at < this.#pieced ? this.#dataMemory : this.#open().bytes
    if (memory !== undefined) memory[at + 4] = (memory[at + 4] ?? 0) | FLAGS.endStream
  }

  #cutPiece(): void {
    const out = this.#open()
    if (out.length === this.#pieced) return
    if (this.#dataAt >= this.#pieced) this.#dataMemory = out.bytes
    this.#pieces.push(out.bytes.subarray(this.#pieced, out.length))
    this.#pieceBytes += out.length - this.#pieced
    this.#pieced = out.length
  }

  // Writing.

  onTurnEnd(): void {
    this.#isDue = false
    if (this.#isClosed) return
    this.#owner.onTurnEnd()
    this.flush()
  }

  /** Writes what was put together, if the peer takes it. */
  flush(): void {
    const buffer = this.#buffer
    if (buffer === undefined || this.#isClosed) return
    if (this.isBlocked) return this.#pauseIfCongested()
    const isBelowMark = this.#write(buffer)
    const waits = this.#port.writableLength > 0
    // What waits is still read from the buffer, unless it was copied.
    if (!waits || this.#leavesLater) giveBack(buffer)
    this.#buffer = undefined
    this.#leavesLater = waits
    // Node asks for a rest after every long write, also where the kernel has taken all of it.
    this.isBlocked = waits && !isBelowMark
    this.#owner.onWritten()
  }

  #write(buffer: ByteWriter): boolean {
    const port = this.#port
    const pieces = this.#pieces
    const tail = buffer.bytes.subarray(this.#pieced, buffer.length)
    this.#pieced = 0
    this.#dataAt = NONE
    if (pieces.length === 0) return tail.length === 0 || port.write(this.#leavesLater ? Buffer.from(tail) : tail)
    this.#pieces = []
    this.#pieceBytes = 0
    port.cork()
    let isBelowMark = true
    const memory = this.#leavesLater ? buffer.bytes.buffer : undefined
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Uint8Array
      isBelowMark = port.write(piece.buffer === memory ? Buffer.from(piece) : piece)
    }
    if (tail.length > 0) isBelowMark = port.write(this.#leavesLater ? Buffer.from(tail) : tail)
    port.uncork()
    return isBelowMark
  }

  #pauseIfCongested(): void {
    if (this.#isPaused || this.gatheredBytes + this.#port.writableLength < CONGESTED_BYTES) return
    this.#isPaused = true
    this.#port.pause()
  }

  /** The peer took what waited, and what gathered meanwhile went out. */
  resumeReading(): void {
    if (!this.#isPaused || this.isBlocked) return
    this.#isPaused = false
    this.#port.resume()
  }

  /** Nothing is written any more. */
  close(): void {
    this.#isClosed = true
    this.#buffer = undefined
    this.#pieces = []
  }
}

function giveBack(buffer: ByteWriter): void {
  buffer.reset()
  if (spares.length < MOST_SPARES && buffer.bytes.length <= MOST_KEPT_BYTES) spares.push(buffer)
}

interface FrameFacts {
  readonly bytes: number
  readonly type: number
  readonly flags: number
  readonly streamId: number
}

/** RFC 9113 §4.1. */
function writeFrameHead(octets: Buffer, at: number, { bytes, type, flags, streamId }: FrameFacts): void {
  octets[at] = bytes >>> 16
  octets[at + 1] = bytes >>> 8
  octets[at + 2] = bytes
  octets[at + 3] = type
  octets[at + 4] = flags
  octets[at + 5] = streamId >>> 24
  octets[at + 6] = streamId >>> 16
  octets[at + 7] = streamId >>> 8
  octets[at + 8] = streamId
}

/**
 * Owns the way from octets, cut anywhere, to frames (RFC 9113 §4.1): DATA goes on in the pieces in which it comes, any other frame
 * when it is whole.
 */
import { ByteWriter } from './byte-writer.ts'
import { ERROR_CODES, FLAGS, FRAME_HEAD_BYTES, FRAME_TYPES, type Http2Fault, readUint31 } from './frame.ts'

/** Who takes frames; their facts stand in the reader. None of the octets stay. */
export interface FrameSink {
  /** A frame begins. */
  onFrameHead(): void
  /** The whole payload of one that is not DATA. */
  onFrame(octets: Buffer, at: number, end: number): void
  /** A piece of a DATA frame's data; none of an empty one's. */
  onData(octets: Buffer, at: number, end: number): void
  /** A DATA frame ends; so much of it was padding. */
  onDataEnd(paddingBytes: number): void
  onFault(fault: Http2Fault): void
}

const FAULTS = {
  // RFC 9113 §6.1: padding as long as the payload or longer.
  padding: { code: ERROR_CODES.protocolError, reason: 'padding' },
  frame: { code: ERROR_CODES.frameSizeError, reason: 'data-padding-missing' },
} as const

const UNKNOWN = -1

export class FrameReader {
  type = 0
  flags = 0
  streamId = 0
  /** Of the payload, padding and all. */
  bytes = 0
  /** Set by the sink: nothing more is read. */
  isStopped = false
  readonly #sink: FrameSink
  readonly #head: Buffer = Buffer.alloc(FRAME_HEAD_BYTES)
  #headBytes = 0
  #isInPayload = false
  /** Of the payload, octets that did not come yet. */
  #leftBytes = 0
  /** Of a DATA frame, octets at its end that are padding. */
  #paddingBytes = 0
  /** A payload that comes in pieces. */
  #kept: ByteWriter | undefined

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  read(chunk: Buffer, from = 0): void {
    let at = from
    while (at < chunk.length && !this.isStopped) {
      if (!this.#isInPayload) {
        at = this.#readHead(chunk, at)
        if (!this.#isInPayload) return
        this.#sink.onFrameHead()
        if (this.isStopped) return
      }
      at = this.type === FRAME_TYPES.data ? this.#readData(chunk, at) : this.#readWhole(chunk, at)
    }
  }

  #readHead(chunk: Buffer, at: number): number {
    const known = this.#headBytes
    if (known === 0 && chunk.length - at >= FRAME_HEAD_BYTES) {
      this.#parseHead(chunk, at)
      return at + FRAME_HEAD_BYTES
    }
    const end = Math.min(chunk.length, at + FRAME_HEAD_BYTES - known)
    chunk.copy(this.#head, known, at, end)
    this.#headBytes = known + end - at
    if (this.#headBytes < FRAME_HEAD_BYTES) return end
    this.#headBytes = 0
    this.#parseHead(this.#head, 0)
    return end
  }

  #parseHead(octets: Buffer, at: number): void {
    this.bytes = ((octets[at] ?? 0) << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0)
    this.type = octets[at + 3] ?? 0
    this.flags = octets[at + 4] ?? 0
    this.streamId = readUint31(octets, at + 5)
    this.#leftBytes = this.bytes
    this.#isInPayload = true
    this.#paddingBytes = (this.flags & FLAGS.padded) !== 0 ? UNKNOWN : 0
  }

  #readWhole(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#leftBytes)
    this.#leftBytes -= end - at
    if (this.#leftBytes > 0 || this.#kept !== undefined) this.#keep(chunk, at, end)
    if (this.#leftBytes > 0) return end
    const kept = this.#kept
    this.#kept = undefined
    this.#isInPayload = false
    if (kept === undefined) this.#sink.onFrame(chunk, at, end)
    else this.#sink.onFrame(kept.bytes, 0, kept.length)
    return end
  }

  #keep(chunk: Buffer, at: number, end: number): void {
    this.#kept ??= new ByteWriter(this.bytes)
    const kept = this.#kept
    chunk.copy(kept.bytes, kept.length, at, end)
    kept.length += end - at
  }

  #readData(chunk: Buffer, at: number): number {
    if (this.#paddingBytes === UNKNOWN) {
      if (this.bytes === 0) return this.#refuse(FAULTS.frame, chunk)
      if (at === chunk.length) return at
      this.#paddingBytes = chunk[at++] ?? 0
      this.#leftBytes--
      if (this.#paddingBytes > this.#leftBytes) return this.#refuse(FAULTS.padding, chunk)
    }
    const end = Math.min(chunk.length, at + this.#leftBytes)
    const dataEnd = Math.min(end, at + this.#leftBytes - this.#paddingBytes)
    this.#leftBytes -= end - at
    if (dataEnd > at) this.#sink.onData(chunk, at, dataEnd)
    if (this.#leftBytes > 0 || this.isStopped) return end
    this.#isInPayload = false
    this.#sink.onDataEnd((this.flags & FLAGS.padded) === 0 ? 0 : this.#paddingBytes + 1)
    return end
  }

  #refuse(fault: Http2Fault, chunk: Buffer): number {
    this.#sink.onFault(fault)
    return chunk.length
  }
}

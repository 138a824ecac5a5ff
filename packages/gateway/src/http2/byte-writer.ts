/** Owns octets that are put together: memory that grows and is used again. */

/** A usual head's field block or a few frames; room for more is made when it is asked for. */
const FIRST_BYTES = 1024

/**
 * Whoever writes asks for room first (`reserve`) and then puts octets at `bytes[length++]` itself: a call for each octet would
 * cost more than the octet.
 */
export class ByteWriter {
  /** The first `length` octets of it count. Another one after each `reserve`. */
  bytes: Buffer
  length = 0

  constructor(bytes: number = FIRST_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }

  /** Forgets what was written; the memory stays. */
  reset(): void {
    this.length = 0
  }

  /** Makes room for so many more octets. */
  reserve(more: number): void {
    const needed = this.length + more
    if (needed > this.bytes.length) this.#grow(needed)
  }

  /** What was written, in this writer's memory: it holds until the next write. */
  view(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** The room doubles, so that many small writes are copied a few times only. */
  #grow(needed: number): void {
    const roomier = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(roomier, 0, 0, this.length)
    this.bytes = roomier
  }
}

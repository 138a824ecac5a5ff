/**
 * Owns the memory that sockets are read into: one buffer a thread for heads and small messages, private ones for streams.
 *
 * Node's own way is a fresh 64 KiB for every read, cut to size afterwards and left to the garbage collector: measured, that was
 * a fifth of a proxied request's CPU and most of a busy thread's memory. Reading is synchronous, so the shared buffer is free
 * again when its callback returns; what outlives the callback is copied (`own`), or was read into private memory.
 */

/** What libuv offers a read at most. */
const READ_BYTES = 65_536
/**
 * A stream whose reads are this long gets private memory for the next one, which saves copying it. Events, frames and slow
 * uploads are shorter: they are copied, because the next read may be an hour away and would hold 64 KiB all the while.
 */
const PRIVATE_FROM_BYTES = 16_384

const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** Where one socket's next bytes go. */
export class ReadBuffer {
  #isStreaming = false
  #current: Buffer = shared
  #lastBytes = 0

  /** What comes now is kept by its reader: long reads go into memory of their own. */
  startStreaming(): void {
    this.#isStreaming = true
  }

  stopStreaming(): void {
    this.#isStreaming = false
  }

  /** Node asks after every read. */
  readonly next = (): Buffer => {
    const isPrivate = this.#isStreaming && this.#lastBytes >= PRIVATE_FROM_BYTES
    this.#current = isPrivate ? Buffer.allocUnsafeSlow(READ_BYTES) : shared
    return this.#current
  }

  /** The bytes that were just read; gone when the callback returns, unless `own` is asked for. */
  take(length: number): Buffer {
    this.#lastBytes = length
    return this.#current.subarray(0, length)
  }

  /** The same bytes in memory that stays. */
  own(chunk: Buffer): Buffer {
    return chunk.buffer === shared.buffer ? Buffer.from(chunk) : chunk
  }
}

/**
 * Owns the memory that sockets are read into: one buffer a thread for heads and small messages, private ones for streams.
 *
 * Node's own way is a fresh 64 KiB for every read, cut to size afterwards and left to the garbage collector: measured, that was
 * a fifth of a proxied request's CPU and most of a busy thread's memory. Reading is synchronous, so the shared buffer is free
 * again when its callback returns; what outlives the callback is copied (`own`), or was read into private memory.
 */

/** What libuv offers a read at most. */
const READ_BYTES = 65_536

const shared = Buffer.allocUnsafeSlow(READ_BYTES)

/** Where one socket's next bytes go. */
export class ReadBuffer {
  #isStreaming = false
  #current: Buffer = shared

  /** From the next read on: memory that its reader may keep. */
  startStreaming(): void {
    this.#isStreaming = true
  }

  stopStreaming(): void {
    this.#isStreaming = false
  }

  /** Node asks after every read. */
  readonly next = (): Buffer => {
    if (this.#isStreaming) this.#current = Buffer.allocUnsafeSlow(READ_BYTES)
    else this.#current = shared
    return this.#current
  }

  /** The bytes that were just read; gone when the callback returns, unless `own` is asked for. */
  take(length: number): Buffer {
    return this.#current.subarray(0, length)
  }

  /** The same bytes in memory that stays. */
  own(chunk: Buffer): Buffer {
    return chunk.buffer === shared.buffer ? Buffer.from(chunk) : chunk
  }
}

/**
 * Owns the memory that sockets are read into: one buffer a thread for heads and small messages, private ones for streams.
 *
 * Node's own way is a fresh 64 KiB for every read, cut to size afterwards and left to the garbage collector: measured, that was
 * a fifth of a proxied request's CPU and most of a busy thread's memory. Reading is synchronous, so the shared buffer is free
 * again when its callback returns; what outlives the callback is copied (`own`), or was read into private memory.
 */
import { BytesBody } from '@gatewright/policies'
import { toLatin1 } from '../http1/latin1.ts'

/** What libuv offers a read at most. */
const READ_BYTES = 65_536
/**
 * A stream whose reads are this long gets private memory for the next one, which saves copying it. Events, frames and slow
 * uploads are shorter: they are copied, because the next read may be an hour away and would hold 64 KiB all the while.
 */
const PRIVATE_FROM_BYTES = 16_384

/** Up to here a body that came whole stays text: one string write later, without an allocation (Node's stack buffer for string writes). */
const TEXT_BYTES = 16_384

/** Private memory that nobody looks at any more, for whoever needs some next: 1 MiB a thread at most. */
const MOST_SPARES = 16

const shared = Buffer.allocUnsafeSlow(READ_BYTES)
const spares: Buffer[] = []

/** New memory outside the heap makes V8 collect the whole heap again and again: measured, a third of the CPU of large answers. */
function takeSpare(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
}

function putSpare(memory: Buffer): void {
  if (spares.length < MOST_SPARES) spares.push(memory)
}

/** Where one socket's next bytes go. */
export class ReadBuffer {
  #isStreaming = false
  #current: Buffer = shared
  #lastBytes = 0
  /** How often bytes of the private memory were handed out to be kept, less how often they were given back. */
  #keepers = 0
  /** The memory that the last long read of the shared buffer was copied to. */
  #copied: Buffer | undefined

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
    const mayReuse = this.#current !== shared && this.#keepers === 0
    if (isPrivate && mayReuse) return this.#current
    if (mayReuse) putSpare(this.#current)
    this.#current = isPrivate ? takeSpare() : shared
    this.#keepers = 0
    return this.#current
  }

  /** The bytes that were just read; gone when the callback returns, unless `own` is asked for. */
  take(length: number): Buffer {
    this.#lastBytes = length
    return this.#current.subarray(0, length)
  }

  /** The same bytes in memory that stays until it is given back, if ever. */
  own(chunk: Buffer): Buffer {
    if (chunk.buffer !== shared.buffer) {
      this.#keepers++
      return chunk
    }
    if (chunk.length < PRIVATE_FROM_BYTES) return Buffer.from(chunk)
    this.#copied = takeSpare()
    chunk.copy(this.#copied)
    return this.#copied.subarray(0, chunk.length)
  }

  /** A body that was read whole stands in `chunk[at, end)`. */
  toBody(chunk: Buffer, at: number, end: number): BytesBody {
    if (end - at <= TEXT_BYTES) return new BytesBody({ latin1: toLatin1(chunk, at, end) })
    return new BytesBody(this.own(chunk.subarray(at, end)))
  }

  /** What the last `own` answered is not looked at any more: what is read next may go where it was. */
  giveBack(chunk: Buffer): void {
    if (this.#copied !== undefined && chunk.buffer === this.#copied.buffer) {
      putSpare(this.#copied)
      this.#copied = undefined
    } else if (chunk.buffer === this.#current.buffer && this.#keepers > 0) {
      this.#keepers--
    }
  }
}

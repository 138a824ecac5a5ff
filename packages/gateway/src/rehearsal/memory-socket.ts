/** Owns a client's connection without a network: what a connection writes is kept, and nothing ever waits. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** As much of a socket as connections and tunnels use. */
export class MemorySocket extends EventEmitter {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly writableLength = 0
  bytesRead = 0
  isDestroyed = false
  readonly #written: Buffer[] = []

  constructor(remoteAddress: string, remotePort: number) {
    super()
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }

  /** Of the type that connections ask for. */
  asSocket(): Socket {
    return this as unknown as Socket
  }

  /** Everything written so far. */
  get written(): Buffer {
    return Buffer.concat(this.#written)
  }

  /** The client sends. */
  receive(bytes: Buffer): void {
    this.bytesRead += bytes.length
    this.emit('data', bytes)
  }

  write(chunk: string | Uint8Array, encoding: BufferEncoding = 'utf8'): boolean {
    // Bytes are copied: their owner may use the memory again.
    if (!this.isDestroyed) this.#written.push(Buffer.from(chunk as string, encoding))
    return true
  }

  end(): this {
    return this
  }

  destroy(): this {
    this.isDestroyed = true
    return this
  }

  destroySoon(): void {
    this.destroy()
  }

  resetAndDestroy(): this {
    return this.destroy()
  }

  cork(): void {}
  uncork(): void {}
  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  pause(): this {
    return this
  }

  resume(): this {
    return this
  }
}

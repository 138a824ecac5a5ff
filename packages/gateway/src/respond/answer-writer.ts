/** Owns a streaming answer's body on its way to a client: framing, backpressure, and a broken body that shows as broken. */
import type { Socket } from 'node:net'
import type { BodySink, HeaderList } from '@gatewright/policies'
import { writeChunk, writeLastChunk } from '../http1/chunk-writer.ts'

export interface AnswerListener {
  onBodyWritten(): void
  onBodyBroken(reason: unknown): void
  /** The client does not take more for now. */
  onClientSlow(): void
}

export class AnswerWriter implements BodySink {
  readonly #socket: Socket
  readonly #isChunked: boolean
  readonly #listener: AnswerListener
  writtenBytes = 0
  isEnded = false

  constructor(socket: Socket, isChunked: boolean, listener: AnswerListener) {
    this.#socket = socket
    this.#isChunked = isChunked
    this.#listener = listener
  }

  write(chunk: Uint8Array): boolean {
    if (this.isEnded || chunk.length === 0) return !this.isEnded
    this.writtenBytes += chunk.length
    const isReady = this.#isChunked ? writeChunk(this.#socket, chunk) : this.#socket.write(chunk)
    if (!isReady) this.#listener.onClientSlow()
    return isReady
  }

  end(trailers?: HeaderList): void {
    if (this.isEnded) return
    this.isEnded = true
    if (this.#isChunked) writeLastChunk(this.#socket, trailers)
    this.#listener.onBodyWritten()
  }

  /** The client must not take what came for the whole, so the connection breaks as the body did. */
  abort(reason: unknown): void {
    if (this.isEnded) return
    this.isEnded = true
    this.#listener.onBodyBroken(reason)
  }
}

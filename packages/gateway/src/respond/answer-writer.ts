/** Owns a streaming answer's body on its way to a client: framing, backpressure, and a broken body that shows as broken. */
import type { Socket } from 'node:net'
import type { BodySink, HeaderList } from '@gatewright/policies'
import { writeChunk, writeLastChunk } from '../http1/chunk-writer.ts'
import type { AnswerFraming } from './response-head.ts'

export interface AnswerListener {
  onBodyWritten(): void
  onBodyBroken(reason: unknown): void
  /** The client does not take more for now. */
  onClientSlow(): void
}

/** Head and body in one write to the kernel. */
export function writeWhole(socket: Socket, head: string, body: Uint8Array): void {
  socket.cork()
  socket.write(head, 'latin1')
  socket.write(body)
  socket.uncork()
}

export class AnswerWriter implements BodySink {
  readonly #socket: Socket
  readonly #framing: AnswerFraming
  readonly #listener: AnswerListener
  writtenBytes = 0
  isEnded = false
  isBroken = false

  constructor(socket: Socket, framing: AnswerFraming, listener: AnswerListener) {
    this.#socket = socket
    this.#framing = framing
    this.#listener = listener
  }

  /** The kernel took all of it. */
  get holdsNothing(): boolean {
    return this.#socket.writableLength === 0
  }

  write(chunk: Uint8Array): boolean {
    if (this.isEnded || chunk.length === 0) return !this.isEnded
    const framing = this.#framing
    const writtenBytes = this.writtenBytes + chunk.length
    // A client would read what is too much as its next answer (RFC 9112 §6.3).
    if (framing.kind === 'length' && writtenBytes > framing.bytes) {
      this.abort(toLengthFault(framing.bytes, writtenBytes))
      return false
    }
    this.writtenBytes = writtenBytes
    const isBelowMark = framing.kind === 'chunked' ? writeChunk(this.#socket, chunk) : this.#socket.write(chunk)
    // Node asks for a rest after every long write, also where the kernel has taken all of it.
    if (isBelowMark || this.holdsNothing) return true
    this.#listener.onClientSlow()
    return false
  }

  end(trailers?: HeaderList): void {
    if (this.isEnded) return
    const framing = this.#framing
    if (framing.kind === 'length' && this.writtenBytes < framing.bytes) {
      return this.abort(toLengthFault(framing.bytes, this.writtenBytes))
    }
    this.isEnded = true
    if (framing.kind === 'chunked') writeLastChunk(this.#socket, trailers)
    this.#listener.onBodyWritten()
  }

  /** The client must not take what came for the whole, so the connection breaks as the body did. */
  abort(reason: unknown): void {
    if (this.isEnded) return
    this.isEnded = true
    this.isBroken = true
    this.#listener.onBodyBroken(reason)
  }
}

/** Bodies of targets are as long as they say; one that a policy made may not be. */
function toLengthFault(bytes: number, writtenBytes: number): RangeError {
  return new RangeError(`a body says that it holds ${bytes} bytes, and holds ${writtenBytes} or more`)
}

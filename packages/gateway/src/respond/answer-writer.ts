/** Owns a streaming answer's body on its way to a client: framing, backpressure, and a broken body that shows as broken. */
import type { Socket } from 'node:net'
import type { BodySink, HeaderList } from '@gatewright/policies'
import { createFieldMask, serializeFields } from '../http1/serialize-head.ts'

const CRLF = Buffer.from('\r\n')
const NOTHING_DROPPED = createFieldMask([])

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
    const socket = this.#socket
    this.writtenBytes += chunk.length
    let isReady: boolean
    if (this.#isChunked) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      isReady = socket.write(CRLF)
      socket.uncork()
    } else {
      isReady = socket.write(chunk)
    }
    if (!isReady) this.#listener.onClientSlow()
    return isReady
  }

  end(trailers?: HeaderList): void {
    if (this.isEnded) return
    this.isEnded = true
    if (this.#isChunked) {
      const fields = trailers === undefined ? '' : serializeFields(trailers, NOTHING_DROPPED)
      this.#socket.write(`0\r\n${fields}\r\n`, 'latin1')
    }
    this.#listener.onBodyWritten()
  }

  /** The client must not take what came for the whole, so the connection breaks as the body did. */
  abort(reason: unknown): void {
    if (this.isEnded) return
    this.isEnded = true
    this.#listener.onBodyBroken(reason)
  }
}

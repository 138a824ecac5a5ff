/** Owns a stream of HTTP/2 that became a tunnel (RFC 8441 §5): DATA frames, as a socket of which tunnels need not know. */
import { Duplex } from 'node:stream'
import { ERROR_CODES } from '../http2/frame.ts'
import type { Http2Stream, StreamListener } from '../http2/http2-stream.ts'
import type { TunnelSocket } from './tunnel-end.ts'

export class StreamSocket extends Duplex implements TunnelSocket, StreamListener {
  readonly #stream: Http2Stream
  #written: (() => void) | undefined

  /** `onOver`: the stream is of no more use. */
  constructor(stream: Http2Stream, onOver: () => void) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    stream.listener = this
    this.once('close', onOver)
    if (stream.isClosed) this.destroy()
    else if (stream.isReceiveEnded) this.push(null)
  }

  onData(chunk: Buffer): void {
    // What is not taken is not given back of the window: this holds no more than that.
    this.push(Buffer.from(chunk))
    if (this.readableFlowing !== false) this.#give(chunk.length)
    else this.#owedBytes += chunk.length
  }

  #owedBytes = 0

  #give(bytes: number): void {
    this.#stream.consumed(bytes + this.#owedBytes)
    this.#owedBytes = 0
  }

  onEnd(): void {
    this.push(null)
  }

  onWritable(): void {
    const written = this.#written
    this.#written = undefined
    written?.()
  }

  onReset(): void {
    this.destroy()
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy()
    else this.end(() => this.destroy())
  }

  override _read(): void {
    if (this.#owedBytes > 0) this.#give(0)
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    if (this.#stream.write(chunk)) done()
    else this.#written = done
  }

  override _final(done: () => void): void {
    this.#stream.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.listener = undefined
    // RFC 8441 §5: an end in order is END_STREAM; anything else is CANCEL, as a reset of TCP would be.
    if (!this.#stream.isSendEnded) this.#stream.reset(ERROR_CODES.cancel)
    done(error)
  }
}

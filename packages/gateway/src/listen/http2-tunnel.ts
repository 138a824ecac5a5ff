/** Owns a stream of HTTP/2 that became a tunnel (RFC 8441 §5): a WebSocket's bytes in DATA frames, as a socket of which tunnels need not know. */
import { createHash } from 'node:crypto'
import { Duplex } from 'node:stream'
import { type GatewayResponse, HeaderList } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { ERROR_CODES } from '../http2/frame.ts'
import type { Http2Stream, StreamListener } from '../http2/http2-stream.ts'
import { writeAnswerHead } from '../respond/http2-head.ts'
import type { ClientTunnelEnd, TunnelSocket } from '../sockets/tunnel-end.ts'

interface TunnelParts {
  /** What the upstream had to answer to; '' where nothing was asked. */
  readonly webSocketKey: string
  /** The stream is of no more use. */
  readonly onOver: () => void
}

export function openHttp2Tunnel(stream: Http2Stream, { webSocketKey, onOver }: TunnelParts): ClientTunnelEnd {
  const socket = new StreamSocket(stream, onOver)
  return {
    socket,
    rest: Buffer.alloc(0),
    accept(exchange, response) {
      if (webSocketKey !== '' && response.headers.get('sec-websocket-accept') !== toAccept(webSocketKey)) return false
      sayAccepted(stream, exchange, response)
      return true
    },
    readWith(reader) {
      socket.on('data', reader)
    },
    release() {},
  }
}

/** RFC 8441 §5: a 200 does what the 101 of HTTP/1.1 does, and says nothing that belonged to that. */
function sayAccepted(stream: Http2Stream, exchange: GatewayExchange, response: GatewayResponse): void {
  const headers = HeaderList.of([...response.headers])
  for (const name of ['sec-websocket-accept', 'upgrade', 'connection', 'content-length']) headers.delete(name)
  response.headers = headers
  response.status = 200
  writeAnswerHead(stream.beginHead(), exchange, { response, framing: { kind: 'chunked' } })
  stream.sendHead({ endsStream: false })
}

/** RFC 6455 §4.2.2. */
function toAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

class StreamSocket extends Duplex implements TunnelSocket, StreamListener {
  readonly #stream: Http2Stream
  #written: (() => void) | undefined

  constructor(stream: Http2Stream, onOver: () => void) {
    super({ allowHalfOpen: true })
    this.#stream = stream
    stream.listener = this
    this.once('close', onOver)
    if (stream.isClosed) this.destroy()
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

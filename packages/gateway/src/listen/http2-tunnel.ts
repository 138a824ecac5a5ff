/** Owns the client's half of a tunnel on a stream of HTTP/2 (RFC 8441 §5): what came before it was open, and the 200 that opens it. */
import { type GatewayResponse, HeaderList } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { Http2Stream } from '../http2/http2-stream.ts'
import { writeAnswerHead } from '../respond/http2-head.ts'
import { StreamSocket } from '../sockets/stream-socket.ts'
import type { ClientTunnelEnd } from '../sockets/tunnel-end.ts'

interface TunnelParts {
  /** What came before it was open. */
  readonly early: readonly Buffer[]
  /** The stream is of no more use. */
  readonly onOver: () => void
}

export function openHttp2Tunnel(stream: Http2Stream, { early, onOver }: TunnelParts): ClientTunnelEnd {
  const socket = new StreamSocket(stream, onOver)
  const rest = Buffer.concat(early)
  stream.consumed(rest.length)
  return {
    socket,
    rest,
    accept(exchange, response) {
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

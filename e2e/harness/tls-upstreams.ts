/** Owns upstreams that are reached over TLS: servers that are not the gateway's own code, each with something to prove, or to hide. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { IssuedCertificate } from '../../packages/gateway/src/certificates/test-authority.fixture.ts'

export class TlsUpstream {
  readonly #server: Server | HttpsServer
  readonly #sockets: Socket[] = []

  private constructor(server: Server | HttpsServer) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#sockets.push(socket)
      socket.on('error', () => {})
    })
  }

  /** HTTP by Node, with this certificate. */
  static async listen(
    { certPem: cert, keyPem: key }: IssuedCertificate,
    options: ServerOptions = {},
  ): Promise<TlsUpstream> {
    const server = createHttpsServer({ cert, key, ...options }, (request, response) => {
      answer(request, response, upstream.#sockets)
    })
    const upstream = new TlsUpstream(server)
    await upstream.#begin()
    return upstream
  }

  /** It takes connections, and says nothing. */
  static async listenInSilence(): Promise<TlsUpstream> {
    const upstream = new TlsUpstream(createServer())
    await upstream.#begin()
    return upstream
  }

  get server(): Server | HttpsServer {
    return this.#server
  }

  get connections(): number {
    return this.#sockets.length
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** By this name or address. */
  toUrl(host = '127.0.0.1'): string {
    return `https://${host}:${this.port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #begin(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }
}

const CLOSING = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello'

function answer(request: IncomingMessage, response: ServerResponse, sockets: readonly Socket[]): void {
  const socket = request.socket as TLSSocket
  const path = (request.url ?? '').replace(/^.*\//, '')
  switch (path) {
    case 'echo':
      request.pipe(response)
      break
    case 'session':
      response.setHeader('Connection', 'close')
      response.end(socket.isSessionReused() ? 'resumed' : 'new')
      break
    case 'moved':
      response.writeHead(302, { Location: `https://${request.headers.host}/elsewhere` })
      response.end()
      break
    case 'closed':
      socket.end(CLOSING)
      break
    case 'cut':
      // The TCP connection ends, and TLS does not say so.
      socket.write(CLOSING, () => sockets.find(({ remotePort }) => remotePort === socket.remotePort)?.end())
      break
    default:
      response.end(
        JSON.stringify({
          name: socket.servername,
          protocol: socket.getProtocol(),
          shown: socket.getPeerCertificate().subject?.CN ?? 'nothing',
          host: request.headers.host,
          proto: request.headers['x-forwarded-proto'],
        }),
      )
  }
}

/** Owns targets on the loopback that speak HTTP/2 by `node:http2`, which is not the gateway's own code. */
import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'

export interface SeenStream {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Number of its connection, from 1. */
  readonly connection: number
}

export type Serve = (seen: SeenStream) => void

export const sayOk: Serve = ({ stream }) => {
  stream.respond({ ':status': 200 })
  stream.end('ok')
}

/** A server that is not the gateway's own code. */
export class Http2Target {
  readonly seen: SeenStream[] = []
  readonly sessions: ServerHttp2Session[] = []
  readonly sockets: Socket[] = []
  serve: Serve = sayOk
  readonly #server: Http2Server
  readonly #scheme: string
  readonly #waiting = new Waiting()

  private constructor(server: Http2Server, scheme: string) {
    this.#server = server
    this.#scheme = scheme
    server.on('connection', (socket: Socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#waiting.look())
    })
    server.on('sessionError', () => {})
    server.on('session', (session) => {
      const connection = this.sessions.push(session)
      session.on('error', () => {})
      session.on('stream', (stream, headers) => {
        stream.on('error', () => {})
        stream.on('close', () => this.#waiting.look())
        const seen = { stream, headers, connection }
        this.seen.push(seen)
        this.serve(seen)
        this.#waiting.look()
      })
    })
  }

  /** Over TLS, if there is a certificate. */
  static async listen(options: ServerOptions | SecureServerOptions = {}, port = 0): Promise<Http2Target> {
    const isSecure = 'cert' in options
    const server = isSecure ? createSecureServer(options) : createServer(options)
    const target = new Http2Target(server as Http2Server, isSecure ? 'https' : 'http')
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return target
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  get openConnections(): number {
    return this.sockets.filter((socket) => !socket.closed).length
  }

  /** Until it holds; looked at whenever a stream or a connection came or ended. */
  until(holds: () => boolean): Promise<void> {
    return this.#waiting.until(holds)
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy()
    for (const socket of this.sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }
}

class Waiting {
  #all: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#all.push({ holds, resolve }))
  }

  look(): void {
    const due = this.#all.filter(({ holds }) => holds())
    this.#all = this.#all.filter((waiting) => !due.includes(waiting))
    for (const { resolve } of due) resolve()
  }
}

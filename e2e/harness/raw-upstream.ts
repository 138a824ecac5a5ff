/** Owns an upstream that is nothing but sockets: it reads requests strictly, keeps what it saw, and does what its script says. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { decodeChunks, toField } from './answer.ts'
import { until } from './deadline.ts'

export interface SeenRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly trailers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** One connection from the gateway. */
export interface UpstreamConnection {
  readonly socket: Socket
  /** Every byte that came and is no part of a complete request yet. */
  seen: Buffer
  /** Requests that came completely. */
  readonly requests: SeenRequest[]
  /** Why the bytes are no HTTP, should that be so. */
  fault: Error | undefined
  isClosed: boolean
}

export interface Script {
  /** As soon as bytes have come, before any request is complete. */
  onData?(connection: UpstreamConnection): void
  /** For each complete request. */
  onRequest?(request: SeenRequest, connection: UpstreamConnection): void
}

export class RawUpstream {
  readonly connections: UpstreamConnection[] = []
  readonly #server: Server

  private constructor(script: Script) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, script))
  }

  static async listen(script: Script): Promise<RawUpstream> {
    const upstream = new RawUpstream(script)
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get requests(): SeenRequest[] {
    return this.connections.flatMap((connection) => connection.requests)
  }

  /** The newest connection that satisfies `holds`, as soon as there is one. */
  connectionThat(holds: (connection: UpstreamConnection) => boolean, what: string): Promise<UpstreamConnection> {
    return until(() => this.connections.findLast(holds), what)
  }

  /** Forgets the requests; the connections live on. */
  forget(): void {
    for (const { requests } of this.connections) requests.length = 0
  }

  async close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket, script: Script): void {
    const connection: UpstreamConnection = {
      socket,
      seen: Buffer.alloc(0),
      requests: [],
      fault: undefined,
      isClosed: false,
    }
    this.connections.push(connection)
    socket.on('data', (chunk: Buffer) => {
      connection.seen = connection.seen.length === 0 ? chunk : Buffer.concat([connection.seen, chunk])
      script.onData?.(connection)
      try {
        for (;;) {
          const next = parseRequest(connection.seen)
          if (next === undefined) break
          connection.seen = connection.seen.subarray(next.end)
          connection.requests.push(next.request)
          script.onRequest?.(next.request, connection)
        }
      } catch (error) {
        connection.fault = error as Error
        socket.destroy()
      }
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => {
      connection.isClosed = true
    })
  }
}

/** undefined: more bytes are needed. */
export function parseRequest(bytes: Buffer): { request: SeenRequest; end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [line = '', ...rest] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const parts = /^(\S+) (\S+) (HTTP\/1\.[01])$/.exec(line)
  if (parts === null) throw new Error(`bad request line ${JSON.stringify(line)}`)
  const fields = rest.map(toField)
  const head = { method: parts[1]!, target: parts[2]!, version: parts[3]!, fields }
  const lengths = fields.filter(([name]) => name.toLowerCase() === 'content-length')
  const codings = fields.filter(([name]) => name.toLowerCase() === 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Error('a request framed twice')
  const bodyAt = headEnd + 4
  if (codings.length > 0) {
    const decoded = decodeChunks(bytes, bodyAt)
    return decoded && { request: { ...head, body: decoded.body, trailers: decoded.trailers }, end: decoded.end }
  }
  const end = bodyAt + Number(lengths[0]?.[1] ?? 0)
  if (bytes.length < end) return undefined
  return { request: { ...head, body: bytes.subarray(bodyAt, end), trailers: [] }, end }
}

/** Answers 200 and tells in the field `X-Saw` what it saw, so that every client learns what became of its own request. */
export function listenAsWitness(): Promise<RawUpstream> {
  return RawUpstream.listen({
    onRequest({ method, target, fields, body, trailers }, { socket }) {
      const saw = { method, target, fields, body: body.toString('latin1'), trailers }
      const told = Buffer.from(JSON.stringify(saw)).toString('base64url')
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Saw: ${told}\r\n\r\n`)
    },
  })
}

export interface Testimony {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
}

export function parseTestimony(told: string): Testimony {
  return JSON.parse(Buffer.from(told, 'base64url').toString()) as Testimony
}

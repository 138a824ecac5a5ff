/** Owns an upstream of Node's own HTTP/1.1 server that does what the path says, and counts what it is doing. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What it says of a request, as JSON. */
export interface Seen {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Names in lower case, one value each. */
  readonly fields: Readonly<Record<string, string>>
  readonly trailers: Readonly<Record<string, string>>
  readonly bodyBytes: number
  readonly bodyHash: string
}

type Way = (this: VersatileUpstream, request: IncomingMessage, response: ServerResponse) => void | Promise<void>

const WAYS: Readonly<Record<string, Way>> = {
  /** Says what it saw, once it saw all of it. */
  async saw(request, response) {
    const hash = createHash('sha256')
    let bodyBytes = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bodyBytes += chunk.length
    }
    const { method, url: target, httpVersion: version, headers: fields, trailers } = request
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ method, target, version, fields, trailers, bodyBytes, bodyHash: hash.digest('hex') }))
  },
  /** What comes goes back, and trailers likewise. */
  echo(request, response) {
    response.setHeader('Trailer', 'X-Echoed')
    request.on('end', () => response.addTrailers({ 'X-Echoed': request.trailers['x-said'] ?? 'nothing' }))
    request.pipe(response)
  },
  /** As many octets as the query says; no faster than they are taken. */
  async bytes(request, response) {
    const bytes = Number(new URL(request.url ?? '', 'http://a').searchParams.get('n'))
    response.setHeader('Content-Length', bytes)
    for (let at = 0; at < bytes; at += PATTERN.length) {
      const piece = PATTERN.subarray(0, bytes - at)
      this.sentBytes += piece.length
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')])
      if (response.destroyed) return
    }
    response.end()
  },
  /** Reads nothing before `release`. */
  unread(request, response) {
    this.held.push(() => request.on('data', (chunk: Buffer) => (this.receivedBytes += chunk.length)))
    request.on('end', () => response.end('read'))
  },
  /** Answers only after `release`. */
  hold(request, response) {
    request.resume()
    this.held.push(() => response.end('released'))
  },
  /** Says its head and nothing more before `release`. */
  half(request, response) {
    request.resume()
    response.write('half')
    this.held.push(() => response.end(' whole'))
  },
  hints(_, response) {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('hinted'))
  },
  status(request, response) {
    request.resume()
    response.writeHead(Number(request.url?.split('/')[2]), { ETag: '"a"' })
    response.end()
  },
  /** Two cookies, and fields of a connection that are not to be seen behind the gateway. */
  fields(request, response) {
    request.resume()
    response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/'])
    response.setHeader('Connection', 'keep-alive, X-Mine')
    response.setHeader('X-Mine', 'private')
    response.setHeader('X-UPPER', 'Case')
    response.end('fields')
  },
  /** Events that come when `release` says so. */
  events(_, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.flushHeaders()
    let sent = 0
    const next = (): void => {
      response.write(`id: ${++sent}\ndata: event ${sent}\n\n`)
      this.held.push(next)
    }
    this.held.push(next)
  },
  /** Promises more than it says. */
  cut(request, response) {
    response.writeHead(200, { 'Content-Length': 1000 })
    response.write('a part', () => request.socket.destroy())
  },
}

const PATTERN = Buffer.alloc(65_536, 'abcdefghijklmnopqrstuvwxyz0123456789')

/** SHA-256 in hexadecimal of what `/bytes?n=` sends. */
export function hashOfBytes(bytes: number): string {
  const hash = createHash('sha256')
  for (let at = 0; at < bytes; at += PATTERN.length) hash.update(PATTERN.subarray(0, bytes - at))
  return hash.digest('hex')
}

export class VersatileUpstream {
  readonly #server: Server
  /** What waits for `release`, oldest first. */
  readonly held: (() => void)[] = []
  sentBytes = 0
  receivedBytes = 0
  /** Requests that began, and those of them that are under way. */
  begun = 0
  underWay = 0

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.begun++
      this.underWay++
      request.on('error', () => {})
      response.on('error', () => {})
      response.on('close', () => this.underWay--)
      const way = WAYS[/^\/([a-z]*)/.exec(request.url ?? '')?.[1] ?? ''] ?? WAYS.saw
      void Promise.resolve(way?.call(this, request, response)).catch(() => response.destroy())
    })
    this.#server.requestTimeout = 0
  }

  static async listen(): Promise<VersatileUpstream> {
    const upstream = new VersatileUpstream()
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Connections from the gateway. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
    })
  }

  release(): void {
    for (const go of this.held.splice(0)) go()
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

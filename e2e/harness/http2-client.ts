/** Owns clients of HTTP/2 by Node's own engine, which is not the gateway's: with TLS or with prior knowledge, and whole answers. */
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
} from 'node:http2'
import type { Readable } from 'node:stream'
import { within } from './deadline.ts'

export type Headers = Readonly<Record<string, string | string[] | number>>

export interface Http2Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
  readonly trailers: Headers | undefined
  /** Those before it (1xx). */
  readonly interim: readonly Headers[]
}

export interface Asked {
  readonly method?: string
  readonly headers?: Headers
  readonly body?: string | Buffer | Readable
  /** Said behind the body. */
  readonly trailers?: Headers
}

/** A stream that ended before its answer was whole. */
export class StreamBroken extends Error {
  readonly code: number
  readonly status: number

  constructor(code: number, status: number) {
    super(`the stream ended with code ${code} after status ${status}`)
    this.code = code
    this.status = status
  }
}

export class Http2Client {
  readonly session: ClientHttp2Session
  /** Codes of GOAWAY frames that came. */
  readonly goaways: number[] = []
  isClosed = false

  private constructor(session: ClientHttp2Session) {
    this.session = session
    session.on('goaway', (code) => this.goaways.push(code))
    session.on('error', () => {})
    session.on('close', () => {
      this.isClosed = true
    })
  }

  static async connect(
    port: number,
    {
      isSecure = false,
      ...options
    }: ClientSessionOptions & { isSecure?: boolean; localAddress?: string; servername?: string } = {},
  ): Promise<Http2Client> {
    // Node refuses further streams of its own once so many megabytes of others wait.
    const given = { rejectUnauthorized: false, servername: 'localhost', maxSessionMemory: 1000, ...options }
    const client = new Http2Client(connect(`${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`, given))
    await within(once(client.session, 'remoteSettings'), 'the SETTINGS of the gateway')
    return client
  }

  /** Opens a stream; `endStream`: there is no body. */
  open(path: string, { method = 'GET', headers = {} }: Asked = {}, endStream = true): ClientHttp2Stream {
    const stream = this.session.request(
      { ':method': method, ':path': path, ':authority': 'a', ...headers },
      { endStream },
    )
    stream.on('error', () => {})
    return stream
  }

  ask(path: string, asked: Asked = {}): Promise<Http2Answer> {
    const { body, trailers, method = body === undefined ? 'GET' : 'POST' } = asked
    const hasBody = body !== undefined || trailers !== undefined
    const request = { ':method': method, ':path': path, ':authority': 'a', ...asked.headers }
    const options = { endStream: !hasBody, waitForTrailers: trailers !== undefined }
    const stream = this.session.request(request, options)
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    const answer = readAnswer(stream)
    if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) hasBody && stream.end(body)
    else body.pipe(stream)
    return within(answer, `the answer to ${method} ${path}`)
  }

  close(): void {
    this.session.destroy()
  }
}

/** @throws {StreamBroken} where it is no whole answer */
export function readAnswer(stream: ClientHttp2Stream): Promise<Http2Answer> {
  const interim: Headers[] = []
  const chunks: Buffer[] = []
  let headers: Headers = {}
  let trailers: Headers | undefined
  stream.on('headers', (each) => interim.push(each as Headers))
  stream.on('response', (each) => {
    headers = each as Headers
  })
  stream.on('trailers', (each) => {
    trailers = each as Headers
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  return new Promise((resolve, reject) => {
    stream.on('close', () => {
      const status = Number(headers[':status'] ?? 0)
      const isWhole = stream.rstCode === constants.NGHTTP2_NO_ERROR && status > 0
      if (isWhole) resolve({ status, headers, body: Buffer.concat(chunks), trailers, interim })
      else reject(new StreamBroken(stream.rstCode ?? -1, status))
    })
  })
}

/** The code of a problem answer (`urn:gatewright:problem:<code>`), or undefined. */
export function findHttp2Problem({ headers, body }: Http2Answer): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return undefined
  const { type } = JSON.parse(body.toString()) as { type: string }
  return type.replace('urn:gatewright:problem:', '')
}

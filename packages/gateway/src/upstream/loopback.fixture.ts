/** Owns what the upstream's tests share: a target on the loopback that does as it is told, and exchanges to send there. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { resolve, type Upstream } from '@gatewright/model'
import {
  type BodyFlow,
  type BodySink,
  type BodySource,
  type Caller,
  type GatewayResponse,
  Problem,
} from '@gatewright/policies'
import { type TestRequest, toRequest } from '@gatewright/policies/testing'
import { type ClientSide, GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { Pool } from './pool.ts'
import type { UpstreamRuntime } from './upstream-runtime.ts'

/** A request as the target read it; only lengths frame bodies here. */
export interface SeenRequest {
  readonly line: string
  readonly head: string
  readonly body: string
  /** Number of its connection, and of the request on it; both from 1. */
  readonly connection: number
  readonly ordinal: number
}

export type Reply = (request: SeenRequest, socket: Socket) => void

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers with this body. */
export function toAnswer(body: string, fields = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
}

export class LoopbackTarget {
  readonly seen: SeenRequest[] = []
  readonly sockets: Socket[] = []
  reply: Reply = (_, socket) => socket.write(OK)
  /** Of TCP, also those on which TLS failed; `sockets` themselves without TLS. */
  readonly connections: Socket[] = []
  readonly #isOverTls: boolean
  readonly #server: Server
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  private constructor(tls?: TlsOptions) {
    const accept = (socket: Socket): void => this.#accept(socket)
    this.#isOverTls = tls !== undefined
    this.#server = tls === undefined ? createServer({ noDelay: true }, accept) : createTlsServer(tls, accept)
    this.#server.on('connection', (socket: Socket) => {
      this.connections.push(socket)
      socket.on('error', () => {})
    })
  }

  /** Over TLS, if it is said how. */
  static async listen(tls?: TlsOptions, port = 0): Promise<LoopbackTarget> {
    const target = new LoopbackTarget(tls)
    target.#server.listen(port, '127.0.0.1')
    await once(target.#server, 'listening')
    return target
  }

  get url(): string {
    return `${this.#isOverTls ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get openConnections(): number {
    return this.sockets.filter((socket) => !socket.closed).length
  }

  /** Until it holds; looked at whenever bytes came or a connection closed. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }))
  }

  async close(): Promise<void> {
    for (const socket of [...this.sockets, ...this.connections]) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    const connection = this.sockets.push(socket)
    let text = ''
    let ordinal = 0
    socket.on('error', () => {})
    socket.on('close', () => this.#look())
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      for (;;) {
        const headEnd = text.indexOf('\r\n\r\n')
        if (headEnd < 0) break
        const head = text.slice(0, headEnd)
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
        if (text.length < headEnd + 4 + length) break
        const body = text.slice(headEnd + 4, headEnd + 4 + length)
        text = text.slice(headEnd + 4 + length)
        const seen = { line: head.slice(0, head.indexOf('\r\n')), head, body, connection, ordinal: ++ordinal }
        this.seen.push(seen)
        this.reply(seen, socket)
      }
      this.#look()
    })
  }

  #look(): void {
    const due = this.#waiting.filter(({ holds }) => holds())
    this.#waiting = this.#waiting.filter((waiting) => !due.includes(waiting))
    for (const { resolve } of due) resolve()
  }
}

/** With the defaults of a file, but for what is given. */
export function toUpstream(given: object): Upstream {
  const text = JSON.stringify({ gatewright: 1, upstreams: [{ id: 'orders', ...given }] })
  const { draft } = resolve({ files: [{ path: 'a.json', text }], env: () => undefined, readFile: () => undefined })
  const upstream = draft.upstreams[0]
  if (upstream === undefined) throw new Error('that is no upstream')
  return upstream
}

export class TestExchange extends GatewayExchange {
  /** How often it was said that its body comes in messages. */
  messagesExpected = 0
  /** 1xx answers that the client was sent. */
  readonly interim: number[]

  constructor(request: TestRequest = {}, caller?: Caller) {
    const interim: number[] = []
    const clientSide: ClientSide = {
      localPort: 8080,
      sendInterim: (_, { status }) => interim.push(status),
      expectMessages: () => void this.messagesExpected++,
      answer() {},
    }
    super({
      id: '0123456789abcdef0123456789abcdef',
      spanId: '0123456789abcdef',
      client: { address: '192.0.2.1', port: 50_000, peerAddress: '192.0.2.1', isPeerTrusted: false },
      clientSide,
      request: toRequest(request),
      route: { api: 'orders', route: 'list', template: '/' },
      receivedAtMs: 0,
      startedAtMs: 0,
    })
    this.interim = interim
    this.caller = caller
  }
}

/** A request body that a test feeds by hand. */
export class HandBody implements BodySource {
  readonly sizeBytes: number | undefined
  sink: BodySink | undefined
  isCancelled = false

  constructor(sizeBytes?: number) {
    this.sizeBytes = sizeBytes
  }

  start(sink: BodySink): BodyFlow {
    this.sink = sink
    return { resume() {}, cancel: () => this.discard() }
  }

  discard(): void {
    this.isCancelled = true
  }
}

/** `200 body`, or the code and reason of its problem; a body that breaks off ends in `…` and why. */
export async function sayResponse(response: GatewayResponse): Promise<string> {
  if (response.problem !== undefined) return `${response.problem.code} ${response.problem.reason}`
  return `${response.status} ${await readBody(response)}`
}

function readBody({ body }: GatewayResponse): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const flow = body.pipe({
      write(chunk) {
        text += Buffer.from(chunk).toString('latin1')
        return true
      },
      end: () => resolve(text),
      abort: (reason) => resolve(`${text}… ${Problem.from(reason).code}`),
    })
    flow.resume()
  })
}

/** Whatever happened, nothing may be left over: what is counted would be wrong for ever. */
export async function assertAtRest({ pools }: UpstreamRuntime): Promise<void> {
  const all = [...pools.values()]
  // A connection may still be opening for somebody who has left since; it ends by itself.
  for (let turns = 0; turns < 1000 && all.some(({ opening }) => opening > 0); turns++) await setImmediate()
  for (const { target, waiting, opening } of all) {
    const { url, inFlight } = target
    assert.deepEqual({ url, inFlight, waiting: waiting.length, opening }, { url, inFlight: 0, waiting: 0, opening: 0 })
  }
}

/** Of the first target, which is the only one in most tests. */
export function toPool({ pools }: UpstreamRuntime): Pool {
  const [pool] = pools.values()
  if (pool === undefined) throw new Error('this upstream has no target')
  return pool
}

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type ListenerHttp2, type ListenerLimits, resolve } from '@gatewright/model'
import { BytesBody, GatewayResponse } from '@gatewright/policies'
import { NO_CHALLENGES } from '../certificates/certificate-feed.ts'
import { TrustedProxies } from '../exchange/client-address.ts'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import { openExchange } from '../exchange/open-exchange.ts'
import type { Refusal } from '../http1/refusal.ts'
import { MemorySocket } from '../rehearsal/memory-socket.ts'
import { HeldFieldsOfAll } from '../snapshot/held-fields.ts'
import { adoptSocket } from '../sockets/adopt-socket.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import type { ClientConnection, ConnectionSettings, ReceivedRequest, RequestReceiver } from './connection-contract.ts'
import { Gate } from './gate.ts'
import { Http1Connection } from './http1-connection.ts'

const { draft } = resolve({
  files: [{ path: 'a.json', text: JSON.stringify({ gatewright: 1, listeners: [{ id: 'public', port: 8080 }] }) }],
  env: () => undefined,
  readFile: () => undefined,
})
const HTTP2 = draft.listeners[0]?.http2 as ListenerHttp2
export const LIMITS = draft.listeners[0]?.limits as ListenerLimits

export interface Received {
  readonly exchange: GatewayExchange
  readonly connection: ClientConnection
  answer(response: GatewayResponse): void
}

/** Where a connection's requests end up: kept until the test answers them, or answered by `onRequest`. */
export class Stage implements RequestReceiver {
  readonly received: Received[] = []
  readonly refused: { reason: string; method: string; target: string }[] = []
  readonly ended: string[] = []
  /** All that were opened, refused ones among them. */
  readonly exchanges: GatewayExchange[] = []
  readonly wheel: DeadlineWheel
  isDraining = false
  /** Moves the clock of the wheel, not of the world. */
  aheadMs = 0
  onRequest: (received: Received) => void = () => {}

  constructor() {
    this.wheel = new DeadlineWheel(() => performance.now() + this.aheadMs)
  }

  toSettings(limits: Partial<ListenerLimits> = {}): ConnectionSettings {
    const stage = this
    return {
      receiver: this,
      wheel: this.wheel,
      limits: { ...LIMITS, ...limits },
      http2: HTTP2,
      localPort: 8080,
      trusted: new TrustedProxies([]),
      gate: new Gate({}, { demands: undefined, challenges: () => NO_CHALLENGES }),
      get isDraining() {
        return stage.isDraining
      },
      onClosed() {},
    }
  }

  receive(request: ReceivedRequest, connection: ClientConnection): void {
    const exchange = this.#open(request, connection)
    const received = { exchange, connection, answer: (response: GatewayResponse) => exchange.answer(response) }
    this.received.push(received)
    this.onRequest(received)
  }

  refuse(refusal: Refusal, { method, target }: { method: string; target: string }, connection: ClientConnection): void {
    this.refused.push({ reason: refusal.reason, method, target })
    const exchange = this.#open({ ...NO_REQUEST, method, rawTarget: target }, connection)
    exchange.answer(GatewayResponse.ofText(400, refusal.reason))
  }

  onEnded({ request, status, problem }: GatewayExchange, ended: string): void {
    this.ended.push(`${request.path} ${ended}${problem === undefined ? '' : ` ${status} ${problem.code}`}`)
  }

  openTunnel(): void {}

  #open(request: ReceivedRequest, connection: ClientConnection): GatewayExchange {
    const { trusted } = connection.settings
    const exchange = openExchange(request, {
      connection,
      trusted,
      path: request.target.path,
      heldFields: new HeldFieldsOfAll(),
    })
    connection.begin(exchange)
    this.exchanges.push(exchange)
    return exchange
  }
}

export const NO_REQUEST: ReceivedRequest = {
  method: '',
  rawTarget: '',
  target: { path: '', search: '', authority: undefined },
  authority: undefined,
  httpVersion: '1.1',
  headers: new GatewayResponse({ status: 200 }).headers,
  body: new BytesBody(Buffer.alloc(0)),
  upgrade: undefined,
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
export const get = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
export const ok = (text: string): GatewayResponse => GatewayResponse.ofText(200, text)

/** A socket whose kernel takes nothing until it is told to: what is written stands in the queue, below the mark for `drain`. */
export class FullSocket extends MemorySocket {
  #queued = 0
  readonly #waiting: (() => void)[] = []

  constructor() {
    super('192.0.2.1', 50_000)
    // An instance's own property, as it is in the class above.
    Object.defineProperty(this, 'writableLength', { get: () => this.#queued })
  }

  override write(chunk: string | Uint8Array, encoding: BufferEncoding = 'utf8', done?: () => void): boolean {
    super.write(chunk, encoding)
    this.#queued += chunk.length
    if (done !== undefined) this.#waiting.push(done)
    return this.#queued < 65_536
  }

  /** The kernel took it all. */
  flush(): void {
    const isDrained = this.#queued >= 65_536
    this.#queued = 0
    for (const done of this.#waiting.splice(0)) done()
    if (isDrained) this.emit('drain')
  }
}

/** A connection over the loopback: the client's socket, and what it received. */
export async function listen(stage: Stage, limits: Partial<ListenerLimits> = {}) {
  const connections: Http1Connection[] = []
  const server = createServer((socket) =>
    connections.push(new Http1Connection(adoptSocket(socket), stage.toSettings(limits))),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients: Socket[] = []
  const open = async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    clients.push(socket)
    const client = { socket, text: '', ended: '' }
    socket.on('data', (chunk) => {
      client.text += chunk.toString('latin1')
      socket.emit('progress')
    })
    socket.on('end', () => {
      client.ended ||= 'end'
    })
    socket.on('error', () => {
      client.ended = 'reset'
    })
    await once(socket, 'connect')
    return client
  }
  const close = (): void => {
    for (const client of clients) client.destroy()
    for (const connection of connections) connection.destroy()
    server.close()
  }
  return { open, close, connections }
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { type Listener, resolve } from '@gatewright/model'
import { EMPTY_BODY, GatewayResponse, HeaderList } from '@gatewright/policies'
import { openExchange } from '../exchange/open-exchange.ts'
import { HeldFieldsOfAll } from '../snapshot/held-fields.ts'
import { probePort } from '../threads/probe-port.ts'
import { DeadlineWheel } from '../timers/deadline-wheel.ts'
import { CertificateStore } from '../tls/certificate-store.ts'
import type { ClientConnection, ReceivedRequest, RequestReceiver } from './connection-contract.ts'
import type { ConnectionGauge } from './connection-gauge.ts'
import { ListenerRuntime } from './listener.ts'

const { draft } = resolve({
  files: [{ path: 'a.json', text: JSON.stringify({ gatewright: 1, listeners: [{ id: 'public', port: 8080 }] }) }],
  env: () => undefined,
  readFile: () => undefined,
})

const NO_REQUEST: ReceivedRequest = {
  method: '',
  rawTarget: '',
  target: { path: '', search: '', authority: undefined },
  authority: undefined,
  httpVersion: '1.1',
  headers: HeaderList.of(),
  body: EMPTY_BODY,
  upgrade: undefined,
}

/** Answers 200 to everything, and 503 to those that are too many. */
const RECEIVER: RequestReceiver = {
  receive(received: ReceivedRequest, connection: ClientConnection) {
    const { trusted } = connection.settings
    const exchange = openExchange(received, { connection, trusted, path: '/', heldFields: new HeldFieldsOfAll() })
    connection.begin(exchange)
    exchange.answer(GatewayResponse.ofText(200, 'ok'))
  },
  refuse({ reason }, { method, target }, connection) {
    assert.equal(reason, 'connections')
    const received = { ...NO_REQUEST, method, rawTarget: target }
    const { trusted } = connection.settings
    const exchange = openExchange(received, { connection, trusted, path: '/', heldFields: new HeldFieldsOfAll() })
    connection.begin(exchange)
    exchange.answer(GatewayResponse.ofText(503, reason))
  },
  onEnded() {},
  openTunnel() {},
}

const ROOMY: ConnectionGauge = { opened: () => ({ total: 1, ofAddress: 1 }), closed() {} }

async function listen(
  more: Partial<Listener> = {},
  gauge = ROOMY,
): Promise<{ listener: ListenerRuntime; port: number }> {
  const port = await probePort({ host: '127.0.0.1', port: 0 })
  const [model = assert.fail()] = draft.listeners
  const listener = new ListenerRuntime(
    { ...model, host: '127.0.0.1', port, ...more },
    {
      receiver: RECEIVER,
      wheel: new DeadlineWheel(),
      gauge,
      reusePort: false,
      certificates: new CertificateStore(Buffer.alloc(48)),
      handshakes: { onSecure() {}, onFailed() {} },
    },
  )
  await listener.listen()
  return { listener, port }
}

/** Connected as far as the kernel is concerned when it resolves, and not accepted yet: no event loop has turned. */
async function queueUp(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  // Sockets connect in the next tick, which is before the listener's turn to look.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  return sockets
}

/** What came until the other side ended, or why there was none. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.on('error', (error) => {
    text = String(error)
  })
  socket.on('close', () => resolve())
  await promise
  return text
}

const untilDone = async (listener: ListenerRuntime): Promise<void> => {
  while (!listener.isDone) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('a listener that closes', () => {
  it('answers everybody who waits to be accepted, and then accepts nobody', async () => {
    const { listener, port } = await listen()
    const sockets = await queueUp(port, 400)
    listener.close()
    const answers = await Promise.all(
      sockets.map((socket) => {
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        return readAll(socket)
      }),
    )
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n/)
    await untilDone(listener)
    const [late = assert.fail()] = await queueUp(port, 1)
    assert.match(await readAll(late), /ECONNREFUSED/)
  })

  it('waits for whom a load balancer is still to name', async () => {
    const { listener, port } = await listen({ proxyProtocol: true, trustedProxies: ['127.0.0.1'] })
    const [named = assert.fail(), silent = assert.fail()] = await queueUp(port, 2)
    await Promise.all([named, silent].map((socket) => once(socket, 'connect')))
    listener.close()
    named.write('PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.match(await readAll(named), /^HTTP\/1\.1 200 /)
    assert.equal(listener.isDone, false)
    silent.destroy()
    await untilDone(listener)
  })

  it('ends at once what is open when it is destroyed', async () => {
    const { listener, port } = await listen()
    const [socket = assert.fail()] = await queueUp(port, 1)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.setEncoding('latin1')
    await once(socket, 'data')
    listener.destroy()
    await once(socket, 'close')
    assert.equal(listener.isDone, true)
  })
})

describe('a listener that refuses an address that has too many connections', () => {
  it('counts none of those that it refuses, and tells so no more of them at once than it can spare', async () => {
    let open = 0
    const gauge: ConnectionGauge = {
      opened: () => ({ total: ++open, ofAddress: open }),
      closed: () => open--,
    }
    const [model = assert.fail()] = draft.listeners
    const { listener, port } = await listen({ limits: { ...model.limits, connectionsPerAddress: 2 } }, gauge)
    const held = await queueUp(port, 2)
    await Promise.all(held.map((socket) => once(socket, 'connect')))
    while (open < 2) await new Promise<void>((resolve) => setImmediate(resolve))
    // None of them ends its side: each would be waited for.
    const refused = Array.from({ length: 200 }, () => connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    const texts = await Promise.all(
      refused.map(async (socket) => {
        let text = ''
        socket.setEncoding('latin1').on('data', (chunk: string) => {
          text += chunk
        })
        socket.on('error', () => {})
        await Promise.race([once(socket, 'end'), once(socket, 'close')])
        return text
      }),
    )
    assert.equal(open, 2)
    const told = texts.filter((text) => text.startsWith('HTTP/1.1 503 ')).length
    assert.equal(told, 64)
    for (const socket of [...held, ...refused]) socket.destroy()
    listener.destroy()
    await untilDone(listener)
    assert.equal(open, 0)
  })
})

/** Owns the proof that WebSockets reach upstreams of HTTP/2: over a stream where they take such, else over a connection of HTTP/1.1. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { TestAuthority } from '../packages/gateway/src/certificates/test-authority.fixture.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'

/** What `ws` lets a server do with a stream of its own, and its types leave out. */
interface AdoptingSocket extends WebSocket {
  _isServer: boolean
  setSocket(socket: unknown, head: Buffer, options: object): void
}

/** Echoes on a stream of HTTP/2 as it would on a socket. */
function echoOn(stream: ServerHttp2Stream): void {
  // `ws` means a socket that is open already by this.
  const socket = new WebSocket(null as unknown as string, [], { autoPong: true }) as AdoptingSocket
  socket._isServer = true
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, allowSynchronousEvents: true, skipUTF8Validation: false })
  socket.on('message', (data: RawData, isBinary: boolean) => socket.send(data, { binary: isBinary }))
  socket.on('error', () => {})
}

async function listen<Listening extends Http2Server | Http2SecureServer>(server: Listening): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('WebSockets to upstreams of HTTP/2', () => {
  const authority = TestAuthority.create()
  const sessions: ServerHttp2Session[] = []
  const asked: IncomingHttpHeaders[] = []
  const echo = new WebSocketServer({ noServer: true })
  let over: Http2Server
  let plain: Http2Server
  let secure: Http2SecureServer
  let gateway: RunningGateway

  before(async () => {
    over = createServer({ settings: { enableConnectProtocol: true } })
    over.on('stream', (stream: ServerHttp2Stream, headers) => {
      asked.push(headers)
      stream.on('error', () => {})
      if (headers[':protocol'] === 'websocket' && headers[':path'] !== '/none') {
        stream.respond({ ':status': 200 })
        echoOn(stream)
      } else {
        stream.respond({ ':status': headers[':method'] === 'CONNECT' ? 403 : 200 })
        stream.end('no')
      }
    })
    plain = createServer((_, response) => response.end('plain'))
    const identity = authority.issue({ names: ['127.0.0.1'] })
    secure = createSecureServer(
      { cert: identity.certPem, key: identity.keyPem, allowHTTP1: true },
      (request, response) => response.end(request.httpVersion),
    )
    secure.on('upgrade', (request, socket, head) =>
      echo.handleUpgrade(request, socket, head, (client) => client.on('message', (data) => client.send(data))),
    )
    for (const server of [over, plain, secure])
      server.on('session', (session: ServerHttp2Session) => sessions.push(session))
    const [overPort, plainPort, securePort] = [await listen(over), await listen(plain), await listen(secure)]
    gateway = await startGateway({
      yaml: `gatewright: 1
accessLog: { file: ./access.log }
upstreams:
  - { id: over, protocol: h2c, targets: ["http://127.0.0.1:${overPort}"] }
  - { id: plain, protocol: h2c, targets: ["http://127.0.0.1:${plainPort}"], health: { passive: { failures: 1, maxEjectedPercent: 100 } } }
  - { id: secure, protocol: auto, targets: ["https://127.0.0.1:${securePort}"], tls: { ca: ${authority.cert} } }
apis:
  - { id: over, basePath: /over, upstream: over, routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: plain, basePath: /plain, upstream: plain, routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: secure, basePath: /secure, upstream: secure, routes: [{ id: rest, path: "/{rest+}" }] }
`,
    })
  })

  after(async () => {
    await gateway?.stop()
    echo.close()
    for (const session of sessions) session.destroy()
    for (const server of [over, plain, secure]) server?.close()
    authority.remove()
  })

  async function open(path: string): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`)
    await within(once(socket, 'open'), 'a WebSocket to open')
    return socket
  }

  async function say(socket: WebSocket, message: Buffer): Promise<Buffer> {
    socket.send(message)
    const [data] = (await within(once(socket, 'message'), 'an echo')) as [Buffer]
    return data
  }

  for (const path of ['/over/a?b=c', '/secure/a']) {
    it(`carry messages of any length to ${path}, and the end`, async () => {
      const socket = await open(path)
      for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
        const message = Buffer.alloc(bytes, 'x')
        assert.ok(message.equals(await say(socket, message)), `${bytes}`)
      }
      socket.close(4000, 'enough')
      const [code] = await within(once(socket, 'close'), 'the end')
      assert.equal(code, 4000)
    })
  }

  it('ask as RFC 8441 says', () => {
    const [headers] = asked
    assert.deepEqual(
      [headers?.[':method'], headers?.[':protocol'], headers?.[':scheme'], headers?.[':path']],
      ['CONNECT', 'websocket', 'http', '/a?b=c'],
    )
    for (const name of ['sec-websocket-key', 'upgrade', 'connection']) assert.equal(headers?.[name], undefined)
    assert.equal(headers?.['sec-websocket-version'], '13')
  })

  it('are streams of one connection, beside requests', async () => {
    const before = sessions.length
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open('/over/many')))
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/over/request`)
    assert.equal(await answer.text(), 'no')
    for (const socket of sockets) assert.equal(`${await say(socket, Buffer.from('hello'))}`, 'hello')
    assert.ok(sessions.length - before <= 1, `${sessions.length - before} connections`)
    for (const socket of sockets) socket.terminate()
    await until(async () => (await gateway.metric('gatewright_tunnels')) === 0 || undefined, 'all tunnels to end')
  })

  it('pass on a no', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/over/none`)
    const [, answer] = await within(once(socket, 'unexpected-response'), 'an answer')
    assert.equal(answer.statusCode, 403)
    socket.on('error', () => {})
    socket.terminate()
  })

  it('are refused where the target takes none on HTTP/2, which is no failure of it', async () => {
    for (let i = 0; i < 3; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/plain/a`)
      const [, answer] = await within(once(socket, 'unexpected-response'), 'an answer')
      assert.equal(answer.statusCode, 502)
      socket.on('error', () => {})
      socket.terminate()
    }
    assert.equal(await (await fetch(`http://127.0.0.1:${gateway.port}/plain/b`)).text(), 'plain')
    await until(async () => {
      const log = await readFile(join(gateway.folder, 'access.log'), 'utf8')
      return log.includes('"problem":"upstream-unreachable","reason":"no-extended-connect"') || undefined
    }, 'the record')
  })

  it('leave requests to HTTP/2 where the target speaks both', async () => {
    assert.equal(await (await fetch(`http://127.0.0.1:${gateway.port}/secure/b`)).text(), '2.0')
  })
})

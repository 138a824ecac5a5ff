/** Owns the proof that WebSockets pass, after the pipeline ran and the upstream agreed, and end when they must. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { APPS, KEY, KEY_AUTH, toKeyHash } from './harness/keys.ts'
import { RawClient } from './harness/raw-client.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const configure = (ws: string, raw: string, { apps = APPS, withGuarded = true } = {}) => `gatewright: 1
accessLog: off
apis:
  - { id: open, basePath: /open, upstream: "${ws}", routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: raw, basePath: /raw, upstream: "${raw}", routes: [{ id: rest, path: "/{rest+}" }] }
${withGuarded ? `  - { id: guarded, basePath: /guarded, upstream: "${ws}", policies: [${KEY_AUTH}], routes: [{ id: rest, path: "/{rest+}" }] }` : ''}
${apps}`

const OTHER_KEY = 'another-key-for-tests'

const HANDSHAKE =
  'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

describe('WebSockets', () => {
  let echo: WebSocketServer
  let raw: RawUpstream
  let gateway: RunningGateway
  const echoUrl = () => `http://127.0.0.1:${(echo.address() as AddressInfo).port}`

  before(async () => {
    echo = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      handleProtocols: (offered) => (offered.has('chat.2') ? 'chat.2' : false),
    })
    echo.on('connection', (socket, request) => {
      socket.on('message', (data: RawData, isBinary: boolean) => {
        if (data.toString() === 'close please') socket.close(4321, 'as you wish')
        else if (data.toString() === 'vanish please') socket.terminate()
        else socket.send(data, { binary: isBinary })
      })
      if (request.url?.endsWith('/greeting') === true) socket.send('hello')
    })
    await once(echo, 'listening')
    raw = await RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/forbidden') socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
        if (target === '/plain') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')
        if (target === '/other')
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: irc\r\n\r\n')
      },
    })
    gateway = await startGateway({ yaml: configure(echoUrl(), raw.url) })
  })
  after(async () => {
    for (const socket of echo?.clients ?? []) socket.terminate()
    echo?.close()
    await gateway?.stop()
    await raw?.close()
  })

  async function open(path: string, { protocols = [] as string[], headers = {} } = {}): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${path}`, protocols, { headers })
    await within(once(socket, 'open'), `the WebSocket ${path}`)
    return socket
  }

  /** A guarded one; undefined: it was refused. */
  async function connect(key: string): Promise<WebSocket | undefined> {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/guarded/a`, { headers: { 'X-Api-Key': key } })
    socket.on('error', () => {})
    const isOpened = await Promise.race([
      once(socket, 'open').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    return isOpened ? socket : undefined
  }

  async function ask(socket: WebSocket, message: string | Buffer): Promise<Buffer> {
    const reply = once(socket, 'message')
    socket.send(message)
    const [data] = (await within(reply, 'the echo')) as [Buffer]
    return data
  }

  it('echo text, binary and empty messages', async () => {
    const socket = await open('/open/a')
    assert.equal((await ask(socket, 'grüß dich')).toString(), 'grüß dich')
    assert.deepEqual(await ask(socket, Buffer.from([0, 255, 1])), Buffer.from([0, 255, 1]))
    assert.equal((await ask(socket, '')).length, 0)
    socket.terminate()
  })

  it('carry messages of 8 MiB', async () => {
    const socket = await open('/open/a')
    const message = Buffer.alloc(8 * 1_048_576, 'abcdefg')
    assert.ok((await ask(socket, message)).equals(message))
    socket.terminate()
  })

  it('carry what the upstream says first', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/open/greeting`)
      const [data] = (await within(once(socket, 'message'), 'the greeting')) as [Buffer]
      assert.equal(data.toString(), 'hello')
      socket.terminate()
    }
  })

  it('agree on the subprotocol that the upstream chose', async () => {
    const socket = await open('/open/a', { protocols: ['chat.1', 'chat.2'] })
    assert.equal(socket.protocol, 'chat.2')
    socket.terminate()
  })

  it('answer pings', async () => {
    const socket = await open('/open/a')
    const pong = once(socket, 'pong')
    socket.ping('are you there')
    const [data] = (await within(pong, 'the pong')) as [Buffer]
    assert.equal(data.toString(), 'are you there')
    socket.terminate()
  })

  it('close with the code of the upstream', async () => {
    const socket = await open('/open/a')
    const closed = once(socket, 'close')
    socket.send('close please')
    const [code, reason] = (await within(closed, 'the close')) as [number, Buffer]
    assert.deepEqual([code, reason.toString()], [4321, 'as you wish'])
  })

  it('close with the code of the client', async () => {
    const connected = once(echo, 'connection')
    const socket = await open('/open/a')
    const [peer] = (await connected) as [WebSocket]
    const closed = once(peer, 'close')
    socket.close(4000, 'bye')
    const [code, reason] = (await within(closed, 'the close')) as [number, Buffer]
    assert.deepEqual([code, reason.toString()], [4000, 'bye'])
  })

  it('end when the upstream vanishes, and when the client does', async () => {
    const left = await open('/open/a')
    const ended = once(left, 'close')
    left.send('vanish please')
    assert.equal((await within(ended, 'the end'))[0], 1006)
    const connected = once(echo, 'connection')
    const leaving = await open('/open/a')
    const [peer] = (await connected) as [WebSocket]
    const peerEnded = once(peer, 'close')
    leaving.terminate()
    await within(peerEnded, 'the end at the upstream')
  })

  it('are refused with 401 before the upstream hears of them', async () => {
    const before = echo.clients.size
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/guarded/a`)
    socket.on('error', () => {})
    const [, answer] = (await within(once(socket, 'unexpected-response'), 'the refusal')) as [
      unknown,
      { statusCode: number },
    ]
    assert.equal(answer.statusCode, 401)
    assert.equal(echo.clients.size, before)
    socket.terminate()
  })

  it('pass with a key, and end when it is revoked', async () => {
    const socket = await open('/guarded/a', { headers: { 'X-Api-Key': KEY } })
    assert.equal((await ask(socket, 'hi')).toString(), 'hi')
    const other = await open('/open/a')
    const ended = once(socket, 'close')
    await gateway.rewrite(configure(echoUrl(), raw.url, { apps: '' }))
    await within(ended, 'the end of the revoked WebSocket')
    assert.equal((await ask(other, 'still here')).toString(), 'still here')
    other.terminate()
    await gateway.rewrite(configure(echoUrl(), raw.url))
  })

  it('end when their key expires, unless it was given longer meanwhile', async () => {
    const toApps = (soon: string, later: string) => `apps:
  - { id: acme, keys: [{ hash: "${toKeyHash(KEY)}", expires: "${soon}" }, { hash: "${toKeyHash(OTHER_KEY)}", expires: "${later}" }] }`
    const loads = async (yaml: string): Promise<void> => {
      const before = (await gateway.snapshot())?.configuration.loadedAt
      await gateway.rewrite(yaml)
      await until(async () => {
        const facts = await gateway.snapshot()
        return (facts !== undefined && facts.configuration.loadedAt !== before) || undefined
      }, 'the configuration to be loaded')
    }
    // On a slow machine, the keys may have expired before both were used, or one before the other was given longer.
    for (let lifeMs = 2000; ; lifeMs *= 2) {
      const soon = new Date(Date.now() + lifeMs).toISOString()
      const never = '2999-01-01T00:00:00Z'
      await loads(configure(echoUrl(), raw.url, { apps: toApps(soon, soon) }))
      const expiring = await connect(KEY)
      const prolonged = await connect(OTHER_KEY)
      if (expiring === undefined || prolonged === undefined) continue
      const ended = once(expiring, 'close')
      await loads(configure(echoUrl(), raw.url, { apps: toApps(soon, never) }))
      if (Date.now() >= Date.parse(soon)) continue
      await within(ended, 'the end of the WebSocket whose key expired')
      assert.equal((await ask(prolonged, 'still here')).toString(), 'still here')
      prolonged.terminate()
      break
    }
    await loads(configure(echoUrl(), raw.url))
  })

  it('end when their API is removed', async () => {
    let socket = await connect(KEY)
    while (socket === undefined) socket = await connect(KEY)
    const ended = once(socket, 'close')
    await gateway.rewrite(configure(echoUrl(), raw.url, { withGuarded: false }))
    await within(ended, 'the end of the WebSocket')
    await gateway.rewrite(configure(echoUrl(), raw.url))
  })

  for (const [target, status, body] of [
    ['/raw/forbidden', 403, 'no'],
    ['/raw/plain', 200, 'plain'],
  ] as const) {
    it(`become no tunnel when the upstream says ${status}`, async () => {
      const client = await RawClient.connect(gateway.port)
      await client.write(`GET ${target} HTTP/1.1\r\n${HANDSHAKE}`)
      const answer = await client.getAnswer()
      assert.deepEqual([answer.status, answer.body.toString()], [status, body])
      await client.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.equal((await client.getAnswer()).status, status, 'the connection still speaks HTTP')
      client.close()
    })
  }

  it('become no tunnel when the upstream switches to something else', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write(`GET /raw/other HTTP/1.1\r\n${HANDSHAKE}`)
    assert.equal((await client.getAnswer()).status, 502)
    client.close()
  })

  it('are asked for upstream with exactly the fields of a handshake', async () => {
    const client = await RawClient.connect(gateway.port)
    await client.write(`GET /raw/plain HTTP/1.1\r\n${HANDSHAKE}`)
    await client.getAnswer()
    const seen = raw.requests.findLast(({ target }) => target === '/plain')!
    assert.match(findField(seen, 'connection') ?? '', /^upgrade$/i)
    assert.equal(findField(seen, 'upgrade'), 'websocket')
    assert.equal(findField(seen, 'sec-websocket-key'), 'dGhlIHNhbXBsZSBub25jZQ==')
    client.close()
  })
})

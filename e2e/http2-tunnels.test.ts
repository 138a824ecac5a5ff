/** Owns the proof that WebSockets pass through a stream of HTTP/2 (RFC 8441), and that nothing else is taken for a tunnel. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Stream, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type RawData, WebSocketServer } from 'ws'
import { SETTINGS } from '../packages/gateway/src/http2/frame.ts'
import { data, headers } from '../packages/gateway/src/http2/session-stage.fixture.ts'
import { until, within } from './harness/deadline.ts'
import { type Http2Client, readAnswer } from './harness/http2-client.ts'
import { forwardBoth, stageHttp2 } from './harness/http2-stage.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { request } from './harness/raw-http2.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const MIB = 1_048_576
const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A masked frame, as clients send them (RFC 6455 §5.2). */
function toFrame(opcode: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(14)
  head[0] = 0x80 | opcode
  let at = 2
  if (payload.length < 126) head[1] = 0x80 | payload.length
  else {
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(payload.length), 2)
    at = 10
  }
  const mask = Buffer.from([1, 2, 3, 4])
  mask.copy(head, at)
  const masked = Buffer.alloc(payload.length)
  for (let i = 0; i < payload.length; i++) masked[i] = payload[i]! ^ mask[i & 3]!
  return Buffer.concat([head.subarray(0, at + 4), masked])
}

/** The first whole frame of a server; undefined: more has to come. */
function parseFrame(
  bytes: Buffer,
): { readonly opcode: number; readonly payload: Buffer; readonly end: number } | undefined {
  if (bytes.length < 2) return undefined
  const short = bytes[1]! & 0x7f
  const at = short === 127 ? 10 : short === 126 ? 4 : 2
  if (bytes.length < at) return undefined
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short
  if (bytes.length < at + length) return undefined
  return { opcode: bytes[0]! & 0x0f, payload: bytes.subarray(at, at + length), end: at + length }
}

/** A WebSocket of which the handshake is done. */
class Tunnel {
  readonly stream: ClientHttp2Stream
  readonly headers: Readonly<Record<string, unknown>>
  isEnded = false
  #received: Buffer = Buffer.alloc(0)

  private constructor(stream: ClientHttp2Stream, fields: Readonly<Record<string, unknown>>) {
    this.stream = stream
    this.headers = fields
    stream.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
    })
    stream.on('end', () => {
      this.isEnded = true
    })
  }

  static async open(client: Http2Client, path: string, fields: Readonly<Record<string, string>> = {}): Promise<Tunnel> {
    const stream = client.open(path, { method: 'CONNECT', headers: { ...HANDSHAKE, ...fields } }, false)
    const [answer] = (await within(once(stream, 'response'), `the tunnel ${path}`)) as [
      Readonly<Record<string, unknown>>,
    ]
    return new Tunnel(stream, answer)
  }

  send(payload: string | Buffer, opcode: number = OPCODES.text): void {
    this.stream.write(toFrame(opcode, Buffer.from(payload)))
  }

  async next(): Promise<{ readonly opcode: number; readonly payload: Buffer }> {
    const found = await until(() => parseFrame(this.#received), 'a frame')
    this.#received = this.#received.subarray(found.end)
    return found
  }

  async echoed(text: string): Promise<void> {
    this.send(text)
    assert.equal((await this.next()).payload.toString(), text)
  }
}

const HANDSHAKE = { ':protocol': 'websocket', ':scheme': 'http', 'sec-websocket-version': '13' }
const EXTENDED = [[':method', 'CONNECT'], [':protocol', 'websocket'], ...request('/').slice(1, 2)] as const

const configureTunnels = (ws: string, raw: string, { hasGuarded = true } = {}) => `
  - { id: open, basePath: /open, upstream: "${ws}", routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: raw, basePath: /raw, upstream: "${raw}", routes: [{ id: rest, path: "/{rest+}" }] }
  - { id: own, basePath: /own, policies: [{ policy: respond, options: { status: 200, body: hello } }], routes: [{ id: all, path: /x }] }
${hasGuarded ? `  - { id: guarded, basePath: /guarded, upstream: "${ws}", policies: [${KEY_AUTH}], routes: [{ id: rest, path: "/{rest+}" }] }` : ''}`

describe('WebSockets through HTTP/2', () => {
  let echo: WebSocketServer
  let raw: RawUpstream
  const echoUrl = () => `http://127.0.0.1:${(echo.address() as AddressInfo).port}`

  before(async () => {
    echo = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      handleProtocols: (offered) => (offered.has('chat.2') ? 'chat.2' : false),
    })
    echo.on('connection', (socket, asked) => {
      socket.on('message', (message: RawData, isBinary: boolean) => {
        if (message.toString() === 'close please') socket.close(4321, 'as you wish')
        else if (message.toString() === 'vanish please') socket.terminate()
        else socket.send(message, { binary: isBinary })
      })
      if (asked.url?.endsWith('/greeting') === true) socket.send('hello')
    })
    await once(echo, 'listening')
    raw = await RawUpstream.listen({
      onRequest({ target }, { socket }) {
        if (target === '/forbidden') socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
        if (target === '/plain') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain')
        if (target === '/other')
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: irc\r\n\r\n')
        if (target === '/wrong')
          socket.write(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
          )
      },
    })
  })
  const stage = stageHttp2(
    (configured) => forwardBoth(configured, { more: configureTunnels(echoUrl(), raw.url) }) + APPS,
  )
  after(async () => {
    for (const socket of echo.clients) socket.terminate()
    echo.close()
    await raw.close()
  })

  for (const isSecure of [false, true]) {
    describe(isSecure ? 'with TLS' : 'with prior knowledge', () => {
      const connect = () => stage.client(isSecure)

      it('are offered, and opened by a 200 that says nothing of HTTP/1.1', async () => {
        const client = await connect()
        assert.equal(client.session.remoteSettings.enableConnectProtocol, true)
        const tunnel = await Tunnel.open(client, '/open/a', { 'sec-websocket-protocol': 'chat.1, chat.2' })
        assert.equal(tunnel.headers[':status'], 200)
        assert.equal(tunnel.headers['sec-websocket-protocol'], 'chat.2')
        for (const name of ['sec-websocket-accept', 'upgrade', 'connection', 'content-length']) {
          assert.equal(tunnel.headers[name], undefined, name)
        }
        await tunnel.echoed('grüß dich')
      })

      it('carry messages of 8 MiB, many at once, and requests beside them', async () => {
        const client = await connect()
        const tunnels = await Promise.all(Array.from({ length: 3 }, () => Tunnel.open(client, '/open/a')))
        const message = Buffer.alloc(8 * MIB, 'abcdefg')
        for (const tunnel of tunnels) tunnel.send(message, OPCODES.binary)
        assert.equal((await client.ask('/saw')).status, 200)
        for (const tunnel of tunnels) assert.ok((await tunnel.next()).payload.equals(message))
      })

      it('carry what the upstream says first, and PINGs', async () => {
        const client = await connect()
        const tunnel = await Tunnel.open(client, '/open/greeting')
        assert.equal((await tunnel.next()).payload.toString(), 'hello')
        tunnel.send('are you there?', OPCODES.ping)
        const { opcode, payload } = await tunnel.next()
        assert.deepEqual([opcode, payload.toString()], [OPCODES.pong, 'are you there?'])
      })

      it('carry what the client says before it knows whether it may', async () => {
        const client = await stage.raw({ isSecure })
        const fields = [
          ...EXTENDED,
          [':path', '/open/a'],
          [':authority', 'a'],
          ['sec-websocket-version', '13'],
        ] as const
        await client.send(headers(1, fields, { ends: false }), data(1, toFrame(OPCODES.text, Buffer.from('early'))))
        await client.send(data(1, toFrame(OPCODES.text, Buffer.from('bird'))))
        const said = (): string => Buffer.concat(client.of(0, 1).map(({ payload }) => payload)).toString('latin1')
        await until(() => said() === '\x81\x05early\x81\x04bird' || undefined, 'both to come back')
      })

      it('end as they should, whoever ends them', async () => {
        const client = await connect()
        const closed = await Tunnel.open(client, '/open/a')
        closed.send('close please')
        const { opcode, payload } = await closed.next()
        assert.deepEqual([opcode, payload.readUInt16BE(0)], [OPCODES.close, 4321])
        closed.send(payload, OPCODES.close)
        await until(() => closed.isEnded || undefined, 'the end of the stream')

        const vanished = await Tunnel.open(client, '/open/a')
        vanished.send('vanish please')
        await within(once(vanished.stream, 'close'), 'the end of the stream')

        for (const leave of ['end', 'reset'] as const) {
          const left = await Tunnel.open(client, '/open/a')
          await until(() => echo.clients.size === 1 || undefined, 'one client')
          if (leave === 'end') left.stream.end()
          else left.stream.close(constants.NGHTTP2_CANCEL)
          await until(() => echo.clients.size === 0 || undefined, `the upstream to see the ${leave}`)
        }
        await Tunnel.open(client, '/open/a')
        client.close()
        await until(() => echo.clients.size === 0 || undefined, 'the upstream to see the end of the connection')
      })

      it('wait for an upstream that does not read, and for a client that does not', async () => {
        const client = await connect()
        const bytesBefore = await stage.gateway.residentBytes()
        const tunnel = await Tunnel.open(client, '/open/a')
        tunnel.stream.pause()
        // The echo stops reading once nobody takes what it says.
        const piece = toFrame(OPCODES.binary, Buffer.alloc(MIB))
        let isStuck = false
        for (let sent = 0; sent < 256 && !isStuck; sent++) {
          if (tunnel.stream.write(piece)) continue
          isStuck = await Promise.race([
            once(tunnel.stream, 'drain').then(() => false),
            new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1_000)),
          ])
        }
        const grown = (await stage.gateway.residentBytes()) - bytesBefore
        assert.ok(grown < 64 * MIB, `it grew by ${grown}`)
        assert.equal((await client.ask('/saw')).status, 200)
      })

      it('are refused by policies, by the upstream, and where the upstream says nonsense', async () => {
        const client = await connect()
        const statusOf = async (path: string): Promise<number> => {
          const stream = client.open(path, { method: 'CONNECT', headers: HANDSHAKE }, false)
          return (await readAnswer(stream)).status
        }
        assert.equal(await statusOf('/guarded/a'), 401)
        assert.equal(await statusOf('/raw/forbidden'), 403)
        assert.equal(await statusOf('/raw/other'), 502)
        await (await Tunnel.open(client, '/guarded/a', { 'x-api-key': KEY })).echoed('let in')
      })

      it('are not taken for open because of an answer that opened nothing', async () => {
        const client = await connect()
        for (const [path, status] of [
          ['/raw/plain', 501],
          ['/own/x', 501],
          ['/raw/wrong', 502],
        ] as const) {
          const stream = client.open(path, { method: 'CONNECT', headers: HANDSHAKE }, false)
          const answer = await readAnswer(stream)
          assert.equal(answer.status, status, path)
        }
        const before = stage.upstream.begun
        const other = client.open(
          '/saw',
          { method: 'CONNECT', headers: { ...HANDSHAKE, ':protocol': 'connect-udp' } },
          false,
        )
        assert.equal((await readAnswer(other)).status, 501)
        assert.equal(stage.upstream.begun, before)
      })
    })
  }

  it('end with the API that they belong to, and others live on', async () => {
    const client = await stage.client(true)
    const guarded = await Tunnel.open(client, '/guarded/a', { 'x-api-key': KEY })
    const open = await Tunnel.open(client, '/open/a')
    const yaml = (hasGuarded: boolean) =>
      forwardBoth(stage.configured, { more: configureTunnels(echoUrl(), raw.url, { hasGuarded }) }) + APPS
    await stage.gateway.rewrite(yaml(false))
    await within(once(guarded.stream, 'close'), 'the tunnel to end')
    await open.echoed('still there')
    await stage.gateway.rewrite(yaml(true))
    await until(async () => (await client.ask('/guarded/a')).status === 401 || undefined, 'the API to be back')
  })

  it('are not offered where the listener says so', async () => {
    await stage.gateway.rewrite(
      forwardBoth(stage.configured, { http2: ', webSockets: false', more: configureTunnels(echoUrl(), raw.url) }) +
        APPS,
    )
    const isOffered = async (): Promise<boolean> => {
      const client = await stage.raw()
      const pairs = client.of(4)[0]!.payload
      const ids = Array.from({ length: pairs.length / 6 }, (_, i) => pairs.readUInt16BE(i * 6))
      return ids.includes(SETTINGS.enableConnectProtocol)
    }
    await until(async () => !(await isOffered()) || undefined, 'the offer to be gone')
    const client = await stage.raw()
    await client.send(headers(1, [...EXTENDED, [':path', '/open/a'], [':authority', 'a']], { ends: false }))
    assert.match(await client.head(1), /^:status=400 /)
  })

  it('leave nothing behind', async () => {
    await stage.isQuiet()
    assert.equal(await stage.gateway.metric('gatewright_tunnels'), 0)
    assert.doesNotMatch(stage.gateway.stderr, /thread ended|uncaught|TypeError/i)
  })
})

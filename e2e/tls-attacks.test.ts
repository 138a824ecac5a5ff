/** Owns the proof that nobody harms others by how they speak TLS, or by how they do not. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect as connectPlain, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, type RawUpstream, type UpstreamConnection } from './harness/raw-upstream.ts'
import { askOnce, CertificateFolder, refusalOf, TlsClient } from './harness/tls-stage.ts'

/** Long enough for an honest handshake on two busy cores. */
const HANDSHAKE_MS = 1_500

/** Each costs its sockets, OpenSSL's state of a session, and no buffers while it is silent: 54 KB where they are counted by the ten thousand. */
const IDLE_CONNECTIONS = 2_000
const MOST_IDLE_BYTES = 100_000

/** What Node's client says first. */
async function captureHello(given: ConnectionOptions = {}): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => socket.once('data', resolve))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const client = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ...given })
  client.on('error', () => {})
  const hello = await promise
  client.destroy()
  server.close()
  return hello
}

/** The same handshake message in records of `size` octets. */
function cutRecords(hello: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < hello.length; at += size) {
    const piece = hello.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece)
  }
  return Buffer.concat(records)
}

/** The real openssl, which ends by itself once `input` is said; all that it said. */
async function runOpenssl(args: readonly string[], input: readonly string[] = []): Promise<string> {
  const child = spawn('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  child.stdin.on('error', () => {})
  const ended = once(child, 'exit')
  for (const line of input) {
    await until(() => /Verify return code|errno|error:/.test(said) || undefined, 'the handshake of openssl')
    child.stdin.write(line)
  }
  if (input.length === 0) child.stdin.end()
  try {
    await within(ended, `openssl to end; it said ${said.slice(-500)}`)
  } finally {
    child.kill('SIGKILL')
  }
  return said
}

describe('attacks on TLS', () => {
  let folder: CertificateFolder
  let upstream: RawUpstream
  let gateway: RunningGateway
  let port = 0
  let countedPort = 0

  before(async () => {
    folder = new CertificateFolder()
    folder.show('main', folder.issue({ names: ['localhost'] }))
    upstream = await listenAsWitness()
    countedPort = await findFreePort()
    const yaml = `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8443, limits: { handshakeTimeoutMs: ${HANDSHAKE_MS} }, tls: {} }
  - { id: counted, host: 127.0.0.1, port: ${countedPort}, limits: { connectionsPerAddress: 4 }, tls: {} }
certificates: [{ id: main, folder: ${folder.path} }]
accessLog: off
apis: [{ id: all, basePath: /, upstream: "${upstream.url}", routes: [{ id: root, path: / }, { id: rest, path: "/{rest+}" }] }]
`
    gateway = await startGateway({ yaml, threads: 2 })
    port = gateway.port
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    folder?.remove()
  })

  /** Served once each, and silent from then on. */
  const openIdle = async (count: number): Promise<TlsClient[]> => {
    const clients: TlsClient[] = []
    // A few at a time: what is asked is what they cost afterwards, and not how many handshakes fit into a moment.
    while (clients.length < count) {
      const opened = await Promise.all(
        Array.from({ length: Math.min(50, count - clients.length) }, () => TlsClient.connect(port, 'localhost')),
      )
      for (const client of opened) assert.equal((await client.ask()).status, 200)
      clients.push(...opened)
    }
    return clients
  }
  const isServed = async () => assert.equal((await askOnce(port, 'localhost')).answer.status, 200)
  const logHas = (pattern: RegExp) =>
    until(() => pattern.test(gateway.stderr) || undefined, `the log to say ${pattern}`)

  describe('handshakes that do not go on are cut off', { concurrency: true }, () => {
    const stalls: Readonly<Record<string, (client: RawClient, hello: Buffer) => Promise<void>>> = {
      'after nothing': async () => {},
      'within the hello': async (client, hello) => client.write(hello.subarray(0, 60)),
      'behind the hello': async (client, hello) => client.write(hello),
      'octet by octet': async (client, hello) => {
        for (const octet of hello.subarray(0, 600)) {
          if (client.ended !== undefined) return
          await client.write(Buffer.of(octet))
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      },
    }
    for (const [where, stall] of Object.entries(stalls)) {
      it(where, async () => {
        const client = await RawClient.connect(port)
        await stall(client, await captureHello())
        await client.end()
        client.close()
      })
    }
  })

  it('the log says once how handshakes are given more time', async () => {
    await logHas(/a TLS handshake failed.*limits\.handshakeTimeoutMs/)
    assert.ok((gateway.stderr.match(/limits\.handshakeTimeoutMs/g) ?? []).length <= 2, 'once a thread')
  })

  it('half-open handshakes by the thousand keep nobody out, and are gone in time', async () => {
    const hello = await captureHello()
    const sockets = await Promise.all(
      Array.from({ length: 2_000 }, async (_, at) => {
        const client = await RawClient.connect(port, '127.0.0.1', `127.0.0.${2 + (at % 100)}`)
        await client.write(at % 2 === 0 ? hello : hello.subarray(0, 100))
        return client
      }),
    )
    for (let at = 0; at < 5; at++) await isServed()
    for (const client of sockets) {
      await client.end()
      client.close()
    }
    await isServed()
  })

  it('connections that only stand there cost little memory, and leave none behind', async () => {
    // The first make what all share: caches, pages of the heap.
    const warm = await openIdle(200)
    const bytesBefore = await gateway.residentBytes()
    const idle = await openIdle(IDLE_CONNECTIONS)
    const grown = (await gateway.residentBytes()) - bytesBefore
    assert.ok(grown < IDLE_CONNECTIONS * MOST_IDLE_BYTES, `${Math.round(grown / IDLE_CONNECTIONS)} bytes each`)
    for (const client of [...warm, ...idle]) client.close()
    await until(async () => (await gateway.metric('gatewright_connections')) === 0 || undefined, 'all to be closed')
    await isServed()
  })

  it('a hello in many records and reads is a hello', async () => {
    const hello = await captureHello({ ALPNProtocols: ['http/1.1'] })
    for (const size of [1, 2, 3, 50, 16_000]) {
      const client = await RawClient.connect(port)
      const bytes = cutRecords(hello, size)
      const step = size === 1 ? 200 : 7 * size
      for (let at = 0; at < bytes.length; at += step) await client.write(bytes.subarray(at, at + step))
      await until(() => client.received.length > 100 || undefined, 'the answer to the hello')
      assert.deepEqual([...client.received.subarray(0, 2)], [22, 3], `records of ${size}`)
      client.reset()
    }
  })

  it('a hello in records of one octet, sent octet by octet, costs no more than it is worth', async () => {
    const long = Buffer.concat([
      Buffer.from([22, 3, 1, 0x40, 0]),
      Buffer.from([1, 0, 0x3f, 0xfc]),
      Buffer.alloc(16_380),
    ])
    const bytes = cutRecords(long, 1).subarray(0, 16_000)
    const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(port)))
    await Promise.all(
      clients.map(async (client) => {
        for (const octet of bytes) await client.write(Buffer.of(octet))
      }),
    )
    await isServed()
    for (const client of clients) client.close()
  })

  // biome-ignore format: a table, one row a line
  const GARBAGE: readonly [string, Buffer][] = [
    ['a record of another type', Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
    ['a record without content', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0xff, 0xff])],
    ['a hello that is too long', Buffer.from([22, 3, 1, 0x10, 0, 1, 0xff, 0xff, 0xff])],
    ['a hello that ends too early', Buffer.from([22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 0, 0])],
    ['a server’s hello', Buffer.from([22, 3, 3, 0, 5, 2, 0, 0, 1, 0])],
    ['a hello of SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10])],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40])],
    ['zeros', Buffer.alloc(20_000)],
  ]
  for (const [what, bytes] of GARBAGE) {
    it(`${what} ends the connection, and nothing else`, async () => {
      const client = await RawClient.connect(port)
      await client.write(bytes)
      await client.end()
      client.close()
      await isServed()
    })
  }

  it('random octets behind a sound beginning end the connection', async () => {
    const hello = await captureHello()
    for (let at = 9; at < hello.length; at += 41) {
      const broken = Buffer.from(hello)
      broken[at] = (broken[at] ?? 0) ^ 0xff
      const client = await RawClient.connect(port)
      await client.write(broken)
      client.halfClose()
      await client.end()
      client.close()
    }
    await isServed()
  })

  it('who speaks HTTP to it is told', async () => {
    const client = await RawClient.connect(port)
    await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const answer = await client.getAnswer()
    assert.deepEqual([answer.status, findField(answer, 'connection')], [400, 'close'])
    assert.match(answer.body.toString(), /https:\/\//)
    assert.equal(await client.end(), 'end')
    client.close()
  })

  it('versions before 1.2 are refused by an alert, and the log says why', async () => {
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const given = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
      assert.match(await refusalOf(port, 'localhost', given), /ALERT_PROTOCOL_VERSION/)
    }
    await logHas(/a TLS handshake failed.*ERR_SSL_UNSUPPORTED_PROTOCOL/)
  })

  const S_CLIENT = () => ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost']

  it('a client of TLS 1.2 cannot negotiate again', async () => {
    const said = await runOpenssl([...S_CLIENT(), '-tls1_2'], ['R\n'])
    assert.match(said, /RENEGOTIATING/)
    assert.match(said, /no.renegotiation/i)
  })

  it('data that comes before the handshake is not taken (0-RTT, RFC 8446 §8)', async () => {
    const session = join(folder.authority.folder, 'session.pem')
    const request = join(folder.authority.folder, 'request.txt')
    writeFileSync(request, 'GET /early HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const wanted = ['GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n']
    const first = await runOpenssl([...S_CLIENT(), '-tls1_3', '-ign_eof', '-sess_out', session], wanted)
    assert.match(first, /Max Early Data: 0/)
    const second = await runOpenssl(
      [...S_CLIENT(), '-tls1_3', '-ign_eof', '-sess_in', session, '-early_data', request],
      wanted,
    )
    assert.match(second, /Early data was not sent|Early data was rejected/)
    assert.equal(
      upstream.requests.some(({ target }) => target === '/early'),
      false,
    )
  })

  it('connections of one address count from their first octet, and are given back however they end', async () => {
    const hello = await captureHello()
    // An address has one count for all listeners: whoever was here before must be gone, or some of these are too many.
    await until(async () => (await gateway.metric('gatewright_connections')) === 0 || undefined, 'no connections')
    const held = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(countedPort)))
    for (const client of held.slice(0, 2)) await client.write(hello)
    // Threads accept when they come to it: a fifth that is taken before the fourth would be one of four.
    await until(async () => (await gateway.metric('gatewright_connections')) === 4 || undefined, 'four connections')
    const isFull = async () => /ECONNRESET|closed/.test(await refusalOf(countedPort, 'localhost')) || undefined
    await until(isFull, 'a fifth to be refused')
    const socket = connectPlain({ port: countedPort, host: '127.0.0.1', localAddress: '127.0.0.9' })
    assert.equal(await refusalOf(countedPort, 'localhost', { socket }), 'connected')
    for (const [at, client] of held.entries()) at % 2 === 0 ? client.reset() : client.close()
    // Reset at every moment of a handshake, and right behind it.
    for (let at = 0; at < 60; at++) {
      const socket = connectPlain({ port: countedPort, host: '127.0.0.1' })
      const tls = connectTls({ socket, servername: 'localhost', rejectUnauthorized: false })
      tls.on('error', () => {})
      socket.on('error', () => {})
      const reset = (): void => void socket.resetAndDestroy()
      if (at % 3 === 0) tls.once('secureConnect', reset)
      else if (at % 3 === 1) tls.once('secureConnect', () => setImmediate(reset))
      else socket.once('connect', () => setImmediate(reset))
      await within(once(socket, 'close'), 'the reset')
    }
    const areAllFree = async () => {
      const clients = await Promise.allSettled(
        Array.from({ length: 4 }, () => TlsClient.connect(countedPort, 'localhost')),
      )
      for (const client of clients) if (client.status === 'fulfilled') client.value.close()
      return clients.every(({ status }) => status === 'fulfilled') || undefined
    }
    await until(areAllFree, 'four connections at once')
  })

  it('a body that ends too early is not taken for the whole, with a goodbye or without', async () => {
    for (const fields of ['Content-Length: 1000000', 'Transfer-Encoding: chunked']) {
      for (const leave of ['end', 'destroy'] as const) {
        upstream.forget()
        const client = await TlsClient.connect(port, 'localhost')
        await client.raw.write(`POST /cut HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n\r\n5\r\nhello\r\n`)
        const isBegun = ({ seen, isClosed }: UpstreamConnection) => !isClosed && seen.includes('hello')
        const { socket } = await upstream.connectionThat(isBegun, 'a part of the body')
        const closed = once(socket, 'close')
        client.socket[leave]()
        await within(closed, 'the upstream to be told')
        client.close()
        assert.deepEqual(upstream.requests, [])
      }
    }
    await isServed()
  })

  it('nothing of all that ended a thread', () => {
    assert.doesNotMatch(gateway.stderr, /thread ended|uncaught|TypeError/i)
  })
})

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import fc from 'fast-check'
import { type ClientHelloReading, parseClientHello } from './client-hello.ts'

/** What Node's own client says first. */
async function captureHello(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => socket.once('data', (chunk: Buffer) => resolve(chunk)))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  client.on('error', () => {})
  const hello = await promise
  client.destroy()
  server.close()
  return hello
}

/** One handshake message in one record, whose only extension says this name. */
function toHello(name: string, { nameType = 0 } = {}): Buffer {
  const host = Buffer.from(name, 'latin1')
  const entry = Buffer.concat([Buffer.from([nameType, host.length >> 8, host.length & 255]), host])
  const list = Buffer.concat([Buffer.from([entry.length >> 8, entry.length & 255]), entry])
  const extension = Buffer.concat([Buffer.from([0, 0, list.length >> 8, list.length & 255]), list])
  return toRecord(
    Buffer.concat([
      Buffer.from([3, 3]),
      Buffer.alloc(32),
      Buffer.from([0, 0, 2, 0x13, 1, 1, 0, extension.length >> 8, extension.length & 255]),
      extension,
    ]),
  )
}

function toRecord(body: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body])
  return Buffer.concat([Buffer.from([22, 3, 1, message.length >> 8, message.length & 255]), message])
}

const nameOf = (reading: ClientHelloReading): unknown => (typeof reading === 'string' ? reading : reading.serverName)

describe('reading of a ClientHello', () => {
  it('finds the name and the protocols that a real client says', async () => {
    const hello = await captureHello({ servername: 'Shop.Example.COM', ALPNProtocols: ['h2', 'http/1.1'] })
    assert.deepEqual(parseClientHello(hello), { serverName: 'shop.example.com', protocols: ['h2', 'http/1.1'] })
  })

  it('finds none where a real client says none', async () => {
    assert.deepEqual(parseClientHello(await captureHello({})), { serverName: undefined, protocols: [] })
  })

  it('reads the same however the octets are cut into reads and records', async () => {
    const hello = await captureHello({ servername: 'a.example', ALPNProtocols: ['h2'] })
    const whole = parseClientHello(hello)
    for (let end = 0; end < hello.length; end++) assert.equal(parseClientHello(hello.subarray(0, end)), 'incomplete')
    for (const cut of [1, 3, 4, 5, 100]) {
      const message = hello.subarray(5)
      const pieces = [message.subarray(0, cut), message.subarray(cut)].map((piece) =>
        Buffer.concat([Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece]),
      )
      assert.deepEqual(parseClientHello(Buffer.concat(pieces)), whole)
    }
  })

  const names: readonly (readonly [said: string, read: unknown])[] = [
    ['a.example', 'a.example'],
    ['A.Example.', 'a.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['a_b.example', 'a_b.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['', undefined],
    ['.', undefined],
    ['a..b', undefined],
    ['a.example:443', undefined],
    ['a.example\0.evil', undefined],
    ['*.example', undefined],
    ['b\xfccher.example', undefined],
    [`${'a.'.repeat(140)}b`, undefined],
  ]
  for (const [said, read] of names) {
    it(`takes ${JSON.stringify(said.slice(0, 30))} for ${String(read)}`, () => {
      assert.equal(nameOf(parseClientHello(toHello(said))), read)
    })
  }

  it('skips names of other types', () => {
    assert.equal(nameOf(parseClientHello(toHello('a.example', { nameType: 7 }))), undefined)
  })

  const invalid: readonly (readonly [what: string, octets: Buffer])[] = [
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['an alert', Buffer.from([21, 3, 1, 0, 2, 1, 0])],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['another handshake message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
    ['a hello that is too long', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0x40, 1])],
    ['a hello that ends inside', toRecord(Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(20)]))],
    [
      'a session id that is longer than the hello',
      toRecord(Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([200])])),
    ],
  ]
  for (const [what, octets] of invalid) {
    it(`says that ${what} is none`, () => {
      assert.equal(parseClientHello(octets), 'invalid')
    })
  }

  it('never throws, and never reads beyond the end', () => {
    const hello = toHello('a.example')
    fc.assert(
      fc.property(fc.nat(hello.length - 1), fc.nat(255), (at, octet) => {
        const mangled = Buffer.from(hello)
        mangled[at] = octet
        parseClientHello(mangled)
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => void parseClientHello(Buffer.from(octets))))
  })
})

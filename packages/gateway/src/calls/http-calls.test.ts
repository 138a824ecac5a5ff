/** Proves what calls to other services are bounded by: time, size, and where they may go. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createRawServer, type Server as RawServer, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { CallFault, type OutgoingCall } from '@gatewright/policies'
import { TestAuthority } from '../certificates/test-authority.fixture.ts'
import { EgressGuard } from '../egress/egress-guard.ts'
import { NodeHttpCalls } from './http-calls.ts'

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

const rawServers: RawServer[] = []
const rawSockets: Socket[] = []
after(() => {
  for (const socket of rawSockets) socket.destroy()
  for (const server of rawServers) server.close()
})

const calls = new NodeHttpCalls()
const send = (url: string, call: Partial<OutgoingCall> = {}) => calls.send({ url, timeoutMs: 5000, ...call })
const reasonOf = async (answer: Promise<unknown>): Promise<string> => {
  try {
    await answer
    return 'answered'
  } catch (error) {
    assert.ok(error instanceof CallFault, String(error))
    return error.reason
  }
}

describe('a call', () => {
  it('is sent as it is said, and answered with status, fields and body', async () => {
    const port = await serve((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        response.writeHead(
          201,
          [
            ['Set-Cookie', 'a=1'],
            ['Set-Cookie', 'b=2'],
          ].flat(),
        )
        response.end(`${request.method} ${request.url} ${request.headers.host} ${request.headers['x-a']} ${text}`)
      })
    })
    const { status, headers, body } = await send(`http://localhost:${port}/x?y=1`, {
      method: 'POST',
      headers: [['X-A', 'b']],
      body: 'grüße',
    })
    assert.equal(status, 201)
    assert.deepEqual(headers.getAll('set-cookie'), ['a=1', 'b=2'])
    assert.equal(body.toString(), `POST /x?y=1 localhost:${port} b grüße`)
  })

  it('follows no redirect', async () => {
    const port = await serve((_, response) => response.writeHead(302, { Location: 'http://169.254.169.254/' }).end())
    assert.equal((await send(`http://127.0.0.1:${port}/`)).status, 302)
  })

  it('ends with its time, with its signal, and beyond its size', async () => {
    const silent = await serve(() => {})
    assert.equal(await reasonOf(send(`http://127.0.0.1:${silent}/`, { timeoutMs: 50 })), 'timeout')
    const controller = new AbortController()
    const aborted = reasonOf(send(`http://127.0.0.1:${silent}/`, { signal: controller.signal }))
    controller.abort()
    assert.equal(await aborted, 'ABORT_ERR')
    const slow = await serve((_, response) => void response.writeHead(200).write('x'))
    assert.equal(await reasonOf(send(`http://127.0.0.1:${slow}/`, { timeoutMs: 50 })), 'timeout')
    const large = await serve((_, response) => void response.end('x'.repeat(2000)))
    assert.equal(await reasonOf(send(`http://127.0.0.1:${large}/`, { limitBytes: 1999 })), 'too-large')
    assert.equal((await send(`http://127.0.0.1:${large}/`, { limitBytes: 2000 })).body.length, 2000)
  })

  it('says what went wrong', async () => {
    const half = await serve((request) => void request.socket.destroy())
    assert.equal(await reasonOf(send(`http://127.0.0.1:${half}/`)), 'ECONNRESET')
    assert.equal(await reasonOf(send('ftp://127.0.0.1/')), 'url')
    assert.equal(await reasonOf(send('nonsense')), 'url')
    assert.match(await reasonOf(send('http://nobody.invalid/')), /^(?:ENOTFOUND|EAI_AGAIN)$/)
  })

  it('trusts no certificate that has expired', async () => {
    const authority = TestAuthority.create()
    const { certPem, keyPem } = authority.issue({ names: ['localhost'], days: -1 })
    const server = createSecureServer({ cert: certPem, key: keyPem }, (_, response) => response.end('ok'))
    servers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    assert.equal(await reasonOf(send(url, { tls: { ca: authority.certPem } })), 'CERT_HAS_EXPIRED')
    authority.remove()
  })

  it('asks a server with TLS for proof', async () => {
    const authority = TestAuthority.create()
    const { certPem, keyPem } = authority.issue({ names: ['localhost'] })
    const server = createSecureServer({ cert: certPem, key: keyPem }, (_, response) => response.end('ok'))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`
    try {
      assert.match(await reasonOf(send(url)), /^UNABLE_TO_/)
      assert.equal((await send(url, { tls: { ca: authority.certPem } })).body.toString(), 'ok')
      const other = url.replace('localhost', '127.0.0.1')
      assert.equal(await reasonOf(send(other, { tls: { ca: authority.certPem } })), 'ERR_TLS_CERT_ALTNAME_INVALID')
      // `Host` may be the client's own: it says neither whom to look for nor whom to believe.
      const tls = { ca: authority.certPem }
      const fresh = new NodeHttpCalls()
      const named = await fresh.send({ url, timeoutMs: 5000, tls, headers: [['Host', 'other.example.com']] })
      assert.equal(named.status, 200)
      assert.equal(
        await reasonOf(send(other, { tls, headers: [['Host', 'localhost']] })),
        'ERR_TLS_CERT_ALTNAME_INVALID',
      )
      const stranger = TestAuthority.create('Another Root')
      assert.match(await reasonOf(send(url, { tls: { ca: stranger.certPem } })), /^(?:UNABLE_TO_|SELF_SIGNED_|CERT_)/)
      stranger.remove()
    } finally {
      server.closeAllConnections()
      server.close()
      authority.remove()
    }
  })
})

/** A service that is nothing but a socket: `answer` writes what it likes to each request's bytes. */
async function serveRaw(
  answer: (socket: Socket, requests: number) => void,
): Promise<{ url: string; connections(): number; heads: string[] }> {
  let connections = 0
  const heads: string[] = []
  const server = createRawServer((socket) => {
    connections++
    let requests = 0
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (text: string) => {
      heads.push(text)
      answer(socket, ++requests)
    })
    rawSockets.push(socket)
  })
  rawServers.push(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, connections: () => connections, heads }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('a service that does not speak as it should', () => {
  for (const [what, bytes, reason] of [
    ['breaks off within its length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'ECONNRESET'],
    ['breaks off within its chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'ECONNRESET'],
    ['breaks off within its head', 'HTTP/1.1 200 OK\r\nX-User: an', 'ECONNRESET'],
    ['says nothing', '', 'ECONNRESET'],
    ['speaks another protocol', 'SSH-2.0-x\r\n\r\n', 'HPE_INVALID_CONSTANT'],
    [
      'has two lengths (RFC 9112 §6.3)',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'HPE_UNEXPECTED_CONTENT_LENGTH',
    ],
    [
      'has a length and chunks (RFC 9112 §6.3)',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HPE_INVALID_TRANSFER_ENCODING',
    ],
    ['has an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`, 'HPE_HEADER_OVERFLOW'],
    [
      'switches protocols (RFC 9110 §15.2.2)',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      'not-http',
    ],
  ] as const) {
    it(`is a failure where it ${what}`, async () => {
      const { url } = await serveRaw((socket) => socket.end(bytes, 'latin1'))
      assert.equal(await reasonOf(send(url)), reason)
    })
  }

  it('has its time and no more, however slowly it goes on: hints, fields, or a body', async () => {
    for (const piece of ['HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\n\r\nx']) {
      const { url } = await serveRaw((socket) => void socket.write(piece))
      assert.equal(await reasonOf(send(url, { timeoutMs: 50 })), 'timeout', piece)
    }
  })

  it('fills no memory with a body without end', async () => {
    const { url } = await serveRaw((socket) => {
      const piece = Buffer.alloc(65_536)
      const write = () => {
        while (socket.writable && socket.write(piece)) {}
      }
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('drain', write)
      write()
    })
    assert.equal(await reasonOf(send(url, { limitBytes: 100_000 })), 'too-large')
  })

  it('is heard to the last of many fields', async () => {
    const { url } = await serveRaw((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${'X: 1\r\n'.repeat(2_500)}X-Last: 1\r\nContent-Length: 0\r\n\r\n`),
    )
    const { headers } = await send(url)
    assert.deepEqual([headers.get('x-last'), headers.size], ['1', 2_502])
  })

  it('answers one call with one answer: what follows it is nobody’s', async () => {
    const { url, connections } = await serveRaw((socket, requests) => {
      socket.write(requests === 1 ? `${OK}HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n` : OK)
    })
    assert.deepEqual([(await send(url)).status, (await send(url)).status, connections()], [200, 200, 2])
  })

  it('is heard where it answers before it has read', async () => {
    const { url } = await serveRaw((socket, requests) => {
      if (requests === 1) socket.write('HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
    assert.equal((await send(url, { method: 'POST', body: Buffer.alloc(4_000_000) })).status, 403)
  })

  /** Who answers nobody. `full`: there are as many calls as there may be connections. */
  async function serveSilently() {
    const full = Promise.withResolvers<void>()
    const seen = { count: 0 }
    const port = await serve(() => {
      if (++seen.count === 64) full.resolve()
    })
    return { others: new NodeHttpCalls(), full: full.promise, seen, url: `http://127.0.0.1:${port}/` }
  }

  it('keeps nobody who waits for a connection beyond their time, and counts them until they are gone', async () => {
    const { others, full, seen, url } = await serveSilently()
    const end = new AbortController()
    const call = (signal: AbortSignal) => reasonOf(others.send({ url, timeoutMs: 60_000, signal }))
    const held = Array.from({ length: 64 }, () => call(end.signal))
    await full
    const left = new AbortController()
    const waiting = Array.from({ length: 960 }, () => call(left.signal))
    left.abort()
    assert.equal((await Promise.all(waiting)).length, 960)
    assert.equal(await Promise.race([...held, 'none has ended']), 'none has ended')
    assert.equal(await call(end.signal), 'too-many-calls')
    end.abort()
    await Promise.all(held)
    while ((await call(AbortSignal.abort())) === 'too-many-calls') await turn()
    assert.equal(seen.count, 64)
  })

  it('tells who waited for others of ours from who waited for the service', async () => {
    const { others, full, url } = await serveSilently()
    const end = new AbortController()
    const call = (timeoutMs: number) => reasonOf(others.send({ url, timeoutMs, signal: end.signal }))
    const held = Array.from({ length: 63 }, () => call(60_000))
    const late = call(500)
    await full
    assert.equal(await call(1), 'too-many-calls')
    assert.equal(await late, 'timeout')
    end.abort()
    await Promise.all(held)
  })

  it('is not slow where it did not read all that was sent', async () => {
    const server = createRawServer((socket) => {
      rawSockets.push(socket.on('error', () => {}))
      socket.pause()
    })
    rawServers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const body = Buffer.alloc(32_000_000)
    assert.equal(await reasonOf(send(url, { method: 'POST', body, timeoutMs: 500 })), 'half-sent')
    assert.equal(await reasonOf(send(url, { method: 'POST', body: 'x', timeoutMs: 100 })), 'timeout')
  })

  it('is sent no more once it refused (RFC 9112 §9.5), and its connection is left', async () => {
    let received = 0
    const left = Promise.withResolvers<void>()
    const server = createRawServer((socket) => {
      rawSockets.push(socket.on('error', () => {}).on('close', left.resolve))
      socket.once('data', () => socket.write('HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno'))
      socket.on('data', (bytes) => {
        received += bytes.length
      })
    })
    rawServers.push(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const body = Buffer.alloc(64_000_000)
    assert.equal((await send(url, { method: 'POST', body })).status, 413)
    await left.promise
    assert.ok(received < body.length, `${received} bytes`)
  })

  it('leaves room for other calls when it is done with', async () => {
    const others = new NodeHttpCalls()
    const { url } = await serveRaw((socket) =>
      socket.end('HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    )
    for (let at = 0; at < 1_100; at += 50) {
      const reasons = await Promise.all(
        Array.from({ length: 50 }, () => reasonOf(others.send({ url, timeoutMs: 5000 }))),
      )
      assert.deepEqual(new Set(reasons), new Set(['not-http']))
    }
  })
})

describe('a connection that was kept open, and closed in the meantime', () => {
  /** Resets each connection at its second request. */
  const serveOnce = () =>
    serveRaw((socket, requests) => void (requests === 1 ? socket.write(OK) : socket.resetAndDestroy()))

  for (const [what, call] of [
    ['by its method', { method: 'GET' }],
    ['because the call says so', { method: 'POST', body: 'x', mayRepeat: true }],
  ] as const) {
    it(`has a call sent again that may be repeated: ${what} (RFC 9112 §9.3.1)`, async () => {
      const { url, connections } = await serveOnce()
      assert.equal((await send(url, call)).status, 200)
      assert.equal((await send(url, call)).status, 200)
      assert.equal(connections(), 2)
    })
  }

  for (const [what, call] of [
    ['by its method', { method: 'POST', body: 'x' }],
    ['because the call says so', { method: 'GET', mayRepeat: false }],
  ] as const) {
    it(`is a failure for a call that may not: ${what} (RFC 9110 §9.2.2)`, async () => {
      const { url, heads } = await serveOnce()
      await send(url, call)
      assert.equal(await reasonOf(send(url, call)), 'ECONNRESET')
      assert.equal(heads.length, 2)
    })
  }

  it('is no reason to try a new connection twice', async () => {
    const { url, connections } = await serveRaw((socket) => void socket.resetAndDestroy())
    assert.equal(await reasonOf(send(url)), 'ECONNRESET')
    assert.equal(connections(), 1)
  })

  it('is no reason to try again once the answer has begun', async () => {
    const { url, heads } = await serveRaw((socket, requests) => {
      socket.write(requests === 1 ? OK : 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx', () => {
        if (requests > 1) socket.resetAndDestroy()
      })
    })
    await send(url)
    assert.equal(await reasonOf(send(url)), 'ECONNRESET')
    assert.equal(heads.length, 2)
  })
})

describe('the head of a call', () => {
  it('says that there is no content, where some is usual (RFC 9110 §8.6)', async () => {
    const { url, heads } = await serveRaw((socket) => void socket.write(OK))
    for (const method of ['POST', 'PUT', 'PATCH', 'GET', 'DELETE']) await send(url, { method })
    assert.deepEqual(
      heads.map((head) => /Content-Length: 0/.test(head)),
      [true, true, true, false, false],
    )
    assert.ok(!heads.join('').includes('Transfer-Encoding'))
  })

  it('names the host that the call says', async () => {
    const { url, heads } = await serveRaw((socket) => void socket.write(OK))
    await send(url, { headers: [['host', 'api.example.com']] })
    assert.deepEqual(heads[0]?.match(/host: .*/gi), ['host: api.example.com'])
  })
})

describe('whom calls may reach', () => {
  it('is looked at after DNS, also behind an address in the place of a name', async () => {
    const port = await serve((_, response) => void response.end('ok'))
    calls.setGuard(new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] }))
    for (const host of ['localhost', '127.0.0.1', '127.1', '0x7f000001', '[::ffff:127.0.0.1]']) {
      assert.equal(await reasonOf(send(`http://${host}:${port}/`)), 'egress-denied', host)
    }
    calls.setGuard(new EgressGuard({ deny: ['127.0.0.0/8'], allow: ['127.0.0.1'] }))
    assert.equal((await send(`http://127.0.0.1:${port}/`)).status, 200)
    calls.setGuard(new EgressGuard({ deny: [], allow: [] }))
  })

  it('closes idle connections when the rules change', async () => {
    const port = await serve((_, response) => void response.end('ok'))
    await send(`http://127.0.0.1:${port}/`)
    calls.setGuard(new EgressGuard({ deny: ['127.0.0.0/8'], allow: [] }))
    assert.equal(await reasonOf(send(`http://127.0.0.1:${port}/`)), 'egress-denied')
    calls.setGuard(new EgressGuard({ deny: [], allow: [] }))
  })

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`is nobody new for calls that wait for a connection when the rules change: ${host}`, async () => {
      const held = Promise.withResolvers<void>()
      let asked = 0
      const port = await serve(() => {
        if (++asked === 64) held.resolve()
      })
      const reasons = Promise.all(Array.from({ length: 70 }, () => reasonOf(send(`http://${host}:${port}/`))))
      await held.promise
      calls.setGuard(new EgressGuard({ deny: ['127.0.0.0/8', '::1'], allow: [] }))
      assert.deepEqual(new Set((await reasons).slice(64)), new Set(['egress-denied']))
      assert.equal(asked, 64)
      calls.setGuard(new EgressGuard({ deny: [], allow: [] }))
    })
  }
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { TestAuthority } from '../../certificates/test-authority.fixture.ts'
import { LoopbackTarget, toUpstream } from '../loopback.fixture.ts'
import { ClientContext } from '../tls/client-context.ts'
import { TargetTls } from '../tls/target-tls.ts'
import { type ProbeRequest, type ProbeResult, probe } from './probe.ts'

/** Probes a server that does what `onRequest` says with the bytes of the request. */
async function probeServer(
  onRequest: (socket: Socket, text: string) => void,
  request: Partial<ProbeRequest> = {},
): Promise<ProbeResult> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (text.endsWith('\r\n\r\n')) onRequest(socket, text)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    return await probe({
      url: `http://127.0.0.1:${port}/prefix`,
      path: '/healthz',
      headers: {},
      timeoutMs: 5000,
      ...request,
    })
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

describe('probe', () => {
  it('asks for the path as it is written, once, on a connection of its own', async () => {
    let seen = ''
    const result = await probeServer(
      (socket, text) => {
        seen = text
        socket.end('HTTP/1.1 204 No Content\r\n\r\n')
      },
      { path: '/healthz?full=1', headers: { 'X-Probe': '1', host: 'orders.internal', Connection: 'keep-alive' } },
    )
    assert.deepEqual(result, { status: 204 })
    assert.deepEqual(seen.split('\r\n'), [
      'GET /healthz?full=1 HTTP/1.1',
      'host: orders.internal',
      'User-Agent: gatewright-health',
      'Accept: */*',
      'X-Probe: 1',
      'Connection: close',
      '',
      '',
    ])
  })

  it('takes the final answer, after those that come before it', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'
    assert.deepEqual(await probeServer((socket) => socket.end(`${interim}HTTP/1.1 200\r\n\r\n`)), { status: 200 })
  })

  it('reads an answer that comes in pieces', async () => {
    const result = await probeServer(async (socket) => {
      for (const part of 'HTTP/1.1 503 Busy\r\nA: b\r\n\r\n') {
        if (!socket.write(part)) await once(socket, 'drain')
      }
    })
    assert.deepEqual(result, { status: 503 })
  })

  it('does not wait for the end of a body', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'
    assert.deepEqual(await probeServer((socket) => socket.write(head)), { status: 200 })
  })

  for (const [what, bytes, fault] of [
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n', 'status-line'],
    ['a malformed field', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'field-name'],
    ['half a head', 'HTTP/1.1 200 OK\r\nA', 'closed'],
    ['nothing', '', 'closed'],
  ] as const) {
    it(`takes ${what} for a fault`, async () => {
      assert.deepEqual(await probeServer((socket) => socket.end(bytes)), { fault })
    })
  }

  it('waits no longer than its time-out', async () => {
    assert.deepEqual(await probeServer(() => {}, { timeoutMs: 20 }), { fault: 'timeout' })
  })

  it('says why there is no connection', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const request = { url: `http://127.0.0.1:${port}`, path: '/', headers: {}, timeoutMs: 5000 }
    assert.deepEqual(await probe(request), { fault: 'ECONNREFUSED' })
  })

  it('speaks TLS with a target of https, and asks for the same proof as requests do', async () => {
    const authority = TestAuthority.create()
    const { certPem: cert, keyPem: key } = authority.issue({ names: ['127.0.0.1'] })
    const target = await LoopbackTarget.listen({ cert, key })
    target.reply = (_, socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n')
    const { id, tls: plain } = toUpstream({ targets: [target.url] })
    const ask = (tls: object): Promise<ProbeResult> => {
      const context = new ClientContext({ id, tls: { ...plain, ...tls } }, () => authority.certPem)
      const request = { url: target.url, path: '/', headers: {}, timeoutMs: 5000 }
      return probe({ ...request, tls: new TargetTls(context, '127.0.0.1') })
    }
    try {
      assert.deepEqual(await ask({ ca: { path: '/etc/ca.pem', sha256: '' } }), { status: 204 })
      assert.deepEqual(await ask({}), { fault: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    } finally {
      await target.close()
      authority.remove()
    }
  })
})

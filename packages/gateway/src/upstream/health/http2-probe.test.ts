import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, createServer as createNetServer, type Server } from 'node:net'
import { after, afterEach, describe, it } from 'node:test'
import { TestAuthority } from '../../certificates/test-authority.fixture.ts'
import { toUpstream } from '../loopback.fixture.ts'
import { ClientContext } from '../tls/client-context.ts'
import { TargetTls } from '../tls/target-tls.ts'
import { type ProbeRequest, type ProbeResult, probe } from './probe.ts'

describe('probe over HTTP/2', () => {
  const authority = TestAuthority.create()
  const { certPem, keyPem } = authority.issue({ names: ['127.0.0.1'] })
  const context = new ClientContext(
    {
      ...toUpstream({ targets: ['https://x'] }),
      tls: { verify: true, minVersion: '1.2', ca: { path: 'ca', sha256: authority.certPem } },
    },
    (text) => text,
  )
  const closing: (() => void)[] = []

  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })
  after(() => authority.remove())

  async function ask(
    server: Http2Server | Http2SecureServer | Server,
    given: Partial<ProbeRequest>,
  ): Promise<ProbeResult> {
    server.on('session', (session: ServerHttp2Session) => closing.push(() => session.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const scheme = given.tls === undefined ? 'http' : 'https'
    return probe({
      url: `${scheme}://127.0.0.1:${port}`,
      path: '/healthz?full',
      headers: {},
      timeoutMs: 2000,
      ...given,
    })
  }

  const answering = (status: number, seen: IncomingHttpHeaders[] = []): Http2Server =>
    createServer().on('stream', (stream: ServerHttp2Stream, headers) => {
      seen.push(headers)
      stream.on('error', () => {})
      stream.additionalHeaders({ ':status': 103 })
      stream.respond({ ':status': status })
      stream.end('x'.repeat(200_000))
    })

  const tls = new TargetTls(context, '127.0.0.1')

  it('asks without TLS where both know what is spoken', async () => {
    const seen: IncomingHttpHeaders[] = []
    const result = await ask(answering(204, seen), {
      protocol: 'h2c',
      headers: { Host: 'orders.internal', 'X-Probe': '1', Connection: 'x' },
    })
    assert.deepEqual(result, { status: 204 })
    const { ':method': method, ':path': path, ':authority': name, ':scheme': scheme, ...fields } = seen[0] ?? {}
    assert.deepEqual([method, path, name, scheme], ['GET', '/healthz?full', 'orders.internal', 'http'])
    assert.deepEqual(Object.fromEntries(Object.entries(fields)), {
      'user-agent': 'gatewright-health',
      accept: '*/*',
      'x-probe': '1',
    })
  })

  it('asks over TLS', async () => {
    const server = createSecureServer({ cert: certPem, key: keyPem }, (_, response) => response.writeHead(503).end())
    assert.deepEqual(await ask(server, { protocol: 'h2', tls }), { status: 503 })
  })

  it('speaks what the target chooses, where it may', async () => {
    const server = createSecureServer({ cert: certPem, key: keyPem, allowHTTP1: true }, (request, response) =>
      response.writeHead(request.httpVersion === '2.0' ? 202 : 201).end(),
    )
    assert.deepEqual(await ask(server, { protocol: 'auto', tls }), { status: 202 })
  })

  it('finds who speaks HTTP/1.1 on such a port', async () => {
    const result = await ask(
      createHttpServer((_, response) => response.end()),
      { protocol: 'h2c' },
    )
    assert.ok('fault' in result && result.fault !== 'timeout', JSON.stringify(result))
  })

  it('finds who resets it, and who says nothing', async () => {
    const resetting = createServer().on('stream', (stream: ServerHttp2Stream) => {
      stream.on('error', () => {})
      stream.close(2)
    })
    assert.deepEqual(await ask(resetting, { protocol: 'h2c' }), { fault: 'reset' })
    assert.deepEqual(await ask(createNetServer(), { protocol: 'h2c', timeoutMs: 100 }), { fault: 'timeout' })
  })
})

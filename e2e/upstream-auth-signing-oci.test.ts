/** Owns the proof that requests which the gateway signs for Oracle Cloud Infrastructure say on the wire what was signed. */
import assert from 'node:assert/strict'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import {
  createMachine,
  judge,
  TENANCY,
  toFingerprint,
  toPem,
  toSessionToken,
  USER_KEY,
} from '../packages/policies/src/upstream-auth/oci/oci-signing.fixture.ts'
import { findField } from './harness/answer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawUpstream } from './harness/raw-upstream.ts'

const THREADS = 2
const MACHINE = createMachine()
const USER = 'ocid1.user.oc1..bbbb'
const FINGERPRINT = toFingerprint(USER_KEY.publicKey)

interface Seen {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly body: Buffer
  find(name: string): string | undefined
}

/** Metadata of a machine, and the federation endpoint. */
class Oracle {
  readonly calls: string[] = []
  sessionKey: KeyObject | undefined
  token = ''
  readonly #server: Server = createHttpServer((request, response) => {
    void this.#answer(request, response)
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    this.calls.push(`${method} ${url}`)
    if (url === '/v1/x509') {
      const body = Buffer.concat(pieces)
      const find = (name: string) => headers[name] as string | undefined
      assert.equal(find('content-length'), `${body.length}`)
      judge({ method, target: url, host: headers.host ?? '', find, body }, MACHINE.publicKey)
      const { publicKey } = JSON.parse(body.toString()) as { publicKey: string }
      this.sessionKey = createPublicKey(`-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----`)
      this.token = toSessionToken({ exp: Math.floor(Date.now() / 1000) + 3600 })
      response.end(JSON.stringify({ token: this.token }))
      return
    }
    const texts = new Map([
      ['/opc/v2/identity/cert.pem', MACHINE.cert],
      ['/opc/v2/identity/key.pem', MACHINE.key],
      ['/opc/v2/identity/intermediate.pem', MACHINE.cert],
    ])
    const text = headers.authorization === 'Bearer Oracle' ? texts.get(url) : undefined
    response.writeHead(text === undefined ? 404 : 200).end(text)
  }
}

describe('requests that the gateway signs for Oracle', () => {
  const oracle = new Oracle()
  const sessions = new Set<ServerHttp2Session>()
  const seen: Seen[] = []
  let plain: RawUpstream
  let http2: Http2Server
  let gateway: RunningGateway

  before(async () => {
    await oracle.listen()
    plain = await RawUpstream.listen({
      onRequest({ method, target, fields, body }, { socket }) {
        const find = (name: string) => findField({ fields }, name)
        seen.push({ method, target, host: find('host') ?? '', body, find })
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      },
    })
    http2 = createHttp2Server((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        const { method, url: target, authority: host, headers } = request
        seen.push({
          method,
          target,
          host,
          body: Buffer.concat(pieces),
          find: (name) => headers[name] as string | undefined,
        })
        response.end()
      })
    })
    http2.on('session', (session) => {
      sessions.add(session)
      session.on('error', () => {})
    })
    http2.listen(0, '127.0.0.1')
    await once(http2, 'listening')
    gateway = await startGateway({
      threads: THREADS,
      env: { OCI_KEY: toPem(USER_KEY.privateKey) },
      yaml: toYaml({
        plain: `${plain.url}/20181201/functions`,
        http2: `http://127.0.0.1:${(http2.address() as AddressInfo).port}/20181201/`,
        nobody: await findFreePort(),
      }),
    })
  })
  after(async () => {
    await gateway?.stop()
    await plain?.close()
    for (const session of sessions) session.destroy()
    http2?.close()
    oracle.close()
  })

  function toYaml({ plain: url, http2: http2Url, nobody }: { plain: string; http2: string; nobody: number }): string {
    const user = `principal: { user: { tenancy: ${TENANCY}, user: ${USER}, fingerprint: "${FINGERPRINT}", key: "\${env:OCI_KEY}" } }`
    const instance = `principal: { instance: { metadataUrl: "${oracle.url}", federationUrl: "${oracle.url}" } }`
    const down = `principal: { instance: { metadataUrl: "http://127.0.0.1:${nobody}" } }`
    const api = (
      id: string,
      { upstream = 'plain', to = url, options }: { upstream?: string; to?: string; options: string },
    ) => `
  - id: ${id}
    basePath: /${id}
    upstream: ${upstream}
    policies: [{ policy: upstream-auth, options: { oci: { url: "${to}", ${options} } } }]
    routes:
      - { id: rest, path: "/{rest+}" }`
    return `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
upstreams:
  - { id: plain, targets: [{ url: "${url}" }] }
  - { id: http2, protocol: h2c, targets: [{ url: "${http2Url}" }] }
apis:${api('user', { options: user })}${api('http2', { upstream: 'http2', to: http2Url, options: user })}${api('instance', { options: instance })}${api('down', { options: down })}${api('streamed', { options: `payload: unsigned, ${user}` })}
`
  }

  async function ask(
    path: string,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, init)
    return { status: answer.status, text: await answer.text() }
  }

  // biome-ignore format: a table, one row a request
  const REQUESTS: readonly (readonly [path: string, init: RequestInit, length: string | undefined])[] = [
    ['/f/1?b=%2F+x&a&a=1', {}, undefined],
    ['/f/%C3%A9~x', { method: 'DELETE' }, undefined],
    ['/f', { method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } }, '7'],
    ['/f', { method: 'POST', body: new Uint8Array(100_000), headers: { 'Content-Type': 'application/octet-stream' } }, '100000'],
    ['/f', { method: 'PUT', body: new Uint8Array(0) }, '0'],
    ['/f', { method: 'POST' }, '0'],
    ['/f', { method: 'PATCH', body: new Blob(['ab', 'cd']).stream(), duplex: 'half' } as RequestInit, '4'],
  ]
  for (const [api, prefix] of [
    ['user', '/20181201/functions'],
    ['http2', '/20181201'],
  ] as const) {
    for (const [path, init, length] of REQUESTS) {
      it(`are believed: ${init.method ?? 'GET'} /${api}${path} with ${length ?? 'no'} bytes`, async () => {
        const { body } = init
        // A stream is read once, and this table twice.
        const given = body instanceof ReadableStream ? { ...init, body: new Blob(['ab', 'cd']).stream() } : init
        const { status } = await ask(`/${api}${path}`, {
          ...given,
          headers: { ...init.headers, Authorization: 'Bearer of-the-client', 'X-Date': 'x', Date: 'x' },
        })
        assert.equal(status, 200)
        const request = seen.at(-1)!
        assert.equal(request.target, prefix + path)
        assert.equal(judge(request, USER_KEY.publicKey).keyId, `${TENANCY}/${USER}/${FINGERPRINT}`)
        assert.deepEqual([request.find('content-length'), request.find('x-date')], [length, undefined])
      })
    }
  }

  it('have a body that streams where it is not signed', async () => {
    assert.equal((await ask('/streamed/f', { method: 'PUT', body: new Uint8Array(5_000_000) })).status, 200)
    const { names } = judge(seen.at(-1)!, USER_KEY.publicKey)
    assert.deepEqual([names.includes('x-content-sha256'), seen.at(-1)!.body.length], [false, 5_000_000])
  })

  it('of a machine have one token for 200 that come together, on all threads', async () => {
    const from = seen.length
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => ask('/instance/f', { method: 'POST', body: '{}' })),
    )
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(oracle.calls.filter((call) => call === 'POST /v1/x509').length, 1)
    assert.equal(seen.length - from, 200)
    for (const request of seen.slice(from)) assert.equal(judge(request, oracle.sessionKey!).keyId, `ST$${oracle.token}`)
  })

  it('are not sent while nobody issues keys, and the record says why', async () => {
    const sent = seen.length
    const { status, text } = await ask('/down/f')
    assert.equal(status, 503)
    assert.match(text, /upstream-credential-unavailable/)
    await until(() => gateway.stdout.includes('"reason":"ECONNREFUSED"') || undefined, 'the record')
    assert.equal(seen.length, sent)
  })

  it('leave no key and no token in a log or a record', () => {
    const all = gateway.stdout + gateway.stderr
    const bodies = [MACHINE.key, toPem(USER_KEY.privateKey)].map((pem) => pem.slice(60, 120))
    for (const secret of [...bodies, oracle.token, 'PRIVATE KEY']) assert.ok(!all.includes(secret))
    assert.match(gateway.stderr, /oci-instance/)
  })
})

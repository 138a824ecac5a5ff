/** Owns the proof that a service outside decides about requests: what it sees of them, what its answer does, and what nobody gets past it with. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server as RawServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Answer, findField, findProblemCode } from './harness/answer.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { RawClient } from './harness/raw-client.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

const PROTOCOLS = ['envoy-ext-authz', 'traefik-forward-auth', 'nginx-auth-request', 'generic'] as const
const TIMEOUT_MS = 300

const toCookies = ({ fields }: Answer) =>
  fields.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value)

interface Seen {
  readonly method: string
  readonly url: string
  /** Names in lower case; each line of a field. */
  readonly headers: NodeJS.Dict<string[]>
  readonly body: string
}

/** Decides by what it is told of the path: nobody but `Bearer root` gets to /admin. */
class DecidingService {
  readonly seen: Seen[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => void this.#decide(request, response))
  }

  static async listen(): Promise<DecidingService> {
    const service = new DecidingService()
    await once(service.#server.listen(0, '127.0.0.1'), 'listening')
    return service
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get newest(): Seen {
    return this.seen.at(-1) ?? assert.fail('it was not asked')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #decide(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const piece of request.setEncoding('utf8') as AsyncIterable<string>) body += piece
    const { method = '', url = '', headersDistinct: headers } = request
    this.seen.push({ method, url, headers, body })
    const document = body === '' ? undefined : JSON.parse(body)
    const path: string =
      document?.request.path ??
      headers['x-forwarded-uri']?.[0] ??
      headers['x-original-uri']?.[0] ??
      url.replace('/check', '')
    const credential = document?.request.headers.authorization?.[0] ?? headers.authorization?.[0]
    if (path.startsWith('/login-needed')) {
      return void response
        .writeHead(302, { Location: 'https://login.example.com/?rd=x', 'Set-Cookie': ['a=1', 'b=2'] })
        .end()
    }
    if (path.includes('/admin') && credential !== 'Bearer root') {
      const fields = { 'Content-Type': 'text/plain', 'X-Internal': 's3cret', Connection: 'X-Hop', 'X-Hop': '1' }
      return void response.writeHead(403, fields).end('not for you')
    }
    const cookies = /^\/kept\/(?!cookies)/.test(path) ? {} : { 'Set-Cookie': ['s=1', 't=2'] }
    const fields = { 'X-Auth-User': 'ann', 'X-Not-Listed': '1', ...cookies }
    response.writeHead(200, { ...fields, 'Content-Type': 'application/json' }).end('{"user":{"id":"ann"}}')
  }
}

/** Services that decide nothing, each in its way; what they write is the whole of their answer. */
const BROKEN: Readonly<Record<string, (socket: Socket) => void>> = {
  silent() {},
  'reset-at-once': (socket) => socket.resetAndDestroy(),
  'half-a-head': (socket) => socket.end('HTTP/1.1 200 OK\r\nX-Auth-User: ro'),
  'half-a-body': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'),
  'two-lengths': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello'),
  'switches-protocols': (socket) => socket.end('HTTP/1.1 101 Now\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  'only-hints': (socket) => void socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'),
  'a-drip': (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'),
  'no-http': (socket) => socket.end('220 smtp.example.com ESMTP\r\n'),
  'a-failure': (socket) => socket.end('HTTP/1.1 500 No\r\nX-Auth-User: root\r\nContent-Length: 0\r\n\r\n'),
  'not-modified': (socket) => socket.end('HTTP/1.1 304 Not Modified\r\n\r\n'),
  endless(socket) {
    const piece = Buffer.alloc(65_536)
    const write = () => {
      while (socket.writable && socket.write(piece)) {}
    }
    socket.on('drain', write)
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    write()
  },
}

/** Those that say that it is down. All others a client could bring about, with a request or an answer that is too long for somebody. */
const DOWN = ['silent', 'only-hints', 'a-drip', 'a-failure']

async function listenBroken(answer: (socket: Socket) => void, sockets: Socket[]): Promise<RawServer> {
  const server = createRawServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server
}

describe('a service that decides about requests', () => {
  let service: DecidingService
  let upstream: RawUpstream
  let gateway: RunningGateway
  const broken = new Map<string, RawServer>()
  const sockets: Socket[] = []

  before(async () => {
    service = await DecidingService.listen()
    upstream = await listenAsWitness()
    for (const [name, answer] of Object.entries(BROKEN)) broken.set(name, await listenBroken(answer, sockets))
    const api = (id: string, basePath: string, options: string) => `  - id: ${id}
    basePath: ${basePath}
    stripBasePath: false
    upstream: ${upstream.url}
    policies: [{ policy: external-auth, options: { ${options} } }]
    routes: [{ id: rest, path: "/{rest+}" }]
`
    const usual = 'copyToUpstream: [X-Auth-User], copyToClient: [Set-Cookie]'
    const apis = PROTOCOLS.map((protocol) =>
      api(protocol, `/${protocol}`, `url: "${service.url}/check", protocol: ${protocol}, ${usual}`),
    )
    for (const [name, server] of broken) {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      apis.push(api(`${name}-refuse`, `/${name}/refuse`, `url: "${url}", timeoutMs: ${TIMEOUT_MS}, ${usual}`))
      apis.push(
        api(`${name}-allow`, `/${name}/allow`, `url: "${url}", timeoutMs: ${TIMEOUT_MS}, onError: allow, ${usual}`),
      )
    }
    apis.push(
      api(
        'kept',
        '/kept',
        `url: "${service.url}/check", credential: { scheme: Bearer }, cache: { ttlSeconds: 3600 }, caller: { id: "json:user.id" }, toUpstream: { id: X-Caller }`,
      ),
    )
    apis.push(api('login-needed', '/login-needed', `url: "${service.url}/check", protocol: traefik-forward-auth`))
    // Without the policy: what only the service may say is removed there too.
    apis.push(`  - id: open
    basePath: /open
    stripBasePath: false
    upstream: ${upstream.url}
    routes: [{ id: rest, path: "/{rest+}" }]
`)
    gateway = await startGateway({
      yaml: `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
apis:
${apis.join('')}`,
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await service?.close()
    for (const socket of sockets) socket.destroy()
    for (const server of broken.values()) server.close()
  })

  /** `target` goes byte for byte, as `fetch` would not send it. */
  async function ask(target: string, fields: readonly string[] = []): Promise<Answer> {
    const client = await RawClient.connect(gateway.port)
    try {
      await client.write([`GET ${target} HTTP/1.1`, 'Host: api.example.com', ...fields, '', ''].join('\r\n'))
      return await client.getAnswer()
    } finally {
      client.reset()
    }
  }
  const sawOf = (answer: Answer) =>
    parseTestimony(findField(answer, 'x-saw') ?? assert.fail(`${answer.status}: ${answer.body}`))
  const reached = (target: string) => upstream.requests.some((request) => request.target.startsWith(target))

  for (const protocol of PROTOCOLS) {
    describe(`by ${protocol}`, () => {
      it('lets pass, and says who calls and which cookies are set', async () => {
        const answer = await ask(`/${protocol}/a`, [
          'X-Auth-User: root',
          'X_Auth_User: root',
          'Authorization: Bearer a',
        ])
        const saw = sawOf(answer)
        assert.equal(answer.status, 200)
        const users = saw.fields.filter(([name]) => name.toLowerCase().replaceAll('_', '-') === 'x-auth-user')
        assert.deepEqual(users, [['X-Auth-User', 'ann']])
        assert.equal(findField(saw, 'x-not-listed'), undefined)
        assert.deepEqual(toCookies(answer), ['s=1', 't=2'])
      })

      it('refuses, with its own answer and none of its connection’s fields', async () => {
        const answer = await ask(`/${protocol}/admin`)
        assert.deepEqual([answer.status, answer.body.toString()], [403, 'not for you'])
        assert.equal(findField(answer, 'content-length'), '11')
        for (const name of ['x-internal', 'x-hop', 'transfer-encoding'])
          assert.equal(findField(answer, name), undefined, name)
        assert.equal(findField(answer, 'cache-control'), 'no-store')
        assert.ok(!reached(`/${protocol}/admin`))
        assert.equal((await ask(`/${protocol}/admin`, ['Authorization: Bearer root'])).status, 200)
      })

      // nginx gives auth_request what came; then this is no /admin to the service, and one to the upstream.
      for (const target of ['/x/../admin', '/%61dmin', '/x/%2e%2e/admin', '/./admin', '/a/%2E./admin?x=/public']) {
        it(`decides about the path that is served: ${target}`, async () => {
          const answer = await ask(`/${protocol}${target}`)
          assert.equal(answer.status, 403)
          const { headers, body } = service.newest
          const raw = protocol === 'generic' ? JSON.parse(body).request.rawTarget : headers['x-raw-target']?.[0]
          assert.equal(raw, `/${protocol}${target}`)
        })
      }

      it('sees who is connected, and nothing that a client says of it (Traefik CVE-2024-45410)', async () => {
        const forged = [
          'X-Forwarded-For',
          'X-Forwarded-Host',
          'X-Forwarded-Uri',
          'X-Forwarded-Method',
          'X-Original-URI',
          'X-Original-URL',
          'X-Original-Method',
          'X-Real-IP',
          'X-Raw-Target',
          'X_Forwarded_Uri',
          'X_Original_URI',
          'Forwarded',
        ]
        const fields = forged.map((name) => `${name}: forged`)
        for (const connection of ['close', forged.join(', '), 'X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto']) {
          const answer = await ask(`/${protocol}/admin`, [...fields, `Connection: ${connection}`])
          assert.equal(answer.status, 403, connection)
          const { headers, body } = service.newest
          assert.ok(!JSON.stringify([headers, body]).includes('forged'), connection)
          const address = protocol === 'generic' ? JSON.parse(body).client.address : headers['x-forwarded-for']
          assert.deepEqual([address].flat(), ['127.0.0.1'])
        }
      })
    })
  }

  it('sends browsers to its login page, and the gateway goes there itself no more than it', async () => {
    const before = service.seen.length
    const answer = await ask('/login-needed/x')
    assert.deepEqual([answer.status, findField(answer, 'location')], [302, 'https://login.example.com/?rd=x'])
    assert.deepEqual(toCookies(answer), ['a=1', 'b=2'])
    assert.equal(service.seen.length - before, 1)
    assert.ok(!reached('/login-needed'))
  })

  it('cannot be spoken for on any route', async () => {
    const saw = sawOf(await ask('/open/x', ['X-Auth-User: root', 'x_auth_user: root', 'X-Caller: root']))
    assert.ok(!saw.fields.some(([, value]) => value === 'root'))
  })

  it('is asked once for the same credential and request, where its answers hold', async () => {
    const count = async (targets: readonly (readonly [target: string, token: string])[]) => {
      const before = service.seen.length
      for (const [target, token] of targets) {
        const saw = sawOf(await ask(target, [`Authorization: Bearer ${token}`]))
        assert.deepEqual([findField(saw, 'x-caller'), findField(saw, 'authorization')], ['ann', undefined])
      }
      return service.seen.length - before
    }
    const asked = ['x', 'x', 'y'].map((token) => ['/kept/a', token] as const)
    assert.equal(await count([...asked, ['/kept/b', 'x'], ['/kept/a?q', 'x'], ['/kept/a', 'y']]), 4)
    // With cookies an answer is one client's, and nobody gets it from memory.
    assert.equal(await count(['x', 'x', 'x'].map((token) => ['/kept/cookies', token] as const)), 3)
  })

  describe('and fails', () => {
    for (const name of Object.keys(BROKEN)) {
      it(`lets nobody pass: ${name}`, async () => {
        const answer = await ask(`/${name}/refuse/x`, ['X-Auth-User: root'])
        assert.deepEqual(
          [answer.status, findProblemCode(answer), findField(answer, 'retry-after')],
          [503, 'verifier-unavailable', '5'],
        )
        assert.ok(!reached(`/${name}/refuse`))
      })

      it(`lets pass as nobody, where that is configured and it is down: ${name}`, async () => {
        const answer = await ask(`/${name}/allow/x`, ['X-Auth-User: root'])
        assert.equal(answer.status, DOWN.includes(name) ? 200 : 503)
        if (answer.status === 200) assert.equal(findField(sawOf(answer), 'x-auth-user'), undefined)
      })
    }

    it('leaves no call behind: others are still asked', async () => {
      for (const protocol of PROTOCOLS) assert.equal((await ask(`/${protocol}/a`)).status, 200)
    })
  })
})

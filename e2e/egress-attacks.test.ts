/**
 * Owns the proof that nothing which somebody answers, and no spelling of an address, leads the gateway to where `egress` denies: for
 * every policy that calls, for targets, and for authorities of ACME. Whoever is permitted is at 127.0.0.2, and whoever is not, at 127.0.0.1.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TestIssuer } from '@gatewright/policies/testing'
import { until, within } from './harness/deadline.ts'
import { type RunningGateway, spawnGateway, startGateway } from './harness/gateway.ts'
import { WebBrowser, type WebPage } from './harness/web-browser.ts'

/** Of 127.0.0.1, as URLs and resolvers take it. */
const SPELLINGS = [
  '127.0.0.1',
  'localhost',
  'LocalHost',
  '2130706433',
  '0177.0.0.1',
  '017700000001',
  '0x7f000001',
  '0x7F.0.0.0x1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '%31%32%37.0.0.1',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[0:0:0:0:0:ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  '[::1]',
] as const

/** LDAP's URLs say a host as it is: there, these are names. */
const NAMES_TO_LDAP: readonly string[] = ['127.0.0.1.', '%31%32%37.0.0.1', '①②⑦.⓪.⓪.①', '127。0。0。1']

/** Those that the file may not even say. */
const REFUSED_SPELLINGS = ['somebody@127.0.0.1', 'user:word@127.0.0.1', '[fe80::1%25lo]', '127.0.0.1%00.test'] as const

const REDIRECTS = [301, 302, 303, 307, 308] as const

/** Whom nobody is to reach. */
class Inside {
  readonly #server: Server
  connections = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.connections++
      socket.destroy()
    })
  }

  static async listen(): Promise<Inside> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new Inside(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Who may be asked, and names whom may not: by a redirect, or in what it says of itself. */
class Outside {
  readonly #server: HttpServer
  readonly #inside: string
  readonly asked: string[] = []

  private constructor(server: HttpServer, inside: string) {
    this.#server = server
    this.#inside = inside
    server.on('request', ({ url = '' }, response) => {
      this.asked.push(url)
      this.#answer(url, response)
    })
  }

  static async listen(inside: string): Promise<Outside> {
    const server = createHttpServer()
    await once(server.listen(0, '127.0.0.2'), 'listening')
    return new Outside(server, inside)
  }

  get url(): string {
    return `http://127.0.0.2:${(this.#server.address() as AddressInfo).port}`
  }

  #answer(url: string, response: ServerResponse): void {
    // RFC 8414 §3.1 puts the well-known part before the path, OpenID Connect Discovery 1.0 §4 behind it.
    const [, kind, number] = url.replace(/\/\.well-known\/[^/]+/, '').split('/')
    if (kind === 'redirect') {
      response.writeHead(Number(number), { Location: `${this.#inside}/secret` }).end()
      return
    }
    if (!url.includes('/.well-known/')) {
      response.writeHead(404).end()
      return
    }
    response.setHeader('Content-Type', 'application/json')
    response.end(
      JSON.stringify({
        issuer: `${this.url}/${kind}`,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.#inside}/token`,
        jwks_uri: `${this.#inside}/keys`,
        introspection_endpoint: `${this.#inside}/introspect`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      }),
    )
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A directory that knows nobody, and says who might: RFC 4511 §4.1.10, the result `referral` to every bind. */
async function listenAsDirectory(inside: number): Promise<Server> {
  const uri = Buffer.from(`ldap://127.0.0.1:${inside}/`)
  const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const value = Buffer.concat(parts)
    return Buffer.concat([Buffer.of(tag, value.length), value])
  }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (request) => {
      const id = Buffer.from(request).subarray(2, 5)
      const result = tlv(0x61, Buffer.of(0x0a, 1, 10), tlv(0x04), tlv(0x04), tlv(0xa3, tlv(0x04, uri)))
      socket.write(tlv(0x30, id, result))
    })
  })
  await once(server.listen(0, '127.0.0.2'), 'listening')
  return server
}

const CLIENT = { id: 'gateway', secret: 'a-secret' }
const issuer = new TestIssuer()

interface Way {
  readonly name: string
  /** Of its URL, where it is denied by its address; `http`, if absent. */
  readonly scheme?: string
  /** What stands in the API, if somebody's URL is this. */
  toApi(url: string, path: string): Readonly<Record<string, unknown>>
  /** How a request is made that has the call made. */
  readonly headers?: Readonly<Record<string, string>>
}

const byPolicy = (policy: string, options: unknown) => ({
  policies: [
    { policy, options },
    { policy: 'respond', options: { body: 'let in' } },
  ],
})

const token = (iss: string): string =>
  issuer.sign({ iss, sub: 'ann', aud: 'x', exp: Math.floor(Date.now() / 1000) + 600 })
const toLogin = (issuer: string, path: string) =>
  byPolicy('oidc-login', {
    issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    redirectPath: `${path}/callback`,
    cookie: { secrets: ['a-secret-for-cookies-of-this-very-test'] },
  })
const WAYS: readonly Way[] = [
  { name: 'external-auth', toApi: (url) => byPolicy('external-auth', { url, protocol: 'generic' }) },
  {
    name: 'jwt',
    toApi: (jwksUrl) => byPolicy('jwt', { issuers: [{ issuer: 'https://issuer.test', audiences: 'any', jwksUrl }] }),
    headers: { Authorization: `Bearer ${token('https://issuer.test')}` },
  },
  {
    name: 'oauth2-introspection',
    toApi: (endpoint) => byPolicy('oauth2-introspection', { endpoint, client: CLIENT }),
    headers: { Authorization: 'Bearer some-token' },
  },
  // Its options want https for most of these.
  { name: 'oidc-login', scheme: 'https', toApi: toLogin },
  { name: 'opa', toApi: (url) => byPolicy('opa', { rules: { url, path: 'a/allow' } }) },
]

const DIRECTORY: Way = {
  name: 'ldap-auth',
  toApi: (url) => byPolicy('ldap-auth', { url, startTls: false, bindDn: 'uid={name},dc=test' }),
  headers: { Authorization: `Basic ${Buffer.from('ann:word').toString('base64')}` },
}

interface AccessRecord {
  readonly path: string
  readonly reason?: string
  readonly problem?: string
}

const toYaml = (rest: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    gatewright: 1,
    listeners: [{ id: 'public', host: '127.0.0.1', port: 8080 }],
    egress: { deny: ['127.0.0.0/8', '::1'], allow: ['127.0.0.2'] },
    ...rest,
  })

describe('what egress denies', { concurrency: 8 }, () => {
  let inside: Inside
  let outside: Outside
  let directory: Server
  let gateway: RunningGateway
  const apis: Record<string, unknown>[] = []
  const upstreams: Record<string, unknown>[] = []

  /** Answers the path of an API that has this call made. */
  const paths = new Map<string, string>()
  function add(name: string, toApi: (path: string) => Readonly<Record<string, unknown>>): void {
    const path = `/api${apis.length}`
    paths.set(name, path)
    apis.push({ id: `api${apis.length}`, basePath: path, routes: [{ path: '/{rest+}' }], ...toApi(path) })
  }
  function addTarget(name: string, url: string): void {
    const id = `target${upstreams.length}`
    upstreams.push({ id, targets: [url] })
    add(name, () => ({ upstream: id }))
  }

  before(async () => {
    inside = await Inside.listen()
    outside = await Outside.listen(`http://127.0.0.1:${inside.port}`)
    directory = await listenAsDirectory(inside.port)
    for (const way of WAYS) {
      for (const host of SPELLINGS) {
        const url = `${way.scheme ?? 'http'}://${host}:${inside.port}`
        add(`${way.name} at ${host}`, (path) => way.toApi(url, path))
      }
      for (const status of REDIRECTS) {
        add(`${way.name} redirected by ${status}`, (path) =>
          way.toApi(`${outside.url}/redirect/${status}/${way.name}`, path),
        )
      }
    }
    for (const host of SPELLINGS) {
      if (!NAMES_TO_LDAP.includes(host)) {
        add(`ldap-auth at ${host}`, (path) => DIRECTORY.toApi(`ldap://${host}:${inside.port}`, path))
      }
      addTarget(`target at ${host}`, `http://${host}:${inside.port}`)
    }
    for (const status of REDIRECTS)
      addTarget(`target redirected by ${status}`, `${outside.url}/redirect/${status}/target`)
    const { port } = directory.address() as AddressInfo
    add('ldap-auth referred', (path) => DIRECTORY.toApi(`ldap://127.0.0.2:${port}`, path))
    add('jwt discovered', () => byPolicy('jwt', { issuers: [{ issuer: `${outside.url}/jwt`, audiences: 'any' }] }))
    add('oauth2-introspection discovered', () =>
      byPolicy('oauth2-introspection', { issuer: `${outside.url}/introspection`, client: CLIENT }),
    )
    add('oidc-login discovered', (path) => toLogin(`${outside.url}/login`, path))
    gateway = await startGateway({
      yaml: toYaml({ upstreams, apis }),
      threads: 1,
    })
  })
  after(async () => {
    await gateway?.stop()
    directory?.close()
    await outside?.close()
    await inside?.close()
  })

  const toPath = (name: string): string => `${paths.get(name) ?? assert.fail(name)}/x`

  const toUrl = (path: string): string => `http://127.0.0.1:${gateway.port}${path}`
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<WebPage> =>
    new WebBrowser().visit(toUrl(path), { headers, redirects: 0 })

  const findRecord = (path: string): Promise<AccessRecord> =>
    until(() => {
      const lines = gateway.lines.filter((line) => line.includes(`"${path}"`))
      return lines.length === 0 ? undefined : (JSON.parse(lines.at(-1) ?? '') as AccessRecord)
    }, `the record of ${path}`)

  async function assertDenied(path: string, page: Promise<WebPage>): Promise<void> {
    const { status, headers, body } = await page
    assert.ok(status === 502 || status === 503, `${status} ${body}`)
    assert.doesNotMatch(`${body} ${JSON.stringify(headers)}`, new RegExp(`egress|127\\.0|${inside.port}`))
    assert.equal((await findRecord(path)).reason, 'egress-denied')
    assert.equal(inside.connections, 0)
  }

  const everybody = [...WAYS, DIRECTORY, { name: 'target', headers: {} }]
  for (const host of SPELLINGS) {
    for (const { name, headers } of everybody) {
      if (name === DIRECTORY.name && NAMES_TO_LDAP.includes(host)) continue
      it(`is not called by that address: ${name} at ${host}`, async () => {
        const path = toPath(`${name} at ${host}`)
        await assertDenied(path, ask(path, headers))
      })
    }
  }

  for (const status of REDIRECTS) {
    for (const { name, headers } of [...WAYS, { name: 'target', headers: {} }]) {
      it(`is not where a redirect leads: ${name} by ${status}`, async () => {
        const { body } = await ask(toPath(`${name} redirected by ${status}`), headers)
        assert.notEqual(body, 'let in')
        assert.ok(outside.asked.some((url) => url.startsWith(`/redirect/${status}/${name}`)))
        assert.equal(inside.connections, 0)
      })
    }
  }

  it('is not where a directory refers to (RFC 4511 §4.1.10)', async () => {
    const path = toPath('ldap-auth referred')
    assert.equal((await ask(path, DIRECTORY.headers)).status, 503)
    assert.equal((await findRecord(path)).reason, 'ldap-10')
    assert.equal(inside.connections, 0)
  })

  it('is not where an issuer says that its keys are', async () => {
    const path = toPath('jwt discovered')
    await assertDenied(path, ask(path, { Authorization: `Bearer ${token(`${outside.url}/jwt`)}` }))
    assert.ok(outside.asked.includes('/jwt/.well-known/openid-configuration'))
  })

  it('is not where an issuer says that it is asked about tokens', async () => {
    const path = toPath('oauth2-introspection discovered')
    await assertDenied(path, ask(path, { Authorization: 'Bearer some-token' }))
    assert.ok(outside.asked.some((url) => url.includes('.well-known') && url.includes('/introspection')))
  })

  it('is not where a provider says that codes are redeemed', async () => {
    const browser = new WebBrowser()
    const page = await browser.visit(toUrl(toPath('oidc-login discovered')), { redirects: 0 })
    const location = new URL(page.headers.location ?? assert.fail(page.body))
    assert.equal(`${location.origin}${location.pathname}`, `${outside.url}/authorize`)
    const path = `${paths.get('oidc-login discovered')}/callback`
    const query = new URLSearchParams({ code: 'a-code', state: location.searchParams.get('state') ?? '' })
    await assertDenied(path, browser.visit(toUrl(`${path}?${query}`), { redirects: 0 }))
  })

  for (const host of REFUSED_SPELLINGS) {
    it(`is said by no file that has a user, a zone or no host before it: ${host}`, async () => {
      const url = `http://${host}:${inside.port}`
      const all = [...WAYS.map((way) => way.toApi(url, '')), DIRECTORY.toApi(`ldap://${host}:${inside.port}`, '')]
      const refused = await spawnGateway({
        yaml: toYaml({
          upstreams: [{ id: 'target', targets: [url] }],
          apis: all.map((api, at) => ({
            id: `api${at}`,
            basePath: `/api${at}`,
            routes: [{ path: '/callback' }],
            ...api,
          })),
        }),
      })
      assert.equal(await within(refused.exited, 'the gateway to refuse the file'), 1)
      for (const place of ['upstreams[0]', ...all.keys().map((at) => `apis[${at}]`)]) {
        assert.ok(refused.stderr.includes(`(${place}.`), `${place}: ${refused.stderr}`)
      }
      await refused.stop()
    })
  }

  it('is no authority that certificates are ordered from', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatewright-egress-'))
    const ordering = await startGateway({
      yaml: toYaml({
        certificates: [
          {
            id: 'auto',
            acme: { hosts: ['shop.test'], directory: `https://127.0.0.1:${inside.port}/dir`, challenge: 'http-01' },
          },
        ],
        apis: [{ id: 'a', ...byPolicy('cors', { origins: ['https://a.test'] }) }],
      }),
      args: ['--data', folder],
    })
    try {
      await until(() => /is not asked: 127\.0\.0\.1 is not to be called/.test(ordering.stderr) || undefined, 'why not')
      assert.equal(inside.connections, 0)
    } finally {
      await ordering.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** Owns the proof that an upstream can check by itself who calls: with the keys that the gateway publishes, through changes of them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'

const THREADS = 2
const AUDIENCE = 'orders'

/** An application that believes nobody but the keys of the gateway. */
class CheckingUpstream {
  readonly #server: Server
  readonly #keys: ReturnType<typeof createRemoteJWKSet>
  readonly #issuer: string
  /** Tokens as they came, the undefined ones too. */
  readonly tokens: (string | undefined)[] = []

  constructor(issuer: string) {
    this.#issuer = issuer
    // A key that is not known is asked for at once: what a test changes need not be waited for.
    this.#keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cooldownDuration: 0 })
    this.#server = createServer((request, response) => {
      void this.#answer(request, response)
    })
  }

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

  async check(token: string): Promise<JWTPayload> {
    const { payload } = await jwtVerify(token, this.#keys, { issuer: this.#issuer, audience: AUDIENCE, typ: 'JWT' })
    return payload
  }

  async #answer({ headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = headers['x-identity-token']
    assert.ok(!Array.isArray(token))
    this.tokens.push(token)
    response.setHeader('Content-Type', 'application/json')
    try {
      response.end(JSON.stringify(token === undefined ? {} : await this.check(token)))
    } catch (error) {
      response
        .writeHead(418)
        .end(JSON.stringify({ error: error instanceof errors.JOSEError ? error.code : `${error}` }))
    }
  }
}

/** As the guide and the messages say. */
const MAKE_KEY = ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']

const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('identity tokens', () => {
  const env = {
    FIRST_KEY: execFileSync('openssl', MAKE_KEY, { encoding: 'utf8' }),
    SECOND_KEY: toPem(generateKeyPairSync('ed25519').privateKey),
    THIRD_KEY: toPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  }
  let upstream: CheckingUpstream
  let gateway: RunningGateway
  let issuer: string

  /** `names` of keys, the first of which signs. */
  const configure = (...names: readonly (keyof typeof env)[]) => `gatewright: 1
${APPS}apis:
  - id: keys
    basePath: /.well-known
    routes:
      - { id: jwks, path: /jwks.json, policies: [{ policy: jwks, options: { keys: &keys [${names.map((name) => `{ key: "\${env:${name}}" }`).join(', ')}] } }] }
      - id: discovery
        path: /openid-configuration
        policies: [{ policy: respond, options: { json: { issuer: "${issuer}", jwks_uri: "${issuer}/.well-known/jwks.json" } } }]
  - id: shop
    basePath: /
    upstream: ${upstream.url}
    routes:
      - id: orders
        path: /orders
        policies: [${KEY_AUTH}, { policy: identity-token, options: &token { issuer: "${issuer}", audience: ${AUDIENCE}, keys: *keys, claims: { tenant: "\${request.host}" } } }]
      - { id: nobody, path: /nobody, policies: [{ policy: identity-token, options: *token }] }
      - id: guests
        path: /guests
        policies: [{ policy: identity-token, options: { issuer: "${issuer}", audience: ${AUDIENCE}, keys: *keys, anonymous: true } }]
      - { id: bare, path: /bare }
      # To another gateway, which is the same one here: it finds the keys by the issuer's name.
      - id: on
        path: /on
        upstream: "${issuer}"
        policies: [${KEY_AUTH}, { policy: identity-token, options: { issuer: "${issuer}", audience: inner, keys: *keys, header: Authorization } }, { policy: rewrite-path, options: { path: /inner } }]
      - id: inner
        path: /inner
        policies:
          - { policy: jwt, options: { issuers: [{ issuer: "${issuer}", audiences: [inner] }] } }
          - { policy: respond, options: { body: "\${caller.id} by \${caller.credential.kind}" } }
`

  before(async () => {
    const port = await findFreePort()
    issuer = `http://127.0.0.1:${port}`
    upstream = new CheckingUpstream(issuer)
    await upstream.listen()
    gateway = await startGateway({ yaml: configure('FIRST_KEY'), threads: THREADS, port, env })
  })
  after(async () => {
    await gateway?.stop()
    upstream?.close()
  })

  const ask = async (path: string, headers: Readonly<Record<string, string>> = { 'X-Api-Key': KEY }) => {
    const answer = await fetch(issuer + path, { headers })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, text, said: text.startsWith('{') ? JSON.parse(text) : {} }
  }

  /** What the next request brings the upstream. */
  async function takeToken(): Promise<string> {
    const { status, text } = await ask('/orders')
    assert.equal(status, 200, text)
    return upstream.tokens.at(-1) ?? assert.fail('no token came')
  }

  async function change(...names: readonly (keyof typeof env)[]): Promise<void> {
    const before = (await gateway.snapshot())?.version ?? assert.fail('no snapshot')
    await gateway.rewrite(configure(...names))
    await until(async () => {
      const { version = 0, threads = [] } = (await gateway.snapshot()) ?? {}
      return (version > before && threads.every((thread) => thread.version === version)) || undefined
    }, 'the keys to change')
  }

  it('are believed by an application that has nothing but the URL of the keys', async () => {
    const { status, said } = await ask('/orders')
    assert.equal(status, 200, JSON.stringify(said))
    const { iat, exp, jti, ...claims } = said
    assert.deepEqual(claims, {
      iss: issuer,
      aud: AUDIENCE,
      sub: 'tester',
      app: 'tester',
      api: 'shop',
      route: 'orders',
      tenant: '127.0.0.1',
    })
    assert.equal(exp - iat, 300)
    assert.match(jti, /^[0-9a-f-]{36}$/)
  })

  it('open another gateway, which finds the keys by the name of their issuer', async () => {
    const { status, text } = await ask('/on')
    assert.deepEqual([status, text], [200, 'tester by token'])
    assert.equal((await ask('/inner')).status, 401)
    const forAnother = { Authorization: `Bearer ${await takeToken()}` }
    assert.equal((await ask('/inner', forAnother)).status, 401, 'one for another audience opens nothing')
  })

  it('are made once a thread for a caller, however many requests come', async () => {
    upstream.tokens.length = 0
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('/orders')))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    const made = new Set(upstream.tokens)
    assert.equal(upstream.tokens.length, 100)
    // Another one where one came to within 30 seconds of its end meanwhile.
    assert.ok(made.size <= 2 * THREADS, `${made.size} tokens`)
  })

  it('are not what a client sends: neither on their routes nor on others', async () => {
    const good = await takeToken()
    for (const name of ['X-Identity-Token', 'x-identity-token', 'X_Identity_Token']) {
      for (const path of ['/bare', '/guests', '/orders']) {
        const { said } = await ask(path, { 'X-Api-Key': KEY, [name]: path === '/orders' ? 'forged' : good })
        assert.equal(said.sub, path === '/orders' ? 'tester' : undefined, `${name} on ${path}`)
      }
    }
    assert.equal((await ask('/bare', { 'X-Identity-Token': good })).text, '{}')
  })

  it('have no subject where nobody knows who calls, or the request is refused', async () => {
    const guest = await ask('/guests', {})
    assert.deepEqual([guest.status, guest.said.sub, guest.said.route], [200, undefined, 'guests'])
    upstream.tokens.length = 0
    const { status, text } = await ask('/nobody', {})
    assert.equal(status, 403)
    assert.match(text, /access-denied/)
    assert.equal(upstream.tokens.length, 0)
    await until(() => gateway.stdout.includes('no-caller') || undefined, 'the reason in the record')
  })

  it('are checked with a set that says how long it holds, and nothing of what is private', async () => {
    const { headers, said, text } = await ask('/.well-known/jwks.json', {})
    assert.equal(headers.get('content-type'), 'application/jwk-set+json')
    assert.equal(headers.get('cache-control'), 'public, max-age=300')
    assert.deepEqual(Object.keys(said.keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    assert.equal(said.keys[0].kid, decodeProtectedHeader(await takeToken()).kid)
    assert.ok(!/"(?:d|p|q|dp|dq|qi|k)"/.test(text))
    const head = await fetch(`${issuer}/.well-known/jwks.json`, { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, `${text.length}`])
    assert.equal((await fetch(`${issuer}/.well-known/jwks.json`, { method: 'POST' })).status, 405)
  })

  it('stay good through a change of keys for as long as theirs is published', async () => {
    const algorithmOf = (token: string) => decodeProtectedHeader(token).alg
    const first = await takeToken()
    await change('FIRST_KEY', 'SECOND_KEY')
    const announced = await takeToken()
    await change('SECOND_KEY', 'FIRST_KEY', 'THIRD_KEY')
    const second = await takeToken()
    await change('THIRD_KEY', 'SECOND_KEY', 'FIRST_KEY')
    const third = await takeToken()
    assert.deepEqual([first, announced, second, third].map(algorithmOf), ['ES256', 'ES256', 'EdDSA', 'RS256'])
    // An application that starts now knows no key from before.
    const newcomer = new CheckingUpstream(issuer)
    for (const token of [first, announced, second, third]) assert.equal((await newcomer.check(token)).sub, 'tester')
    await change('THIRD_KEY')
    const last = new CheckingUpstream(issuer)
    assert.equal((await last.check(third)).sub, 'tester')
    await assert.rejects(last.check(first), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    assert.equal(decodeJwt(first).sub, decodeJwt(third).sub)
  })

  it('keep running with the keys they have where a new one is none, which is said without saying it', async () => {
    const good = configure('THIRD_KEY')
    await gateway.rewrite(good.replace('${env:THIRD_KEY}', 'hunter2-hunter2'))
    await until(() => gateway.stderr.includes(`openssl ${MAKE_KEY.join(' ')}`) || undefined, 'the fault to be said')
    assert.ok(!gateway.stderr.includes('hunter2'))
    assert.equal(decodeProtectedHeader(await takeToken()).alg, 'RS256')
    await gateway.rewrite(good)
  })

  it('stand in no record and no log, nor do keys', () => {
    const written = gateway.stdout + gateway.stderr
    for (const token of upstream.tokens) assert.ok(token === undefined || !written.includes(token.split('.')[2] ?? ''))
    for (const key of Object.values(env)) assert.ok(!written.includes(key.split('\n')[1] ?? ''))
    assert.ok(written.includes('"shop"'), 'there are records')
  })
})

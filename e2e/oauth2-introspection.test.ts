/** Owns the proof that tokens of a real authorization server open what they are meant for, and nothing once they are revoked. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { AuthorizationServer, GATEWAY, SIGNING_GATEWAY } from './harness/authorization-server.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

const THREADS = 2

describe('access tokens that the authorization server is asked about', () => {
  let server: AuthorizationServer
  let upstream: RawUpstream
  let gateway: RunningGateway

  before(async () => {
    server = await AuthorizationServer.listen()
    upstream = await listenAsWitness()
    const nobody = await findFreePort()
    const client = JSON.stringify(GATEWAY)
    const key = SIGNING_GATEWAY.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const route = (id: string, options: string) =>
      `      - { id: ${id}, path: "/${id}", policies: [{ policy: oauth2-introspection, options: { ${options} } }] }`
    const found = `issuer: "${server.issuer}"`
    gateway = await startGateway({
      threads: THREADS,
      yaml: `gatewright: 1
listeners:
  - { id: public, host: 127.0.0.1, port: 8080 }
apis:
  - id: all
    basePath: /
    upstream: ${upstream.url}
    routes:
${route('found', `${found}, client: ${client}, toUpstream: { id: X-Caller, scopes: X-Scopes }`)}
${route('always', `endpoint: "${server.issuer}/token/introspection", client: ${client}, cacheSeconds: 0, negativeCacheSeconds: 0`)}
${route('long', `${found}, client: ${client}, cacheSeconds: 3600`)}
${route('short', `${found}, client: ${client}, cacheSeconds: 0.2`)}
${route('write', `${found}, client: ${client}, scopes: ["orders:write"]`)}
${route('lax', `${found}, client: ${client}, requireTokenType: false`)}
${route('signed', `${found}, client: { method: private-key-jwt, id: ${SIGNING_GATEWAY.id}, key: ${JSON.stringify(key)} }`)}
${route('wrong', `${found}, client: { id: gateway, secret: wrong }`)}
${route('down', `endpoint: "http://127.0.0.1:${nobody}/", client: ${client}`)}
`,
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await server?.close()
  })

  async function ask(route: string, token: string | undefined, headers: Readonly<Record<string, string>> = {}) {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/${route}`, {
      headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), ...headers },
    })
    const saw = answer.headers.get('x-saw')
    const text = await answer.text()
    return {
      status: answer.status,
      challenge: answer.headers.get('www-authenticate')?.split(', DPoP ')[0],
      retryAfter: answer.headers.get('retry-after'),
      text,
      saw: saw === null ? undefined : parseTestimony(saw),
    }
  }

  it('are found out about at the endpoint that the issuer publishes, and tell the upstream who calls', async () => {
    const { status, saw } = await ask('found', await server.issueToken('orders:read orders:write'), {
      'X-Caller': 'root',
    })
    assert.equal(status, 200)
    assert.ok(saw !== undefined)
    assert.deepEqual([findField(saw, 'x-caller'), findField(saw, 'x-scopes')], ['shop', 'orders:read orders:write'])
    assert.equal(findField(saw, 'authorization'), undefined)
  })

  it('are refused where they are no tokens of it, or none is there', async () => {
    assert.deepEqual(
      [(await ask('found', undefined)).status, (await ask('found', undefined)).challenge],
      [401, 'Bearer realm="api"'],
    )
    const guess = await ask('found', 'nobody-gave-this')
    assert.deepEqual([guess.status, guess.challenge], [401, 'Bearer realm="api", error="invalid_token"'])
    assert.equal(upstream.requests.filter(({ target }) => target === '/found').length, 1)
  })

  it('are refused where their scopes are too few', async () => {
    const weak = await ask('write', await server.issueToken('orders:read'))
    assert.deepEqual(
      [weak.status, weak.challenge],
      [403, 'Bearer realm="api", error="insufficient_scope", scope="orders:write"'],
    )
    assert.equal((await ask('write', await server.issueToken('orders:write'))).status, 200)
  })

  it('open nothing after they are revoked: at once where nothing is remembered', async () => {
    const token = await server.issueToken()
    assert.equal((await ask('always', token)).status, 200)
    await server.revoke(token)
    assert.equal((await ask('always', token)).status, 401)
  })

  it('pass after they are revoked where answers hold for long, and only from memory', async () => {
    const token = await server.issueToken()
    // Each connection may be another thread's: asked often, all of them know it.
    for (let at = 0; at < 40; at++) assert.equal((await ask('long', token)).status, 200)
    await server.revoke(token)
    const asked = server.introspections
    assert.equal((await ask('long', token)).status, 200)
    assert.equal(server.introspections, asked)
  })

  it('stop to pass once what was remembered of them is over', async () => {
    const token = await server.issueToken()
    assert.equal((await ask('short', token)).status, 200)
    await server.revoke(token)
    await until(async () => (await ask('short', token)).status === 401 || undefined, 'the token to be refused')
    assert.equal((await ask('short', token)).status, 401)
  })

  it('are asked about once a thread by 200 requests that come together', async () => {
    const token = await server.issueToken()
    const asked = server.introspections
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('long', token)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.ok(server.introspections - asked <= THREADS, `${server.introspections - asked} calls`)
    assert.ok(server.introspections > asked)
  })

  it('are no refresh tokens, which the server calls active as well', async () => {
    const token = await server.issueRefreshToken()
    assert.equal((await ask('found', token)).status, 401)
    assert.equal((await ask('lax', token)).status, 200, 'the server does call it active')
  })

  it('are found out about by a gateway that signs who it is (RFC 7523)', async () => {
    assert.equal((await ask('signed', await server.issueToken())).status, 200)
    assert.equal((await ask('signed', 'nobody-gave-this')).status, 401)
  })

  it('open nothing where the server does not know the gateway, or nobody is there', async () => {
    const token = await server.issueToken()
    for (const route of ['wrong', 'down']) {
      const { status, retryAfter, text } = await ask(route, token)
      assert.deepEqual([status, retryAfter], [503, '5'], route)
      assert.match(text, /verifier-unavailable/)
      assert.equal(upstream.requests.filter(({ target }) => target === `/${route}`).length, 0)
    }
  })

  it('stand in no record and no log, and neither do secrets', async () => {
    const token = await server.issueToken()
    for (const route of ['found', 'wrong', 'down']) await ask(route, token)
    await until(() => gateway.stdout.includes('client-refused') || undefined, 'the record')
    for (const secret of [token, 'nobody-gave-this', GATEWAY.secret]) {
      assert.ok(!`${gateway.stdout}${gateway.stderr}`.includes(secret))
    }
    assert.match(gateway.stderr, /cannot be asked/)
  })
})

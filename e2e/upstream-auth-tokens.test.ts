/** Owns the proof that upstreams get tokens of a real authorization server: the gateway's own, or one for the caller's. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findFreePort } from '../packages/policies/src/testing/free-ports.ts'
import { findField } from './harness/answer.ts'
import { AuthorizationServer, GATEWAY, SIGNING_GATEWAY } from './harness/authorization-server.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { listenAsWitness, parseTestimony, type RawUpstream } from './harness/raw-upstream.ts'

const THREADS = 2

describe('tokens for upstreams', () => {
  let server: AuthorizationServer
  let upstream: RawUpstream
  let gateway: RunningGateway

  before(async () => {
    server = await AuthorizationServer.listen()
    upstream = await listenAsWitness()
    const nobody = await findFreePort()
    const client = JSON.stringify(GATEWAY)
    const key = SIGNING_GATEWAY.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const signing = `{ method: private-key-jwt, id: ${SIGNING_GATEWAY.id}, key: ${JSON.stringify(key)} }`
    const found = `issuer: "${server.issuer}"`
    const introspect = `{ policy: oauth2-introspection, options: { ${found}, client: ${client}, forward: true } }`
    const auth = (options: string) => `{ policy: upstream-auth, options: { ${options} } }`
    const exchange = auth(`tokenExchange: { ${found}, client: ${client}, scopes: ["orders:write"] }`)
    const route = (id: string, policies: string) => `      - { id: ${id}, path: "/${id}", policies: [${policies}] }`
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
${route('own', auth(`clientCredentials: { ${found}, client: ${client}, scopes: ["orders:write"] }`))}
${route('signed', auth(`clientCredentials: { ${found}, client: ${signing} }`))}
${route('wrong', auth(`clientCredentials: { ${found}, client: { id: gateway, secret: of-somebody-else } }`))}
${route('down', auth(`clientCredentials: { endpoint: "http://127.0.0.1:${nobody}/", client: ${client} }`))}
${route('exchanged', `${introspect}, ${exchange}`)}
${route('unchecked', exchange)}
${route('check', introspect)}
`,
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.close()
    await server?.close()
  })

  async function ask(route: string, token: string) {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/${route}`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    const saw = answer.headers.get('x-saw')
    const text = await answer.text()
    const said = saw === null ? undefined : findField(parseTestimony(saw), 'authorization')
    return { status: answer.status, text, token: said?.replace(/^Bearer /, '') }
  }

  it('are the gateway’s own, fetched once for 200 that wait on all threads, and good', async () => {
    const before = server.tokenRequests
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('own', 'of-the-client')))
    assert.equal(server.tokenRequests - before, 1)
    const [{ token = '' } = {}] = answers
    assert.ok(token.length > 20 && answers.every((answer) => answer.status === 200 && answer.token === token))
    assert.equal((await ask('check', token)).status, 200)
  })

  it('are issued to a gateway that signs who it is', async () => {
    const { status, token = '' } = await ask('signed', 'of-the-client')
    assert.equal(status, 200)
    assert.equal((await ask('check', token)).status, 200)
  })

  for (const route of ['wrong', 'down'] as const) {
    it(`are none where the server is ${route}, and the client learns no more than that`, async () => {
      const { status, text } = await ask(route, 'of-the-client')
      assert.equal(status, 503)
      assert.match(text, /upstream-credential-unavailable/)
      assert.ok(
        !text.includes('of-somebody-else') && !text.includes('of-the-client') && !text.includes('invalid_client'),
      )
    })
  }

  it('are exchanged for the caller’s, which goes no further', async () => {
    const own = await server.issueToken('orders:read')
    const first = await ask('exchanged', own)
    assert.equal(first.status, 200)
    assert.ok(first.token !== undefined && first.token !== own)
    assert.equal((await ask('check', first.token)).status, 200)
    const other = await ask('exchanged', await server.issueToken('orders:read'))
    assert.ok(other.token !== undefined && other.token !== first.token)
  })

  it('are not exchanged for tokens that nobody checked', async () => {
    const before = server.tokenRequests
    assert.equal((await ask('exchanged', 'made-up')).status, 401)
    assert.equal((await ask('unchecked', await server.issueToken())).status, 403)
    assert.equal(server.tokenRequests - before, 1, 'the test’s own')
  })
})

/** Owns the proof that a real gateway shows what is not live to who brings its token, and to nobody else, over HTTP/1.1 and HTTP/2. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { findField, findProblemCode } from './harness/answer.ts'
import { Http2Client } from './harness/http2-client.ts'
import { APPS, KEY, KEY_AUTH, toKeyHash } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const TOKEN = 'gw_7hT2mQz9LkX4vB8nR1cW6yD3fJ5sP0aE2uG7'
const EXPIRED = 'gw_9hT2mQz9LkX4vB8nR1cW6yD3fJ5sP0aE2uG7'

const toYaml = (upstream: string): string => `gatewright: 1
accessLog: stdout
listeners: [{ id: public, port: 8080, http2: { priorKnowledge: true } }]
upstreams: [{ id: up, targets: [{ url: "${upstream}" }] }]
apis:
  - id: orders
    basePath: /orders
    upstream: up
    errors: { preview-denied: { body: '{"error":"no preview"}' } }
    releases:
      - revision: v1
        routes: [{ id: get, path: "/{id}" }]
      - revision: v2
        preview: { hash: "${toKeyHash(TOKEN)}", expires: 2999-01-01T00:00:00Z }
        policies:
          - ${KEY_AUTH}
          - { policy: set-headers, options: { set: { X-Form: "2" } } }
        routes:
          - { id: get, path: "/{id}" }
          - { id: more, path: "/{id}/more" }
      - revision: v3
        preview: { hash: "${toKeyHash(EXPIRED)}", expires: 2020-01-01T00:00:00Z }
  - id: other
    basePath: /other
    upstream: up
${APPS}`

describe('previews', () => {
  const stage = stageGateway((upstream) => ({ yaml: toYaml(upstream), threads: 2 }))
  let client: Http2Client
  before(async () => {
    client = await Http2Client.connect(stage.gateway.port)
  })
  after(() => client?.close())

  const preview = (token: string): string => `Gatewright-Preview: ${token}`
  const key = `X-Api-Key: ${KEY}`
  const ask = (path: string, ...fields: readonly string[]) => get(stage.gateway.port, path, fields)
  /** What the upstream got in this test. */
  const seen = () => JSON.stringify(stage.upstream.requests).toLowerCase()
  beforeEach(() => stage.upstream.forget())

  it('answer who brings the token, by their own routes and policies, and tell nobody of it', async () => {
    const answer = await ask('/orders/7', preview(TOKEN), key)
    assert.equal(answer.status, 200)
    assert.match(seen(), /x-form/)
    assert.doesNotMatch(seen(), /preview|gw_7ht2/)
    assert.equal((await ask('/orders/7/more', preview(TOKEN), key)).status, 200)
    const over = await client.ask('/orders/7/more', { headers: { 'gatewright-preview': TOKEN, 'x-api-key': KEY } })
    assert.equal(over.status, 200)
    assert.doesNotMatch(seen(), /preview|gw_7ht2/)
    assert.equal(stage.gateway.stdout.includes(TOKEN), false)
  })

  it('are no way around what they ask for themselves', async () => {
    const refused = await ask('/orders/7', preview(TOKEN))
    assert.deepEqual([refused.status, findProblemCode(refused)], [401, 'credential-missing'])
  })

  it('are not there for anybody else', async () => {
    assert.equal((await ask('/orders/7')).status, 200)
    assert.doesNotMatch(seen(), /x-form/)
    assert.equal((await ask('/orders/7/more', key)).status, 404)
  })

  it('are kept by no cache, and what is live as it says', async () => {
    for (const path of ['/orders/7', '/orders/7/more', '/orders/7/none/x']) {
      assert.equal(findField(await ask(path, preview(TOKEN), key), 'cache-control'), 'no-store', path)
    }
    assert.equal(findField(await ask('/orders/7', preview('nothing')), 'cache-control'), 'no-store')
    assert.equal(findField(await ask('/orders/7'), 'cache-control'), undefined)
  })

  it('are refused, and not replaced by what is live, where the token opens nothing', async () => {
    for (const token of [`${TOKEN}x`, TOKEN.slice(1), EXPIRED, 'x', '']) {
      const answer = await ask('/orders/7', preview(token), key)
      assert.deepEqual([answer.status, answer.body.toString()], [403, '{"error":"no preview"}'], token)
      const over = await client.ask('/orders/7', { headers: { 'gatewright-preview': token, 'x-api-key': KEY } })
      assert.equal(over.status, 403, token)
    }
    const twice = await ask('/orders/7', preview(TOKEN), preview(TOKEN), key)
    assert.equal(twice.status, 403)
    assert.equal(stage.upstream.requests.length, 0)
  })

  it('are nothing to other APIs, whose upstreams do not hear of the token', async () => {
    assert.equal((await ask('/other/7', preview(TOKEN))).status, 200)
    assert.doesNotMatch(seen(), /preview|gw_7ht2/)
  })

  it('stand in the record, and their tokens do not', async () => {
    const answer = await ask('/orders/recorded', preview(TOKEN), key)
    const id = findField(answer, 'x-request-id') ?? ''
    const line = await stage.gateway.awaitLine(id)
    assert.equal(JSON.parse(line).release, 'v2')
    assert.equal(line.includes(TOKEN), false)
  })
})

/** Owns the proof that a real gateway answers chosen apps by their release, over HTTP/1.1 and HTTP/2, also when the file changes who they are. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findField, findProblemCode } from './harness/answer.ts'
import { Http2Client } from './harness/http2-client.ts'
import { toKeyHash } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const say = (body: string): string => `policies: [{ policy: respond, options: { status: 200, body: ${body} } }]`

/** `upstream` is what v2 forwards to. */
const toYaml = (upstream: string, canaries: string): string => `gatewright: 1
accessLog: stdout
listeners: [{ id: public, port: 8080, http2: { priorKnowledge: true } }]
plans: [{ id: gold, policies: [{ policy: rate-limit, options: { limit: 1000, windowSeconds: 3600 } }] }]
apis:
  - id: orders
    basePath: /orders
    policies: [{ policy: key-auth }]
    releases:
      - revision: v1
        routes:
          - { id: get, path: "/{id}", ${say('one')} }
          - { id: send, path: /send, bodyBytes: 5, ${say('sent')} }
      - revision: v2
        apps: [${canaries}]
        upstream: ${upstream}
        routes:
          - { id: get, path: "/{id}", ${say('two')} }
          - { id: send, path: /send, bodyBytes: 100 }
          - { id: more, path: "/{id}/more" }
apps:
  - { id: acme, plan: gold, keys: [{ hash: "${toKeyHash('key-of-acme')}" }] }
  - { id: corp, plan: gold, keys: [{ hash: "${toKeyHash('key-of-corp')}" }] }
`

describe('releases of chosen apps', () => {
  const stage = stageGateway((upstream) => ({ yaml: toYaml(upstream, 'acme'), threads: 2 }))
  let client: Http2Client
  before(async () => {
    client = await Http2Client.connect(stage.gateway.port)
  })
  after(() => client?.close())

  /** Over both protocols, which must agree: status and body. */
  async function ask(app: string, path: string): Promise<readonly [number, string]> {
    const key = `key-of-${app}`
    const first = await get(stage.gateway.port, path, [`X-Api-Key: ${key}`])
    const second = await client.ask(path, { headers: { 'x-api-key': key } })
    assert.deepEqual(
      [second.status, second.status === 200 && second.body.toString()],
      [first.status, first.status === 200 && first.body.toString()],
    )
    return [first.status, first.body.toString()]
  }

  it('answer those apps, and the others by the other one', async () => {
    assert.deepEqual(await ask('acme', '/orders/7'), [200, 'two'])
    assert.deepEqual(await ask('corp', '/orders/7'), [200, 'one'])
    assert.equal((await ask('nobody', '/orders/7'))[0], 401)
  })

  it('have routes of their own, which nobody else meets', async () => {
    assert.equal((await ask('acme', '/orders/7/more'))[0], 200)
    assert.equal(stage.upstream.requests.length, 2, 'forwarded to the upstream of that release')
    const other = await get(stage.gateway.port, '/orders/7/more', ['X-Api-Key: key-of-corp'])
    assert.deepEqual([other.status, findProblemCode(other)], [404, 'route-not-found'])
    const stranger = await get(stage.gateway.port, '/orders/7/more')
    assert.deepEqual([stranger.status, findProblemCode(stranger)], [401, 'credential-missing'])
    assert.equal(stage.upstream.requests.length, 2)
  })

  it('take bodies as long as their routes say, whether their length is known or not', async () => {
    const send = async (app: string, size: number, length = {}) => {
      const headers = { 'x-api-key': `key-of-${app}`, ...length }
      return (await client.ask('/orders/send', { body: 'x'.repeat(size), headers })).status
    }
    assert.equal(await send('acme', 100), 200)
    assert.equal(await send('acme', 101), 413)
    assert.equal(await send('acme', 101, { 'content-length': 101 }), 413)
    assert.equal(await send('corp', 5, { 'content-length': 5 }), 200)
    assert.equal(await send('corp', 6, { 'content-length': 6 }), 413)
  })

  it('stand in the record of each request', async () => {
    const recordOf = async (app: string) => {
      const answer = await get(stage.gateway.port, '/orders/recorded', [`X-Api-Key: key-of-${app}`])
      const id = findField(answer, 'x-request-id') ?? ''
      const { api, route, release, app: caller } = JSON.parse(await stage.gateway.awaitLine(id))
      return { api, route, release, app: caller }
    }
    assert.deepEqual(await recordOf('acme'), { api: 'orders', route: 'get', release: 'v2', app: 'acme' })
    assert.deepEqual(await recordOf('corp'), { api: 'orders', route: 'get', release: 'v1', app: 'corp' })
  })

  it('are those of other apps once the file says so', async () => {
    await stage.gateway.change(toYaml(stage.upstream.url, 'corp'))
    assert.deepEqual(await ask('corp', '/orders/7'), [200, 'two'])
    assert.deepEqual(await ask('acme', '/orders/7'), [200, 'one'])
  })
})

/** Owns the proof that a real gateway tells clients of an API that it ends, on every answer, and that it ended, over HTTP/1.1 and HTTP/2. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findField, findProblemCode } from './harness/answer.ts'
import { findHttp2Problem, Http2Client } from './harness/http2-client.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const toYaml = (upstream: string, state: string): string => `gatewright: 1
listeners: [{ id: public, port: 8080, http2: { priorKnowledge: true } }]
upstreams: [{ id: up, targets: [{ url: "${upstream}" }] }]
apis:
  - id: v1
    basePath: /v1
    upstream: up
    lifecycle:
      state: ${state}
      deprecatedAt: 2026-06-30T00:00:00Z
      sunsetAt: 2027-01-31T00:00:00Z
      successor: /v2
    policies:
      - { policy: cors, options: { origins: ["https://a.example"] } }
      - ${KEY_AUTH}
    routes: [{ id: get, path: "/{id}", methods: [GET] }]
  - { id: v2, basePath: /v2, upstream: up }
${APPS}`

const SUNSET = 'Sun, 31 Jan 2027 00:00:00 GMT'
const DEPRECATION = `@${Date.UTC(2026, 5, 30) / 1000}`
const LINK = '</v2>; rel="successor-version"'

describe('an API that ends', () => {
  const stage = stageGateway((upstream) => ({ yaml: toYaml(upstream, 'deprecated'), threads: 2 }))
  let client: Http2Client
  before(async () => {
    client = await Http2Client.connect(stage.gateway.port)
  })
  after(() => client?.close())

  const ask = (path: string, ...fields: readonly string[]) => get(stage.gateway.port, path, fields)
  const key = `X-Api-Key: ${KEY}`
  const said = (answer: Awaited<ReturnType<typeof ask>>) =>
    ['deprecation', 'sunset', 'link'].map((name) => findField(answer, name))

  it('says so with every answer, also where it refuses', async () => {
    const rows = [
      ['/v1/7', [key], 200],
      ['/v1/7', [], 401],
      ['/v1/7/none', [key], 404],
    ] as const
    for (const [path, fields, status] of rows) {
      const answer = await ask(path, ...fields)
      assert.deepEqual([answer.status, ...said(answer)], [status, DEPRECATION, SUNSET, LINK], path)
    }
    const { status, headers } = await client.ask('/v1/7', { headers: { 'x-api-key': KEY } })
    assert.deepEqual([status, headers.deprecation, headers.sunset, headers.link], [200, DEPRECATION, SUNSET, LINK])
    assert.deepEqual(said(await ask('/v2/7')), [undefined, undefined, undefined])
  })

  it('is gone once it is retired: nothing of it is called, and its successor is named', async () => {
    await stage.gateway.change(toYaml(stage.upstream.url, 'retired'))
    stage.upstream.forget()
    for (const path of ['/v1/7', '/v1/7/none', '/v1']) {
      const answer = await ask(path, key, 'Origin: https://a.example')
      assert.deepEqual(
        [answer.status, findProblemCode(answer), ...said(answer)],
        [410, 'api-retired', DEPRECATION, SUNSET, LINK],
      )
      assert.equal(JSON.parse(answer.body.toString()).successor, '/v2')
      assert.equal(findField(answer, 'access-control-allow-origin'), 'https://a.example')
    }
    const over = await client.ask('/v1/7', { method: 'GET' })
    assert.deepEqual([over.status, findHttp2Problem(over)], [410, 'api-retired'])
    assert.equal(stage.upstream.requests.length, 0)
    assert.equal((await ask('/v2/7')).status, 200)
  })
})

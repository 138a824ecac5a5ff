/** Owns the proof that a method is what the request line says: nothing that asks for another one changes what is routed or judged, and what an upstream could obey can be taken out. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, findField } from './harness/answer.ts'
import { Http2Client } from './harness/http2-client.ts'
import { APPS, KEY, KEY_AUTH } from './harness/keys.ts'
import { exchange } from './harness/raw-client.ts'
import { parseTestimony } from './harness/raw-upstream.ts'
import { stageGateway } from './harness/stage.ts'

/** As docs/how-to/decide-who-may.md says it. */
const STRIP = `
      - policy: set-headers
        options: { remove: [X-HTTP-Method-Override, X-HTTP-Method, X-Method-Override] }
      - { policy: rewrite-path, options: { removeQuery: [_method] } }`

const TOLD = `{ policy: set-headers, options: { set: { X-Judged: "\${request.method} \${route.id}" } } }`

const configure = (url: string) => `gatewright: 1
listeners: [{ id: public, host: 127.0.0.1, port: 8080, http2: { priorKnowledge: true } }]
accessLog: off
apis:
  - id: items
    basePath: /items
    upstream: ${url}
    policies: [${TOLD}]
    routes:
      - { id: read, methods: [GET], path: / }
      - { id: create, methods: [POST], path: / }
      - { id: remove, methods: [DELETE], path: /, policies: [${KEY_AUTH}] }
      - { id: judged, path: /judged, policies: [${KEY_AUTH}, { policy: access, options: { condition: 'request.method == "GET"' } }] }
      - { id: sometimes, path: /sometimes, policies: [{ ${KEY_AUTH.slice(2, -2)}, when: 'request.method == "DELETE"' }] }
      - { id: limited, path: /limited, policies: [{ policy: rate-limit, when: 'request.method == "POST"', options: { limit: 1, windowSeconds: 3600 } }] }
  - id: stripped
    basePath: /stripped
    upstream: ${url}
    policies:${STRIP}
    routes: [{ id: all, path: / }]
${APPS}`

const FIELDS = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']
const SPELLINGS = FIELDS.flatMap((name) => [name, name.toUpperCase(), name.replaceAll('-', '_')])

/** Ways to say DELETE, or another method, in a request that says something else. */
const wayTo = (method: string) => [
  ...SPELLINGS.map((name) => ({ words: name, fields: [`${name}: ${method}`], query: '', body: '' })),
  { words: 'two fields', fields: [`${FIELDS[0]}: ${method}`, `${FIELDS[0]}: GET`], query: '', body: '' },
  { words: '_method', fields: [], query: `?_method=${method}`, body: '' },
  { words: '_method, escaped', fields: [], query: `?%5Fmethod=${method.toLowerCase()}`, body: '' },
  {
    words: '_method in a form',
    fields: ['Content-Type: application/x-www-form-urlencoded'],
    query: '',
    body: `_method=${method}`,
  },
]

describe('a method', () => {
  const stage = stageGateway(configure)
  let http2: Http2Client
  before(async () => {
    http2 = await Http2Client.connect(stage.gateway.port)
  })
  after(() => http2?.close())

  interface Asked {
    readonly fields: readonly string[]
    readonly body: string
  }

  const ask = (method: string, target: string, { fields, body }: Asked): Promise<Answer> => {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: a', ...fields, `Content-Length: ${body.length}`]
    return exchange(stage.gateway.port, `${lines.join('\r\n')}\r\n\r\n${body}`, { method })
  }
  const judgedOf = ({ fields }: { fields: readonly (readonly [string, string])[] }) =>
    fields.find(([name]) => name.toLowerCase() === 'x-judged')?.[1]

  for (const { words, fields, query, body } of wayTo('DELETE')) {
    it(`is the one of the request line, and not the one in ${words}`, async () => {
      for (const [method, route] of [
        ['POST', 'create'],
        ['GET', 'read'],
      ] as const) {
        stage.upstream.forget()
        const answer = await ask(method, `/items/${query}`, { fields, body })
        assert.equal(answer.status, 200)
        // It is no guarded DELETE, and the upstream is not told that it was one.
        const [request = assert.fail()] = stage.upstream.requests
        assert.deepEqual([request.method, judgedOf(request)], [method, `${method} ${route}`])
      }
    })
  }

  for (const { words, fields, query, body } of wayTo('GET')) {
    it(`does not become one that may by ${words}`, async () => {
      stage.upstream.forget()
      assert.equal((await ask('DELETE', `/items/${query}`, { fields, body })).status, 401)
      const keyed = { fields: [...fields, `X-Api-Key: ${KEY}`], body }
      assert.equal((await ask('POST', `/items/judged${query}`, keyed)).status, 403)
      assert.equal((await ask('DELETE', `/items/sometimes${query}`, { fields, body })).status, 401)
      assert.deepEqual(stage.upstream.requests, [])
    })
  }

  it('is not another one over HTTP/2 either', async () => {
    for (const name of SPELLINGS) {
      stage.upstream.forget()
      const headers = { [name.toLowerCase()]: 'GET' }
      assert.equal((await http2.ask('/items/?_method=GET', { method: 'DELETE', headers })).status, 401)
      assert.deepEqual(stage.upstream.requests, [])
      const answer = await http2.ask('/items/', { method: 'POST', headers: { [name.toLowerCase()]: 'DELETE' } })
      assert.equal(judgedOf(parseTestimony(String(answer.headers['x-saw']))), 'POST create')
    }
  })

  it('is counted as it is sent', async () => {
    const asGet = { fields: FIELDS.map((name) => `${name}: GET`), body: '' }
    assert.equal((await ask('POST', '/items/limited?_method=GET', asGet)).status, 200)
    assert.equal((await ask('POST', '/items/limited?_method=GET', asGet)).status, 429)
    const asPost = { fields: FIELDS.map((name) => `${name}: POST`), body: '' }
    assert.equal((await ask('GET', '/items/limited?_method=POST', asPost)).status, 200)
  })

  it('of another kind can be taken out of what the upstream gets', async () => {
    for (const { words, fields, query, body } of wayTo('DELETE')) {
      const answer = await ask('POST', `/stripped/${query}${query === '' ? '?' : '&'}a=1`, { fields, body })
      const saw = parseTestimony(findField(answer, 'x-saw') ?? '')
      assert.equal(saw.target, '/?a=1', words)
      assert.ok(!saw.fields.some(([name]) => /method/i.test(name)), words)
    }
  })
})

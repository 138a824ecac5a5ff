import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { Rehearsal, type RehearsedExchange, type RehearsedRequest } from '../rehearsal/rehearsal.ts'
import { loadConfiguration } from '../snapshot/load.ts'

const toHash = (key: string): string => `sha256:${createHash('sha256').update(key).digest('hex')}`
const say = (body: string): string => `{ policy: respond, options: { status: 200, body: "${body}" } }`

const APPS = `
apps:
  - { id: canary, plan: gold, keys: [{ hash: "${toHash('canary-key')}" }] }
  - { id: other, plan: gold, keys: [{ hash: "${toHash('other-key')}" }] }
`
const PLANS = `
plans:
  - id: gold
    policies: [{ policy: rate-limit, options: { limit: 3, windowSeconds: 60 } }]
    apis: [{ api: orders, routes: [one, both, new, only-old, upload] }]
`
const ORDERS = `
apis:
  - id: orders
    basePath: /orders
    policies:
      - { policy: security-headers }
      - { policy: key-auth }
      - { policy: set-headers, options: { on: response, set: { X-Api: "yes" } } }
    releases:
      - revision: v1
        routes:
          - { id: one, path: "/items/{id}", policies: [${say('v1 ${request.parameters.id}')}] }
          - { id: both, path: /both, methods: [GET], policies: [${say('v1')}] }
          - { id: only-old, path: /old, policies: [${say('v1')}] }
          - { id: upload, path: /upload, bodyBytes: 10, policies: [${say('v1')}] }
      - revision: v2
        apps: [canary]
        policies: [{ policy: set-headers, options: { on: response, set: { X-Release: "2" } } }]
        routes:
          - { id: one, path: "/items/{item}", policies: [${say('v2 ${request.parameters.item}')}] }
          - { id: both, path: /both, methods: [POST], policies: [${say('v2')}] }
          - { id: new, path: /new, policies: [${say('new')}] }
          - { id: shut, path: /shut, policies: [${say('shut')}] }
          - { id: upload, path: /upload, bodyBytes: 20, policies: [${say('v2')}] }
`

async function rehearse(yaml = ORDERS + PLANS + APPS): Promise<Rehearsal> {
  const config = { path: 'gatewright.yaml', text: `gatewright: 1\n${yaml}` }
  const { model, apps, extensions, findings } = await loadConfiguration({ config })
  assert.ok(model !== undefined, JSON.stringify(findings))
  const log = { info() {}, warn() {}, error() {} }
  return await Rehearsal.create({ model, apps, extensions, log, startMs: Date.UTC(2026, 0, 1) })
}

interface Asked extends Partial<RehearsedRequest> {
  readonly app?: string
  readonly fields?: readonly string[]
  readonly body?: string
}

async function ask(rehearsal: Rehearsal, line: string, asked: Asked = {}): Promise<RehearsedExchange> {
  const { app, fields = [], body = '', ...more } = asked
  const key = app === undefined ? [] : [`X-Api-Key: ${app}-key`]
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  const head = [`${line} HTTP/1.1`, 'Host: a', ...key, ...length, ...fields]
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  return await rehearsal.send({ bytes, method: line.split(' ')[0] ?? '', ...more })
}

const toText = ({ answer }: RehearsedExchange): string => answer?.body.toString() ?? ''
const findField = ({ answer }: RehearsedExchange, name: string): string | undefined =>
  answer?.headers.find(([each]) => each.toLowerCase() === name)?.[1]

describe('a release for chosen apps', () => {
  it('answers them alone, with its own policies, route and parameters, and names itself', async () => {
    const rehearsal = await rehearse()
    const canary = await ask(rehearsal, 'GET /orders/items/7', { app: 'canary' })
    assert.deepEqual([toText(canary), canary.release, canary.route], ['v2 7', 'v2', 'one'])
    assert.deepEqual([findField(canary, 'x-release'), findField(canary, 'x-api')], ['2', 'yes'])
    const other = await ask(rehearsal, 'GET /orders/items/7', { app: 'other' })
    assert.deepEqual([toText(other), other.release, findField(other, 'x-release')], ['v1 7', 'v1', undefined])
  })

  it('authenticates nobody twice, and runs what stands behind that once', async () => {
    const { policies } = await ask(await rehearse(), 'GET /orders/items/7', { app: 'canary' })
    assert.deepEqual(policies, [
      'security-headers',
      'key-auth',
      'plan',
      'rate-limit',
      'set-headers',
      'set-headers',
      'respond',
    ])
  })

  it('lets nobody in who is not known, whichever release has the route', async () => {
    const rehearsal = await rehearse()
    for (const path of ['/items/7', '/both', '/new', '/old']) {
      const exchange = await ask(rehearsal, `GET /orders${path}`, { fields: ['X-Api-Key: canary'] })
      assert.deepEqual([exchange.answer?.status, exchange.problem], [401, 'credential-invalid'], path)
    }
  })

  it('answers for what it lacks, and has what others lack', async () => {
    const rehearsal = await rehearse()
    const rows: readonly (readonly [line: string, app: string, status: number, text: string | undefined])[] = [
      ['GET /orders/both', 'other', 200, 'v1'],
      ['GET /orders/both', 'canary', 405, undefined],
      ['POST /orders/both', 'canary', 200, 'v2'],
      ['POST /orders/both', 'other', 405, undefined],
      ['GET /orders/new', 'canary', 200, 'new'],
      ['GET /orders/new', 'other', 404, undefined],
      ['GET /orders/old', 'other', 200, 'v1'],
      ['GET /orders/old', 'canary', 404, undefined],
      ['GET /orders/nothing', 'canary', 404, undefined],
    ]
    for (const [line, app, status, text] of rows) {
      rehearsal.restart()
      const exchange = await ask(rehearsal, line, { app })
      assert.equal(exchange.answer?.status, status, `${line} ${app}`)
      if (text !== undefined) assert.equal(toText(exchange), text)
      assert.ok(findField(exchange, 'x-content-type-options') !== undefined || status === 404 || status === 405)
    }
    assert.equal(findField(await ask(rehearsal, 'GET /orders/both', { app: 'canary' }), 'allow'), 'POST')
    // Nobody is asked who calls where no release has a route.
    assert.equal((await ask(rehearsal, 'GET /orders/nothing')).answer?.status, 404)
  })

  it('asks the plan for its own route, and counts once with all releases', async () => {
    const rehearsal = await rehearse()
    const shut = await ask(rehearsal, 'GET /orders/shut', { app: 'canary' })
    assert.deepEqual([shut.answer?.status, shut.problem], [403, 'plan-denied'])
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 4; i++)
      statuses.push((await ask(rehearsal, 'GET /orders/new', { app: 'canary' })).answer?.status)
    assert.deepEqual(statuses, [200, 200, 200, 429])
  })

  it('takes bodies as long as its route says, and no longer ones for others', async () => {
    const rehearsal = await rehearse()
    const rows = [
      ['other', 10, 200],
      ['other', 11, 413],
      ['canary', 20, 200],
      ['canary', 21, 413],
    ] as const
    for (const [app, size, status] of rows) {
      rehearsal.restart()
      const { answer } = await ask(rehearsal, 'POST /orders/upload', { app, body: 'x'.repeat(size) })
      assert.equal(answer?.status, status, `${app} ${size}`)
    }
  })

  it('is chosen whatever shares and conditions say', async () => {
    const releases = `
apis:
  - id: orders
    policies: [{ policy: key-auth }]
    releases:
      - { revision: v1, share: 50, policies: [${say('v1')}] }
      - { revision: v2, share: 50, apps: [canary], policies: [${say('v2')}] }
      - { revision: v3, when: '"x-new" in request.headers', policies: [${say('v3')}] }
`
    const rehearsal = await rehearse(releases + APPS.replaceAll('plan: gold, ', ''))
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) {
      const address = `192.0.2.${i}`
      assert.equal(toText(await ask(rehearsal, 'GET /', { app: 'canary', address })), 'v2')
      seen.add(toText(await ask(rehearsal, 'GET /', { app: 'other', address })))
    }
    assert.deepEqual([...seen].sort(), ['v1', 'v2'])
    assert.equal(toText(await ask(rehearsal, 'GET /', { app: 'other', fields: ['X-New: 1'] })), 'v3')
    assert.equal(toText(await ask(rehearsal, 'GET /', { app: 'canary', fields: ['X-New: 1'] })), 'v2')
  })

  it('harms nobody else by what is ambiguous or fails in it alone', async () => {
    const rehearsal = await rehearse(`
apis:
  - id: orders
    policies: [{ policy: key-auth }]
    releases:
      - { revision: v1, routes: [{ path: "/{all+}", policies: [${say('v1')}] }] }
      - revision: v2
        apps: [canary]
        routes:
          - { path: "/{all+}", policies: [${say('v2')}] }
          - { id: admin, path: /a/admin, policies: [${say('admin')}] }
${APPS.replaceAll('plan: gold, ', '')}`)
    assert.equal(toText(await ask(rehearsal, 'GET /a%2Fadmin', { app: 'other' })), 'v1')
    const refused = await ask(rehearsal, 'GET /a%2Fadmin', { app: 'canary' })
    assert.deepEqual([refused.problem, findField(refused, 'connection')], ['ambiguous-path', 'close'])
  })

  it('is there for what a browser asks beforehand, without saying who will call', async () => {
    const cors = '{ policy: cors, options: { origins: ["https://a.example"], methods: [GET, PUT] } }'
    const rehearsal = await rehearse(`
apis:
  - id: orders
    policies: [${cors}, { policy: key-auth }]
    releases:
      - { revision: v1, routes: [{ path: /old, policies: [${say('v1')}] }] }
      - { revision: v2, apps: [canary], routes: [{ path: /new, methods: [PUT], policies: [${say('v2')}] }] }
${APPS.replaceAll('plan: gold, ', '')}`)
    const fields = ['Origin: https://a.example', 'Access-Control-Request-Method: PUT']
    const { answer, release } = await ask(rehearsal, 'OPTIONS /new', { fields })
    assert.deepEqual([answer?.status, release], [204, 'v2'])
    assert.equal((await ask(rehearsal, 'OPTIONS /none', { fields })).release, undefined)
  })

  it('becomes what its own route allows, and nothing else', async () => {
    const toYaml = (first: string, second: string) => `
upstreams: [{ id: up, targets: [{ url: "http://127.0.0.1:9001" }] }]
apis:
  - id: orders
    upstream: up
    policies: [{ policy: key-auth }]
    releases:
      - { revision: v1, routes: [{ path: /pipe${first} }] }
      - { revision: v2, apps: [canary], routes: [{ path: /pipe${second} }] }
${APPS.replaceAll('plan: gold, ', '')}`
    const statusOf = async (rehearsal: Rehearsal, app: string) => {
      const fields = ['Connection: Upgrade', 'Upgrade: tcp']
      return (await ask(rehearsal, 'GET /pipe', { app, fields, upstream: [{ status: 101 }] })).answer?.status
    }
    const second = await rehearse(toYaml('', ', upgrades: [tcp]'))
    assert.deepEqual([await statusOf(second, 'canary'), await statusOf(second, 'other')], [101, 502])
    const first = await rehearse(toYaml(', upgrades: [tcp]', ''))
    assert.deepEqual([await statusOf(first, 'canary'), await statusOf(first, 'other')], [502, 101])
  })

  it('is left for a preview whose token comes', async () => {
    const token = 'gw_7hT2mQz9LkX4vB8nR1cW6yD3fJ5sP0aE2uG7'
    const rehearsal = await rehearse(`
apis:
  - id: orders
    policies: [{ policy: key-auth }]
    releases:
      - { revision: v1, policies: [${say('v1')}] }
      - { revision: v2, apps: [canary], policies: [${say('v2')}] }
      - { revision: v3, preview: { hash: "${toHash(token)}", expires: 2999-01-01T00:00:00Z }, policies: [${say('v3')}] }
${APPS.replaceAll('plan: gold, ', '')}`)
    for (const app of ['canary', 'other']) {
      assert.equal(toText(await ask(rehearsal, 'GET /', { app, fields: [`Gatewright-Preview: ${token}`] })), 'v3')
      const denied = await ask(rehearsal, 'GET /', { app, fields: [`Gatewright-Preview: ${token}x`] })
      assert.equal(denied.problem, 'preview-denied')
    }
  })
})

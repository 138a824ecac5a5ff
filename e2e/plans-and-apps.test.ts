/** Owns the proof that a running gateway gives each app the plan and the numbers of the file, also of a file that changes, and refuses what a plan does not open. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { TestIssuer } from '../packages/policies/src/testing/test-issuer.ts'
import { until } from './harness/deadline.ts'
import { type RunningGateway, startGateway } from './harness/gateway.ts'
import { findHttp2Problem, Http2Client } from './harness/http2-client.ts'
import { toKeyHash } from './harness/keys.ts'

const EXTENSION = fileURLToPath(new URL('extensions/claim-plan.ts', import.meta.url))
/** phc-winner-argon2, src/test.c: "password". */
const ARGON2 = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
const AS_USER = { Authorization: `Basic ${Buffer.from('ann:password').toString('base64')}` }
const issuer = new TestIssuer('ES256')
const CLAIMS = { iss: 'issuer', aud: 'orders', sub: 'ann', exp: Math.floor(Date.now() / 1000) + 3600 }
const JWT = `{ policy: jwt, options: { issuers: [{ issuer: issuer, audiences: [orders], keys: [{ algorithm: ES256, publicKey: ${JSON.stringify(issuer.pem)} }], appClaim: azp }] } }`
const ANY_OF = `{ policy: any-of, options: { policies: [{ policy: key-auth }, { policy: basic-auth }, ${JWT}] } }`
const THREADS = 2
const WINDOW = 'windowSeconds: 3600'
const SAY_PLAN = '{ policy: respond, options: { body: "${caller.plan}" } }'

const PLANS = `
  - id: gold
    policies:
      - { policy: rate-limit, id: daily, options: { limit: 4, ${WINDOW}, name: daily } }
  - id: free
    policies: [{ policy: rate-limit, options: { limit: 2, ${WINDOW}, name: free } }]
  - id: reader
    title: Reading alone
    policies: []
    apis: [{ api: orders, routes: [list] }, { api: hooks }]
  - { id: trial, enabled: false }`

interface Given {
  readonly plans?: string
  readonly apps: string
  /** Of the API `bare`, which says the place of plans. */
  readonly place?: string
}

const toYaml = ({ plans = PLANS, apps, place = '{ policy: plan }' }: Given): string => `gatewright: 1
listeners: [{ id: public, port: 8080, http2: { priorKnowledge: true } }]
extensions: ["${EXTENSION}"]
plans: ${plans}
apis:
  - id: orders
    basePath: /orders
    policies: [${ANY_OF}]
    routes:
      - { id: list, path: /list, policies: [${SAY_PLAN}] }
      - { id: one, path: /one, policies: [${SAY_PLAN}] }
  - id: billing
    basePath: /billing
    policies: [${ANY_OF}, ${SAY_PLAN}]
    errors: { plan-denied: { status: 402, body: '{"error":"upgrade"}' } }
  - id: hooks
    basePath: /hooks
    policies: [{ policy: claim-plan }, { policy: respond, options: { body: passed } }]
  - id: bare
    basePath: /bare
    policies: [{ policy: claim-plan }, ${place}${place === '' ? '' : ', '}{ policy: respond, options: { body: passed } }]
apps: ${apps}
`

const keysOf = (...keys: string[]) => `keys: [${keys.map((key) => `{ hash: "${toKeyHash(key)}" }`).join(', ')}]`

describe('plans and apps', () => {
  let gateway: RunningGateway
  let round = 0
  /** Ids of apps, which limits count by: new ones for each test. */
  let id: (name: string) => string
  let key: (name: string) => string

  before(async () => {
    gateway = await startGateway({ yaml: toYaml({ apps: '[]' }), threads: THREADS })
  })
  after(() => gateway?.stop())
  beforeEach(() => {
    const at = ++round
    id = (name) => `${name}-${at}`
    key = (name) => `key-of-${name}-in-round-${at}-9f3c`
  })

  /** What is written runs on every thread. */
  async function serve(given: Given): Promise<void> {
    const before = (await gateway.snapshot())?.configuration.loadedAt
    await gateway.rewrite(toYaml(given))
    const facts = await until(async () => {
      const facts = await gateway.snapshot()
      return facts?.configuration.loadedAt === before ? undefined : facts
    }, 'the file to be read')
    assert.equal(facts.configuration.fault, null)
    await until(async () => {
      const facts = await gateway.snapshot()
      return facts?.threads.every(({ version }) => version === facts.version) || undefined
    }, 'all threads')
  }

  /** `200 gold`, `429`, `403 plan-denied`. Each on a connection of its own, so that all threads are asked. */
  async function ask(path: string, headers: Record<string, string>): Promise<string> {
    const url = `http://127.0.0.1:${gateway.port}${path}`
    const answer = await fetch(url, { headers: { ...headers, Connection: 'close' } })
    const text = await answer.text()
    if (answer.ok) return `${answer.status} ${text}`
    const { type = '' } = text.startsWith('{') ? (JSON.parse(text) as { type?: string }) : {}
    return `${answer.status} ${type.replace('urn:gatewright:problem:', '')}`.trim()
  }
  const withKey = (name: string) => ({ 'X-Api-Key': key(name) })
  const withToken = (name: string) => ({ Authorization: `Bearer ${issuer.sign({ ...CLAIMS, azp: id(name) })}` })
  const askOften = async (times: number, path: string, headers: Record<string, string>) => {
    const answers: string[] = []
    for (let at = 0; at < times; at++) answers.push(await ask(path, headers))
    return answers
  }
  const countPassed = async (times: number, path: string, headers: Record<string, string>) =>
    (await askOften(times, path, headers)).filter((answer) => answer.startsWith('200')).length

  it('count by the numbers of the plan, and of the app that has others; each app for itself', async () => {
    await serve({
      apps: `
  - { id: ${id('usual')}, plan: gold, ${keysOf(key('usual'))} }
  - { id: ${id('more')}, plan: gold, overrides: { gold: { daily: { limit: 7 } } }, ${keysOf(key('more'), key('more too'))} }
  - { id: ${id('less')}, plan: gold, overrides: { gold: { rate-limit: { limit: 1, name: small } } }, ${keysOf(key('less'))} }`,
    })
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/orders/list`, { headers: withKey('less') })
    assert.equal(answer.headers.get('ratelimit-policy'), '"small";q=1;w=3600')
    assert.equal(await countPassed(3, '/orders/list', withKey('less')), 0)
    assert.equal(await countPassed(6, '/orders/list', withKey('usual')), 4)
    // Both keys are the app's, and both APIs the plan's: they count together.
    assert.equal(await countPassed(3, '/orders/list', withKey('more')), 3)
    assert.equal(await countPassed(3, '/billing', withKey('more too')), 3)
    assert.equal(await countPassed(3, '/orders/list', withKey('more')), 1)
  })

  it('are one plan for one API and another for the next, by keys, by users, by tokens and through any-of', async () => {
    await serve({
      apps: `
  - id: ${id('acme')}
    plan: gold
    plans: { billing: free }
    ${keysOf(key('acme'))}
    users: [{ name: ann, passwordHash: "${ARGON2}" }]
  - id: ${id('part')}
    plans: { billing: free }
    keys: [{ hash: "${toKeyHash(key('part'))}" }, { hash: "${toKeyHash(key('own'))}", plan: gold }]`,
    })
    assert.deepEqual(await askOften(2, '/orders/list', withKey('acme')), ['200 gold', '200 gold'])
    assert.deepEqual(await askOften(3, '/billing', withKey('acme')), ['200 free', '200 free', '429 rate-limited'])
    assert.equal(await ask('/orders/list', AS_USER), '200 gold')
    assert.equal(await ask('/orders/list', withToken('acme')), '200 gold')
    assert.equal(await ask('/billing', withToken('part')), '200 free')
    assert.equal(await ask('/billing', withKey('part')), '200 free')
    assert.equal(await ask('/billing', withKey('own')), '200 gold', 'what a key says counts for every API')
    const none = await fetch(`http://127.0.0.1:${gateway.port}/orders/list`, { headers: withKey('part') })
    assert.equal(none.status, 500, 'an app without a plan here has none: the expression fails, no limit counted')
    assert.equal(none.headers.get('ratelimit'), null)
  })

  it('open what they name, and nothing else: API, route, switched off, never there', async () => {
    await serve({
      apps: `
  - { id: ${id('reader')}, plan: reader, overrides: { reader: {} }, ${keysOf(key('reader'))} }
  - { id: ${id('trial')}, plan: trial, ${keysOf(key('trial'))} }`,
    })
    assert.equal(await ask('/orders/list', withKey('reader')), '200 reader')
    assert.equal(await ask('/orders/one', withKey('reader')), '403 plan-denied')
    assert.equal(await ask('/billing', withKey('reader')), '402', "in the API's own words")
    assert.equal(await ask('/orders/list', withKey('trial')), '403 plan-denied')
    // Whoever gave it: a policy, with or without the place said in the list.
    for (const path of ['/hooks', '/bare']) {
      assert.equal(await ask(path, { 'X-Plan': 'gold', 'X-App': id('x') }), '200 passed')
      assert.equal(await ask(path, { 'X-Plan': 'platinum' }), '403 plan-denied')
      assert.equal(await ask(path, { 'X-Plan': '__proto__' }), '403 plan-denied')
      assert.equal(await ask(path, { 'X-Plan': 'trial' }), '403 plan-denied')
      assert.equal(await ask(path, {}), '200 passed', 'who has no plan is held up by none')
    }
    const refused = await fetch(`http://127.0.0.1:${gateway.port}/orders/one`, { headers: withKey('reader') })
    const { detail } = (await refused.json()) as { detail: string }
    assert.match(detail, /^Your plan "Reading alone" does not open this route of the API "orders"\. Ask /)
    const refusal = await gateway.awaitLine('"path":"/orders/one"', 'plan-closed')
    assert.match(refusal, new RegExp(`"${id('reader')}"`))
  })

  it('are the same over HTTP/2, in parallel on one connection', async () => {
    await serve({
      apps: `
  - { id: ${id('more')}, plan: gold, plans: { billing: free }, overrides: { gold: { daily: { limit: 7 } } }, ${keysOf(key('more'))} }
  - { id: ${id('reader')}, plan: reader, ${keysOf(key('reader'))} }`,
    })
    const client = await Http2Client.connect(gateway.port)
    const headers = { 'x-api-key': key('more') }
    const answers = await Promise.all(Array.from({ length: 9 }, () => client.ask('/orders/list', { headers })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array(7).fill(200), 429, 429])
    const billed = await Promise.all(Array.from({ length: 3 }, () => client.ask('/billing', { headers })))
    assert.deepEqual(billed.map(({ status }) => status).sort(), [200, 200, 429])
    const refused = await client.ask('/orders/one', { headers: { 'x-api-key': key('reader') } })
    assert.deepEqual([refused.status, findHttp2Problem(refused)], [403, 'plan-denied'])
    client.close()
  })

  it('change live: what was counted stays counted, of others too, and an app that is remembered gets what is new', async () => {
    const apps = (override: string, plan = 'gold') => `
  - { id: ${id('acme')}, plan: ${plan}, ${override}${keysOf(key('acme'))} }
  - { id: ${id('usual')}, plan: gold, ${keysOf(key('usual'))} }
  - { id: ${id('user')}, plan: ${plan}, users: [{ name: ann, passwordHash: "${ARGON2}" }] }`
    const of = (limit: number) => `overrides: { gold: { daily: { limit: ${limit} } } }, `
    await serve({ apps: apps(of(2)) })
    assert.equal(await countPassed(3, '/orders/list', withKey('acme')), 2)
    assert.equal(await countPassed(2, '/orders/list', withKey('usual')), 2)
    await serve({ apps: apps(of(5)) })
    assert.equal(await countPassed(6, '/orders/list', withKey('acme')), 3, 'two of five were used')
    assert.equal(await countPassed(6, '/orders/list', withKey('usual')), 2, 'two of four were used')
    // Without an override it counts with the plan again.
    await serve({ apps: apps('') })
    assert.equal(await countPassed(6, '/orders/list', withKey('acme')), 4)
    // Many more than there are threads: each had found the key, the user and the app of the token before.
    const token = withToken('user')
    for (let at = 0; at < 6 * THREADS; at++) {
      await ask('/orders/list', AS_USER)
      await ask('/orders/list', token)
    }
    await serve({ apps: apps('', 'reader') })
    for (let at = 0; at < 6 * THREADS; at++) {
      assert.equal(await ask('/orders/list', withKey('acme')), '200 reader')
      assert.equal(await ask('/orders/one', withKey('acme')), '403 plan-denied')
      assert.equal(await ask('/orders/list', AS_USER), '200 reader')
      assert.equal(await ask('/orders/list', token), '200 reader')
      assert.equal(await ask('/orders/one', token), '403 plan-denied')
    }
  })

  it('refuse nobody while a plan is renamed and its apps go with it', async () => {
    const renamed = (name: string) => ({
      plans: `\n  - { id: ${name}, policies: [{ policy: rate-limit, options: { limit: 100000, ${WINDOW} } }] }`,
      apps: `\n  - { id: ${id('acme')}, plan: ${name}, ${keysOf(key('acme'))} }`,
    })
    await serve(renamed('plan0'))
    let isOver = false
    const seen = new Map<string, number>()
    const flood = async () => {
      const client = await Http2Client.connect(gateway.port)
      while (!isOver) {
        const { status, body } = await client.ask('/orders/list', { headers: { 'x-api-key': key('acme') } })
        const answer = status === 200 ? body.toString() : `${status}`
        seen.set(answer, (seen.get(answer) ?? 0) + 1)
      }
      client.close()
    }
    const floods = Array.from({ length: 6 }, flood)
    const names = Array.from({ length: 6 }, (_, at) => `plan${at}`)
    for (const name of names.slice(1)) await serve(renamed(name))
    isOver = true
    await Promise.all(floods)
    assert.deepEqual(
      [...seen.keys()].filter((answer) => !names.includes(answer)),
      [],
      JSON.stringify([...seen]),
    )
  })

  it('are words and no more where the file has none, unless their place is said', async () => {
    await serve({ plans: '[]', apps: '[]' })
    assert.equal(await ask('/hooks', { 'X-Plan': 'platinum' }), '200 passed')
    assert.equal(await ask('/bare', { 'X-Plan': 'platinum' }), '403 plan-denied')
    await serve({ plans: '[]', apps: '[]', place: '' })
    assert.equal(await ask('/bare', { 'X-Plan': 'platinum' }), '200 passed')
  })

  it('are faults of the file where nothing could come of them: what ran before runs on', async () => {
    const app = (members: string) => `\n  - { id: ${id('acme')}, plan: gold, ${members}, ${keysOf(key('acme'))} }`
    await serve({ apps: app('overrides: { gold: { daily: { limit: 3 } } }') })
    for (const [members, words] of [
      [
        'overrides: { gold: { dialy: { limit: 9 } } }',
        /gatewright\.yaml:\d+:\d+.*The plan "gold" has no "dialy".*Did you mean "daily"\?/,
      ],
      ['overrides: { gold: { daily: { limit: 0 } } }', /gatewright\.yaml:\d+:\d+.*rate-limit: 0 is out of range/],
      ['overrides: { glod: { daily: { limit: 9 } } }', /There is no plan "glod"\..*Did you mean "gold"\?/],
      ['plans: { ordesr: gold }', /There is no API "ordesr"\..*Did you mean "orders"\?/],
      ['plans: { billing: reader }', /The plan "reader" does not open the API "billing"/],
    ] as const) {
      await gateway.rewrite(toYaml({ apps: app(members) }))
      const fault = await until(async () => {
        const fault = (await gateway.snapshot())?.configuration.fault ?? ''
        return words.test(fault.replaceAll('\n', ' ')) ? fault : undefined
      }, `the fault of ${members}`)
      assert.match(fault, /apps\[0\]/)
    }
    assert.equal(await countPassed(5, '/orders/list', withKey('acme')), 3)
  })
})

describe('plans and apps of the last good configuration', () => {
  it('serve when the file is faulty at the start', async () => {
    const data = await mkdtemp(join(tmpdir(), 'gatewright-data-'))
    const start = (yaml: string) => startGateway({ yaml, args: ['--data', data] })
    const apps = `
  - { id: acme, plan: gold, plans: { billing: free }, overrides: { gold: { daily: { limit: 7 } } }, ${keysOf('key-of-acme-7c1e')} }`
    let gateway = await start(toYaml({ apps }))
    try {
      await gateway.stop()
      gateway = await start('gatewright: 1\napis: [{ id: }]\n')
      for (const [path, quota] of [
        ['/orders/list', '"daily";q=7;w=3600'],
        ['/billing', '"free";q=2;w=3600'],
      ] as const) {
        const headers = { 'X-Api-Key': 'key-of-acme-7c1e' }
        const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { headers })
        assert.deepEqual([answer.status, answer.headers.get('ratelimit-policy')], [200, quota])
      }
    } finally {
      await gateway.stop()
      await rm(data, { recursive: true, force: true })
    }
  })
})

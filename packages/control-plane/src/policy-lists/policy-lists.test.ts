/** Proves that policy lists are live wherever they are named, without a publish, and that nobody keeps one that means nothing. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PieceComposer } from '../publish/piece-composer.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { PolicyLists } from './policy-lists.ts'

const LIMIT = (limit: number) => ({ policy: 'rate-limit', options: { limit, windowSeconds: 60 } })
const CORS = { policy: 'cors', options: { origins: ['https://a.example.com'] } }
const KEYS = { policy: 'key-auth' }

describe('policy lists', () => {
  it('stand in place of what names them, of the same team alone', () => {
    const lists = new PolicyLists([
      { team: 'main', id: 'defaults', body: { policies: [CORS, { use: 'inner' }] } },
      { team: 'main', id: 'inner', body: { policies: [LIMIT(5)] } },
      { team: 'shop', id: 'inner', body: { policies: [LIMIT(6)] } },
    ])
    const named = new Set<string>()
    assert.deepEqual(lists.expand([KEYS, { use: 'defaults' }, { use: 'inner', enabled: false }], 'main', named), [
      KEYS,
      CORS,
      LIMIT(5),
    ])
    assert.deepEqual([...named], ['main/defaults', 'main/inner'])
    assert.deepEqual(lists.expand([{ use: 'inner' }, { use: 'none' }] as never, 'shop'), [LIMIT(6), { use: 'none' }])
    assert.deepEqual(lists.expandApi({ routes: [{ path: '/a', policies: [{ use: 'inner' }] }] }, 'main').routes, [
      { path: '/a', policies: [LIMIT(5)] },
    ])
  })

  it('are no longer and no deeper than what a request could run', () => {
    const twice = (at: number) => ({
      team: 'main',
      id: `l${at}`,
      body: { policies: at === 0 ? [KEYS] : [{ use: `l${at - 1}` }, { use: `l${at - 1}` }] },
    })
    const upTo = (count: number) => new PolicyLists(Array.from({ length: count }, (_, at) => twice(at)))
    assert.equal(upTo(10).findFault('main', 'l9'), undefined)
    assert.match(upTo(40).findFault('main', 'l39') ?? '', /^makes "l10" too long: .* more than 1000 policies/)
    assert.match(upTo(40).findFault('main', 'l0') ?? '', /too long/, 'it is the innermost that grows')
    assert.throws(() => upTo(10).expand([{ use: 'l9' }, { use: 'l9' }], 'main'), /more than 1000 policies/)
    const empty = Array.from({ length: 40 }, (_, at) =>
      at === 0 ? { ...twice(0), body: { policies: [] } } : twice(at),
    )
    assert.equal(new PolicyLists(empty).findFault('main', 'l39'), undefined, 'looked at once each')
    const chain = Array.from({ length: 5000 }, (_, at) => ({
      team: 'main',
      id: `l${at}`,
      body: { policies: [{ use: `l${at + 1}` }] },
    }))
    for (const id of ['l0', 'l4999']) assert.match(new PolicyLists(chain).findFault('main', id) ?? '', /too deep/)
  })

  it('make the pieces of those APIs again that they stand in, and of no others', () => {
    const api = (id: string, use: string) => ({
      team: 'main',
      id,
      releases: [{ revision: 1, share: 100, body: { upstream: 'http://a', policies: [{ use }] } }],
    })
    const environments = [
      { id: 'prod', body: {}, apis: [api('one', 'first'), api('two', 'second'), api('all', 'both')] },
    ]
    const toTerms = (limit: number) => ({
      plans: [],
      overrides: [],
      sold: [],
      upstreams: UPSTREAMS,
      certificates: [],
      policyLists: [
        { team: 'main', id: 'first', body: { policies: [LIMIT(1)] } },
        { team: 'main', id: 'second', body: { policies: [LIMIT(limit)] } },
        { team: 'main', id: 'both', body: { policies: [{ use: 'first' }, { use: 'second' }] } },
      ],
    })
    const composer = new PieceComposer()
    const before = composer.compose({ environments, terms: toTerms(2) })
    assert.deepEqual(
      composer.compose({ environments, terms: toTerms(2) }).filter((piece, at) => piece !== before[at]),
      [],
    )
    const after = composer.compose({ environments, terms: toTerms(3) })
    assert.deepEqual(
      after.filter((piece, at) => piece !== before[at]).map(({ name }) => name),
      ['prod.all.json', 'prod.two.json'],
    )
    assert.deepEqual(after, new PieceComposer().compose({ environments, terms: toTerms(3) }))
  })
})

const UPSTREAMS: never[] = []

await describeOnStores('policy lists that are kept', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    const asked: readonly (readonly [string, object])[] = [
      ['PUT /teams/shop', {}],
      ['PUT /policy-lists/main/defaults', { title: 'For all', policies: [KEYS, LIMIT(5)] }],
      ['PUT /environments/dev', {}],
      ...['orders', 'invoices'].map((id) => [`PUT /apis/main/${id}`, toApi(id)] as const),
      ...['orders', 'invoices'].map((id) => [`POST /environments/dev/apis/main/${id}/publish`, {}] as const),
    ]
    for (const [line, body] of asked) {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    return stage
  }
  const toApi = (id: string, more: object = {}) => ({
    basePath: `/${id}`,
    upstream: 'http://127.0.0.1:9001',
    policies: [{ use: 'defaults' }],
    ...more,
  })
  /** As gateways get them: names of policies, and what they limit. */
  const listLive = async (stage: AdminStage) => {
    const { pieces } = await stage.services.store.read((db) => new PublicationReader().read(db))
    return pieces.flatMap(({ text }) =>
      (JSON.parse(text).apis ?? []).map(
        ({ id, policies }: { id: string; policies: { policy: string; options?: { limit?: number } }[] }) =>
          `${id}: ${policies.map(({ policy, options }) => `${policy} ${options?.limit ?? ''}`.trim()).join(', ')}`,
      ),
    )
  }
  const refused = async (stage: AdminStage, line: string, body?: object): Promise<string> => {
    const answer = await stage.ask(line, body === undefined ? {} : { body })
    return `${answer.statusCode} ${answer.json().detail ?? ''}`
  }

  it('are live in all that name them, without a publish', async () => {
    const stage = await begin()
    assert.deepEqual(await listLive(stage), [
      'dev.invoices: key-auth, rate-limit 5',
      'dev.orders: key-auth, rate-limit 5',
    ])
    const dry = await stage.ask('PUT /policy-lists/main/defaults?dryRun=true', { body: { policies: [KEYS, LIMIT(9)] } })
    assert.equal(dry.statusCode, 200, dry.body)
    const put = await stage.ask('PUT /policy-lists/main/defaults', { body: { policies: [KEYS, LIMIT(7)] } })
    assert.equal(put.statusCode, 200, put.body)
    assert.deepEqual(await listLive(stage), [
      'dev.invoices: key-auth, rate-limit 7',
      'dev.orders: key-auth, rate-limit 7',
    ])
    assert.deepEqual(stage.mistakes, [])
  })

  it('stand in plans, in routes, in other lists, and those of the team main in environments', async () => {
    const stage = await begin()
    for (const [line, body] of [
      ['PUT /policy-lists/main/outer', { policies: [CORS, { use: 'defaults' }] }],
      ['PUT /policy-lists/main/limits', { policies: [LIMIT(3)] }],
      ['PUT /environments/dev', { policies: [{ use: 'outer' }] }],
      [
        'PUT /apis/main/orders',
        toApi('orders', { policies: [], routes: [{ path: '/a', policies: [{ use: 'limits' }] }] }),
      ],
      ['POST /environments/dev/apis/main/orders/publish', { acknowledge: { codes: ['all'], reason: 'a test' } }],
      ['PUT /plans/main/gold', { policies: [{ use: 'limits' }] }],
    ] as const) {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    assert.deepEqual((await listLive(stage)).at(-1), 'dev.orders: cors, key-auth, rate-limit 5')
    const { pieces } = await stage.services.store.read((db) => new PublicationReader().read(db))
    const plans = pieces.flatMap(({ text }) => JSON.parse(text).plans ?? [])
    // That keys are asked for stands in the environment, by two lists: so the API has callers with a plan.
    assert.deepEqual(plans[0], {
      policies: [LIMIT(3)],
      id: 'gold',
      apis: [{ api: 'dev.invoices' }, { api: 'dev.orders' }],
    })
  })

  it('are refused where gateways could not run them, with those that would have them', async () => {
    const stage = await begin()
    const answer = await stage.ask('PUT /policy-lists/main/defaults', { body: { policies: [KEYS, LIMIT(0)] } })
    assert.deepEqual([answer.statusCode, answer.json().type], [422, 'urn:gatewright:problem:cannot-be-live'])
    assert.deepEqual(
      answer.json().findings.map(({ at }: { at: string }) => at),
      ['dev.invoices: apis[0].policies[1].options.limit', 'dev.orders: apis[1].policies[1].options.limit'],
    )
  })

  it('are there as long as somebody names them, and nobody names what is not there', async () => {
    const stage = await begin()
    assert.match(
      await refused(stage, 'DELETE /policy-lists/main/defaults'),
      /^409 .*api "orders" \(policies\[0\]\.use\)/,
    )
    for (const id of ['orders', 'invoices'])
      await stage.ask(`PUT /apis/main/${id}`, { body: toApi(id, { policies: [KEYS] }) })
    assert.match(await refused(stage, 'DELETE /policy-lists/main/defaults'), /^409 .*revision 1, live in dev/)
    assert.match(
      await refused(stage, 'PUT /apis/main/orders', toApi('orders', { policies: [{ use: 'nothing' }] })),
      /^4\d\d .*policies\[0\]\.use: there is no policy-list "nothing"/,
    )
    assert.match(
      await refused(stage, 'PUT /apis/shop/web', toApi('web')),
      /^4\d\d .*no policy-list "defaults" in this team/,
    )
    assert.match(await refused(stage, 'PUT /environments/dev', { policies: [{ use: 'nothing' }] }), /^4\d\d /)
    await stage.ask('PUT /environments/dev', { body: { policies: [{ use: 'defaults' }] } })
    assert.match(await refused(stage, 'DELETE /policy-lists/main/defaults'), /environment "dev"/)
  })

  it('never stand in themselves', async () => {
    const stage = await begin()
    await stage.ask('PUT /policy-lists/main/outer', { body: { policies: [{ use: 'defaults' }] } })
    assert.match(
      await refused(stage, 'PUT /policy-lists/main/defaults', { policies: [{ use: 'outer' }] }),
      /^400 .*defaults → outer → defaults/,
    )
  })

  it('are what rules and diffs see', async () => {
    const stage = await begin()
    const expression = 'api.policies.exists(use, use.policy == "rate-limit")'
    await stage.ask('PUT /rules/limits', { body: { expression, message: 'Limit it.' } })
    const publish = () => stage.ask('POST /environments/dev/apis/main/orders/publish', { body: {} })
    await stage.ask('PUT /apis/main/orders', { body: toApi('orders', { title: 'two' }) })
    assert.equal((await publish()).statusCode, 200)
    await stage.ask('PUT /apis/main/orders', { body: toApi('orders', { title: 'three', policies: [KEYS] }) })
    assert.equal((await publish()).statusCode, 422)
    const { changes } = (await stage.ask('GET /apis/main/orders/diff?from=environment:dev')).json()
    assert.match(JSON.stringify(changes), /rate-limit/)
  })

  it('are read and edited by those who may', async () => {
    const stage = await begin()
    const status = async (line: string, as: string, body?: object) =>
      (await stage.ask(line, { as, ...(body !== undefined && { body }) })).statusCode
    assert.equal(await status('GET /policy-lists/main/defaults', 'viewer'), 200)
    assert.equal(await status('PUT /policy-lists/main/defaults', 'viewer', { policies: [] }), 403)
    assert.equal(await status('PUT /policy-lists/main/defaults', 'editor', { policies: [KEYS] }), 200)
    assert.equal(await status('PUT /policy-lists/shop/defaults', 'editor', { policies: [KEYS] }), 404)
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { CredentialsReader } from '../credentials/credentials-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const KEY_AUTH = { policies: [{ policy: 'key-auth' }] }
const toPerson = (name: string, role: string): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role, team: 'main' }] },
]
const people = new Map<string, Principal>([
  toPerson('paul', 'publisher'),
  toPerson('vera', 'publisher'),
  toPerson('seller', 'seller'),
  toPerson('both', 'both'),
  [
    'dev',
    {
      actor: 'user:dev',
      name: 'Dev',
      user: 'dev',
      grants: [
        { role: 'viewer', team: 'main' },
        { role: 'both', team: 'main', environments: ['dev'] },
      ],
    },
  ] as const,
])

type Moves = readonly { readonly subscription: string; readonly outcome: string; readonly note?: string }[]

await describeOnStores('one API that supersedes another', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    await put(stage, [
      ['roles/seller', { permissions: ['api:read', 'subscription:read', 'subscription:approve'] }],
      ['roles/both', { permissions: ['api:read', 'api:publish', 'subscription:approve'] }],
      ['environments/dev', { pathPrefix: '/dev' }],
      ['apis/main/orders', { basePath: '/orders', upstream: 'http://127.0.0.1:9001', ...KEY_AUTH }],
      ['apis/main/orders-2', { basePath: '/v2/orders', upstream: 'http://127.0.0.1:9002', ...KEY_AUTH }],
      ['plans/main/old', { apis: [{ api: 'orders' }] }],
      ['plans/main/all', {}],
      ['plans/main/new', { apis: [{ api: 'orders-2' }] }],
      ['apps/main/web', {}],
      ['apps/main/phone', {}],
    ])
    for (const id of ['orders', 'orders-2']) await post(stage, `environments/dev/apis/main/${id}/publish`)
    return stage
  }
  async function put(stage: AdminStage, all: readonly (readonly [string, object])[]): Promise<void> {
    for (const [path, body] of all) {
      const answer = await stage.ask(`PUT /${path}`, { body })
      assert.ok(answer.statusCode < 300, `${path}: ${answer.body}`)
    }
  }
  async function post(stage: AdminStage, path: string, body: object = {}) {
    const answer = await stage.ask(`POST /${path}`, { body })
    assert.ok(answer.statusCode < 300, `${path}: ${answer.body}`)
    return answer.json()
  }
  const subscribe = async (stage: AdminStage, app: string, body: object): Promise<string> =>
    (await post(stage, `apps/main/${app}/subscriptions`, body)).uid
  const supersede = (stage: AdminStage, body: object, { as = 'owner', query = '' } = {}) =>
    stage.ask(`POST /environments/dev/apis/main/orders/supersede${query}`, { as, body: { by: 'orders-2', ...body } })
  /** What gateways are told of the plans of an app. */
  async function findPlans(stage: AdminStage, app: string): Promise<object> {
    return await stage.services.store.read(async (db) => {
      const { pages } = await new CredentialsReader().read(db)
      for await (const page of pages) {
        for (const one of page as readonly { id: string; plans?: object }[]) if (one.id === app) return one.plans ?? {}
      }
      return {}
    })
  }

  it('is where callers of the old one are sent from then on', async () => {
    const stage = await begin()
    const answer = await supersede(stage, { sunsetAt: '2027-01-31T00:00:00Z', message: 'v2 is there' })
    assert.equal(answer.statusCode, 200, answer.body)
    const { lifecycle, why, succession } = answer.json()
    assert.deepEqual(lifecycle, {
      state: 'deprecated',
      deprecatedAt: '2023-11-14T22:13:20.000Z',
      sunsetAt: '2027-01-31T00:00:00Z',
      successor: '/dev/v2/orders',
    })
    assert.deepEqual([why, succession], ['supersede', { to: 'orders-2', moves: [], products: [], warnings: [] }])
    const [told] = await stage.services.store.read((db) => listAudit(db, { limit: 1 }))
    assert.deepEqual(
      [told?.action, (told?.details as { supersededBy?: string } | undefined)?.supersededBy],
      ['supersede', 'orders-2'],
    )
    await post(stage, 'environments/dev/apis/main/orders/retire')
    const again = (await supersede(stage, { successor: 'https://new.example/orders' })).json()
    assert.deepEqual([again.lifecycle.state, again.lifecycle.successor], ['retired', 'https://new.example/orders'])
    await put(stage, [
      ['apis/main/orders-2', { basePath: '/', hosts: ['v2.example.com'], upstream: 'http://127.0.0.1:9002' }],
    ])
    await post(stage, 'environments/dev/apis/main/orders-2/publish', { acknowledge: { codes: ['all'], reason: 'x' } })
    assert.equal((await supersede(stage, {})).json().lifecycle.successor, 'https://v2.example.com/dev/')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is live there, stays, and is another one', async () => {
    const stage = await begin()
    await put(stage, [['apis/main/orders-3', { upstream: 'http://127.0.0.1:9003' }]])
    const status = async (body: object) => (await supersede(stage, body)).statusCode
    assert.equal(await status({ by: 'nobody' }), 404)
    assert.equal(await status({ by: 'orders-3' }), 409)
    assert.equal(await status({ plan: 'all' }), 400)
    const itself = await supersede(stage, { by: 'orders', moveSubscriptions: true })
    assert.deepEqual([itself.statusCode, /does not come after itself/.test(itself.json().detail)], [409, true])
    await post(stage, 'environments/dev/apis/main/orders-2/deprecate')
    assert.match((await supersede(stage, {})).json().detail, /"orders-2" is deprecated in "dev" itself: revive it/)
    assert.deepEqual(stage.mistakes, [])
  })

  it('comes last: there is no circle of them, also where one in it is called back or has ended', async () => {
    const stage = await begin()
    await put(stage, [['apis/main/orders-3', { basePath: '/v3/orders', upstream: 'http://127.0.0.1:9003' }]])
    const path = (id: string) => `environments/dev/apis/main/${id}`
    const supersede = (id: string, by: string) => stage.ask(`POST /${path(id)}/supersede`, { body: { by } })
    await post(stage, `${path('orders-3')}/publish`)
    for (const [id, by] of [
      ['orders', 'orders-2'],
      ['orders-2', 'orders-3'],
    ] as const)
      assert.equal((await supersede(id, by)).statusCode, 200)
    assert.match((await supersede('orders-3', 'orders')).body, /is deprecated in .*dev.* itself: revive it there first/)
    await post(stage, `${path('orders')}/revive`)
    assert.equal((await supersede('orders-3', 'orders')).statusCode, 200)
    assert.match((await supersede('orders', 'orders-2')).body, /is deprecated in/)
    await post(stage, `${path('orders-2')}/retire`)
    assert.match((await supersede('orders', 'orders-2')).body, /is retired in/)
    assert.equal((await supersede('orders-2', 'orders')).statusCode, 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('opens to who had subscribed to the old one, with the same keys, and the old one stays open', async () => {
    const stage = await begin()
    const web = await subscribe(stage, 'web', { api: 'orders', plan: 'all' })
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all' })
    const dry = (await supersede(stage, { moveSubscriptions: true }, { query: '?dryRun=true' })).json()
    assert.equal(dry.dryRun, true)
    assert.ok(
      dry.changes.includes(`subscription ${web} of "main/web" moves, on the plan "all"`),
      dry.changes.join('\n'),
    )
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all' })
    const { succession } = (await supersede(stage, { moveSubscriptions: true })).json()
    assert.deepEqual(
      (succession.moves as Moves).map(({ subscription, outcome, note }) => [subscription, outcome, note]),
      [[web, 'moves', undefined]],
    )
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all', 'dev.orders-2': 'all' })
    const shown = (await stage.ask(`GET /subscriptions/${web}`)).json()
    assert.deepEqual([shown.api.id, shown.former[0].id, shown.state], ['orders-2', 'orders', 'active'])
    const told = await stage.services.store.read((db) => listAudit(db, { limit: 1, target: web }))
    assert.deepEqual([told[0]?.action, told[0]?.kind], ['move', 'subscription'])
    assert.deepEqual((await supersede(stage, { moveSubscriptions: true })).json().succession.moves, [])
    assert.deepEqual(stage.mistakes, [])
  })

  it('takes who cannot come along on their plan on another one, and says who loses the old one', async () => {
    const stage = await begin()
    await subscribe(stage, 'web', { api: 'orders', plan: 'old' })
    const phone = await subscribe(stage, 'phone', { api: 'orders', plan: 'all' })
    await post(stage, `subscriptions/${phone}/suspend`)
    const refused = await supersede(stage, { moveSubscriptions: true })
    assert.deepEqual([refused.statusCode, /name another "plan"/.test(refused.json().detail)], [400, true], refused.body)
    assert.equal((await stage.ask('GET /environments/dev/apis/main/orders')).json().version, 1, 'nothing is done')
    const { succession } = (await supersede(stage, { moveSubscriptions: true, plan: 'new' })).json()
    assert.equal(succession.moves.length, 2)
    assert.match(succession.warnings.join('\n'), /refused by "orders" from now on: the plan "new" does not open/)
    assert.deepEqual(await findPlans(stage, 'web'), {
      'dev.orders': 'gatewright.subscription.suspended',
      'dev.orders-2': 'new',
    })
    assert.deepEqual(await findPlans(stage, 'phone'), {
      'dev.orders': 'gatewright.subscription.suspended',
      'dev.orders-2': 'gatewright.subscription.suspended',
    })
  })

  it('is sold by what sold the old one', async () => {
    const stage = await begin()
    await put(stage, [['products/main/shop', { apis: ['orders'], plans: ['all', 'old'] }]])
    const web = await subscribe(stage, 'web', { product: 'shop', plan: 'all' })
    const { succession } = (await supersede(stage, { moveSubscriptions: true })).json()
    assert.deepEqual([succession.moves, succession.products], [[], ['shop']])
    assert.match(succession.warnings[0], /^"orders-2" is for subscribers from now on/)
    assert.match(succession.warnings[1], /^The plan "old" of the product "shop" does not open "orders-2"/)
    assert.deepEqual((await stage.ask('GET /products/main/shop')).json().body.apis, ['orders', 'orders-2'])
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all', 'dev.orders-2': 'all' })
    assert.equal((await stage.ask(`GET /subscriptions/${web}`)).json().state, 'active')
    assert.deepEqual((await supersede(stage, { moveSubscriptions: true })).json().succession.products, [])
  })

  it('takes subscriptions along for who may approve them, and products for who may edit them', async () => {
    const stage = await begin()
    await subscribe(stage, 'web', { api: 'orders', plan: 'all' })
    const status = async (as: string, body: object) => (await supersede(stage, body, { as })).statusCode
    assert.equal(await status('seller', {}), 403)
    assert.equal(await status('paul', {}), 200)
    assert.equal(await status('paul', { moveSubscriptions: true }), 403)
    // Subscriptions count in all environments: a grant for one of them does not reach them.
    assert.deepEqual([await status('dev', {}), await status('dev', { moveSubscriptions: true })], [200, 403])
    assert.equal(await status('both', { moveSubscriptions: true }), 200)
    await put(stage, [['products/main/shop', { apis: ['orders'], plans: ['all'] }]])
    assert.equal(await status('both', { moveSubscriptions: true }), 403)
    assert.equal(await status('both', {}), 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('waits for others where these have to approve it, and so do subscriptions', async () => {
    const stage = await begin()
    await put(stage, [
      ['products/main/shop', { apis: ['orders'], plans: ['all'] }],
      ['environments/dev', { pathPrefix: '/dev', protection: { approvals: 1 } }],
    ])
    const web = await subscribe(stage, 'web', { api: 'orders', plan: 'all' })
    const asked = await supersede(stage, { moveSubscriptions: true })
    assert.deepEqual([asked.statusCode, asked.json().succession.moves.length], [202, 1], asked.body)
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all' })
    const at = `/environments/dev/apis/main/orders/changes/${asked.json().change}`
    const { succession } = (await stage.ask(`GET ${at}`)).json()
    assert.deepEqual(succession, { to: 'orders-2', movesSubscriptions: true })
    const approved = await stage.ask(`POST ${at}/approve`, { as: 'vera', body: {} })
    assert.deepEqual([approved.statusCode, approved.json().deployment.why], [200, 'supersede'], approved.body)
    assert.deepEqual(await findPlans(stage, 'web'), { 'dev.orders': 'all', 'dev.orders-2': 'all' })
    assert.deepEqual((await stage.ask('GET /products/main/shop')).json().body.apis, ['orders', 'orders-2'])
    const { records } = (await stage.ask(`GET /subscriptions/${web}`)).json()
    assert.deepEqual([records.at(-1).step, records.at(-1).by], ['move', 'user:owner'])
    assert.deepEqual(stage.mistakes, [])
  })

  it('takes each subscription along once, however many ask at the same time', async () => {
    const stage = await begin()
    const web = await subscribe(stage, 'web', { api: 'orders', plan: 'all' })
    const answers = await Promise.all([1, 2, 3].map(() => supersede(stage, { moveSubscriptions: true })))
    const moves = answers.flatMap((answer) => answer.json().succession.moves as Moves)
    assert.deepEqual(
      moves.map(({ subscription }) => subscription),
      [web],
    )
    const { records } = (await stage.ask(`GET /subscriptions/${web}`)).json()
    assert.equal(records.length, 2)
  })
})

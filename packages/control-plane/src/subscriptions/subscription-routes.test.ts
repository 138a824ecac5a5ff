import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const in_ = (role: string, team: string) => ({ role, team })
const person = (name: string, ...grants: Principal['grants']): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants },
]
const people = new Map<string, Principal>([
  person('dora', in_('app-developer', 'main')),
  person('dave', in_('app-developer', 'main')),
  person('olive', in_('app-developer', 'other')),
  person('seller', in_('seller', 'main')),
  person('elsewhere', in_('seller', 'other')),
])

await describeOnStores('subscriptions, by the admin API', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    for (const [line, body] of [
      ['PUT /roles/seller', { permissions: ['subscription:read', 'subscription:approve'] }],
      ['PUT /teams/other', {}],
      ['PUT /apis/main/orders', {}],
      ['PUT /apis/main/orders-2', {}],
      ['PUT /plans/main/free', {}],
      ['PUT /plans/main/gold', { approvalNeeded: true }],
      ['PUT /plans/main/secret', {}],
      ['PUT /products/main/shop', { apis: ['orders'], plans: ['free', 'gold'] }],
      ['PUT /products/main/open', { apis: ['orders'], plans: ['free', 'gold'], visibility: 'public' }],
      ['PUT /apps/main/phone', { owner: 'user:dora' }],
      ['PUT /apps/other/tablet', { owner: 'user:olive' }],
    ] as const) {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    return stage
  }
  const request = (stage: AdminStage, body: object, as = 'dora', app = 'main/phone') =>
    stage.ask(`POST /apps/${app}/subscriptions`, { as, body })
  const step = async (stage: AdminStage, uid: string, verb: string, as = 'seller') => {
    const answer = await stage.ask(`POST /subscriptions/${uid}/${verb}`, { as, body: { note: verb } })
    return answer.statusCode === 200 ? answer.json().state : answer.statusCode
  }

  it('are active at once, or wait for who sells', async () => {
    const stage = await begin()
    const free = await request(stage, { product: 'shop', plan: 'free' })
    assert.deepEqual([free.statusCode, free.json().state], [201, 'active'], free.body)
    assert.equal((await request(stage, { product: 'open', plan: 'gold' })).statusCode, 409)
    assert.equal(
      (await stage.ask(`DELETE /apps/main/phone/subscriptions/${free.json().uid}`, { as: 'dora' })).statusCode,
      204,
    )
    const gold = await request(stage, { product: 'open', plan: 'gold', note: 'please' })
    const { uid } = gold.json()
    assert.equal(gold.json().state, 'requested')
    for (const as of ['dora', 'elsewhere', 'editor'])
      assert.ok([403, 404].includes(await step(stage, uid, 'approve', as)), as)
    assert.equal(await step(stage, uid, 'suspend'), 409)
    for (const [verb, state] of [
      ['approve', 'approved'],
      ['activate', 'active'],
      ['suspend', 'suspended'],
      ['resume', 'active'],
      ['end', 'ended'],
    ] as const) {
      assert.equal(await step(stage, uid, verb), state)
    }
    const whole = (await stage.ask(`GET /subscriptions/${uid}`, { as: 'dora' })).json()
    assert.deepEqual(
      whole.records.map(({ step: done, note }: { step: string; note: string }) => `${done} ${note}`),
      ['request please', 'approve approve', 'activate activate', 'suspend suspend', 'resume resume', 'end end'],
    )
    assert.deepEqual([whole.app.id, whole.product.id, whole.plan.id], ['phone', 'open', 'gold'])
    assert.deepEqual(stage.mistakes, [])
  })

  it('are to what may be seen, and asked for by whose app it is', async () => {
    const stage = await begin()
    const cases: readonly (readonly [string, object, string, string, number])[] = [
      ["another's app", { product: 'shop', plan: 'free' }, 'dave', 'main/phone', 403],
      ['no plan of the product', { product: 'shop', plan: 'secret' }, 'dora', 'main/phone', 400],
      ['no plan at all', { product: 'shop', plan: 'nobody' }, 'dora', 'main/phone', 404],
      ['nothing', { plan: 'free' }, 'dora', 'main/phone', 400],
      ["another team's own product", { team: 'main', product: 'shop', plan: 'free' }, 'olive', 'other/tablet', 404],
      ["another team's API", { team: 'main', api: 'orders', plan: 'free' }, 'olive', 'other/tablet', 404],
      ["another team's public product", { team: 'main', product: 'open', plan: 'free' }, 'olive', 'other/tablet', 201],
    ]
    for (const [name, body, as, app, status] of cases) {
      const answer = await request(stage, body, as, app)
      assert.equal(answer.statusCode, status, `${name}: ${answer.body}`)
    }
    // A plan that nobody sells an API on is given by somebody who may.
    const alone = await request(stage, { api: 'orders', plan: 'secret' })
    assert.equal(alone.json().state, 'requested', alone.body)
    const items = async (as: string, query = '') => {
      const answer = await stage.ask(`GET /subscriptions${query}`, { as })
      return answer
        .json()
        .items.map(({ app }: { app: { id: string } }) => app.id)
        .toSorted()
    }
    assert.deepEqual(await items('seller'), ['phone', 'tablet'])
    assert.deepEqual(await items('olive'), ['tablet'])
    assert.deepEqual(await items('owner'), ['phone', 'tablet'])
    assert.deepEqual(await items('seller', '?state=requested'), ['phone'])
    assert.deepEqual(await items('seller', '?product=main/open'), ['tablet'])
    assert.deepEqual(await items('seller', '?api=main/orders'), ['phone'])
    assert.deepEqual(await items('seller', '?app=main/phone'), ['phone'])
    assert.equal((await stage.ask(`GET /subscriptions/${alone.json().uid}`, { as: 'olive' })).statusCode, 404)
    assert.equal((await stage.ask('GET /subscriptions?app=phone')).statusCode, 400)
    const page = (await stage.ask('GET /subscriptions?limit=1')).json()
    assert.equal((await stage.ask(`GET /subscriptions?limit=1&after=${page.next}`)).json().items.length, 1)
    assert.deepEqual(stage.mistakes, [])
  })

  it('move to the API that comes after', async () => {
    const stage = await begin()
    await stage.ask('POST /apps/main/phone/subscriptions', { body: { api: 'orders', plan: 'free' } })
    const move = (body: object, as = 'seller') => stage.ask('POST /apis/main/orders/subscriptions/move', { as, body })
    assert.equal((await move({ to: 'orders-2' }, 'dora')).statusCode, 403)
    assert.equal((await move({ to: 'orders' })).statusCode, 409)
    const moved = await move({ to: 'orders-2' })
    assert.deepEqual([moved.statusCode, moved.json().items[0].api.id], [200, 'orders-2'], moved.body)
    assert.deepEqual((await move({ to: 'orders-2' })).json().items, [])
    const [told] = (await stage.ask(`GET /audit?target=${moved.json().items[0].uid}`)).json().items
    assert.deepEqual([told.action, told.by, told.details.to], ['move', 'user:seller', 'orders-2'])
    assert.equal((await move({ to: 'orders-2', plan: 'nobody' })).statusCode, 404)
  })
})

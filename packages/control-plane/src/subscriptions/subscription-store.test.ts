import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { PlanBody } from '../plans/plan-body.ts'
import type { Resource } from '../resources/resource.ts'
import { createResource, replaceResource } from '../resources/resource-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { doMoves, planMoves } from './move-subscriptions.ts'
import {
  SubscriptionFault,
  type SubscriptionFaultReason,
  type SubscriptionStep,
  type SubscriptionTarget,
} from './subscription.ts'
import {
  findSubscription,
  listSubscriptionRecords,
  listSubscriptions,
  requestSubscription,
  stepSubscription,
} from './subscription-store.ts'

const NOW = 1_700_000_000_000
const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: NOW })
const failsWith = (reason: SubscriptionFaultReason) => (fault: unknown) =>
  fault instanceof SubscriptionFault && fault.reason === reason

type Body = Resource['body'] & object

/** Two APIs and what sells them, in `main`; an app of another team. */
async function prepare(store: Store) {
  const create = (kind: string, id: string, body: Body | PlanBody, team = 'main') =>
    store.write((change) => createResource(doing(change), { kind, team, id }, body))
  const orders = await create('api', 'orders', {})
  const next = await create('api', 'orders-2', {})
  const product = await create('product', 'shop', {
    apis: ['orders', 'orders-2'],
    plans: ['free', 'gold', 'closed'],
  } as Body)
  const free = await create('plan', 'free', { apis: [{ api: 'orders' }] })
  const gold = await create('plan', 'gold', { approvalNeeded: true })
  const closed = await create('plan', 'closed', { apis: [] })
  const alone = await create('plan', 'alone', {})
  const foreign = await create('plan', 'foreign', {}, 'other')
  const app = (await create('app', 'acme', {}, 'other')).uid
  const request = (target: SubscriptionTarget, plan: Resource, of = app) =>
    store.write((change) => requestSubscription(doing(change), { app: of, target, plan: plan.uid, note: 'please' }))
  const step = (uid: string, taken: SubscriptionStep) =>
    store.write((change) => stepSubscription(doing(change), uid, { step: taken }))
  const move = (from: Resource, to: Resource, plan?: Resource) =>
    store.write(async (change) => {
      const planned = await planMoves(change.db, { from, to, plan })
      await doMoves(doing(change), planned, { from, to, plan })
      return planned.map(({ before, outcome }): [string, string] => [before.uid, outcome])
    })
  return { create, orders, next, product, free, gold, closed, alone, foreign, app, request, step, move }
}

await describeOnStores('subscriptions', (open) => {
  it('are active at once, and requested where the plan wants approval', async () => {
    const store = await open()
    const { product, free, gold, app, request, step } = await prepare(store)
    const made = await request({ product: product.uid }, free)
    assert.equal(made.state, 'active')
    assert.deepEqual(await store.read((db) => findSubscription(db, made.uid)), made)
    await step(made.uid, 'end')
    const asked = await request({ product: product.uid }, gold)
    assert.equal(asked.state, 'requested')
    await assert.rejects(step(asked.uid, 'activate'), failsWith('refused-step'))
    for (const taken of ['approve', 'activate', 'suspend', 'resume'] as const) await step(asked.uid, taken)
    const records = await store.read((db) => listSubscriptionRecords(db, asked.uid))
    assert.deepEqual(
      records.map(({ number, step: taken, state, note, by, atMs }) => [number, taken, state, note, by, atMs]),
      [
        [1, 'request', 'requested', 'please', 'user:ann', NOW],
        [2, 'approve', 'approved', '', 'user:ann', NOW],
        [3, 'activate', 'active', '', 'user:ann', NOW],
        [4, 'suspend', 'suspended', '', 'user:ann', NOW],
        [5, 'resume', 'active', '', 'user:ann', NOW],
      ],
    )
    const live = await store.read((db) => listSubscriptions(db, { app, isLive: true }))
    assert.deepEqual(
      live.map(({ uid, state }) => [uid, state]),
      [[asked.uid, 'active']],
    )
  })

  it('are one for each app and API that has not ended, whether a product or the API itself is subscribed to', async () => {
    const { product, orders, next, free, alone, request, step, create } = await prepare(await open())
    const made = await request({ product: product.uid }, free)
    await assert.rejects(request({ api: orders.uid }, alone), (fault) => {
      assert.ok(fault instanceof SubscriptionFault && fault.reason === 'taken')
      assert.equal(fault.current?.uid, made.uid)
      return true
    })
    // The plan opens but one API of the product: the other is free.
    await request({ api: next.uid }, alone)
    const other = await create('app', 'other', {})
    await request({ api: orders.uid }, alone, other.uid)
    await step(made.uid, 'suspend')
    await assert.rejects(request({ api: orders.uid }, alone), failsWith('taken'))
    await step(made.uid, 'end')
    await request({ api: orders.uid }, alone)
  })

  it('are refused where app, what is sold, or plan are not there or do not go together', async () => {
    const { product, orders, free, closed, alone, foreign, request } = await prepare(await open())
    await assert.rejects(request({ product: product.uid }, free, 'nobody'), failsWith('unknown'))
    await assert.rejects(request({ product: product.uid }, free, orders.uid), failsWith('unknown'))
    await assert.rejects(request({ product: orders.uid }, free), failsWith('unknown'))
    await assert.rejects(request({ api: orders.uid }, foreign), failsWith('unknown'))
    await assert.rejects(request({ product: product.uid }, alone), failsWith('plan'))
    await assert.rejects(request({ product: product.uid }, closed), failsWith('plan'))
    await assert.rejects(request({ api: orders.uid }, closed), failsWith('plan'))
  })

  it('move from an API to the next as they are, and end where there is one already', async () => {
    const store = await open()
    const { orders, next, alone, request, step, move, create } = await prepare(store)
    const both = await create('app', 'both', {})
    const kept = await request({ api: orders.uid }, alone)
    await step(kept.uid, 'suspend')
    const old = await request({ api: orders.uid }, alone, both.uid)
    const newer = await request({ api: next.uid }, alone, both.uid)
    const moved = new Map(await move(orders, next))
    assert.deepEqual([moved.get(kept.uid), moved.get(old.uid)], ['moves', 'ends'])
    const [one, ended, other] = await store.read((db) =>
      Promise.all([kept, old, newer].map(({ uid }) => findSubscription(db, uid))),
    )
    assert.deepEqual([one?.state, one?.target, one?.former], ['suspended', { api: next.uid }, [orders.uid]])
    assert.deepEqual([ended?.state, other?.state, other?.former], ['ended', 'active', [orders.uid]])
    const records = await store.read((db) => listSubscriptionRecords(db, kept.uid))
    assert.deepEqual([records.at(-1)?.step, records.at(-1)?.note], ['move', 'from "orders" to "orders-2"'])
    assert.deepEqual(await move(orders, next), [], 'a second time there is nothing to do')
    // What it opens still is taken: nobody has two plans for one API.
    await assert.rejects(request({ api: orders.uid }, alone), failsWith('taken'))
    assert.deepEqual(
      await move(next, orders),
      [
        [kept.uid, 'moves'],
        [newer.uid, 'moves'],
      ].toSorted(),
    )
    assert.deepEqual((await store.read((db) => findSubscription(db, kept.uid)))?.former, [next.uid], 'and back again')
  })

  it('stay where the app has another one to the next API that gives less', async () => {
    const store = await open()
    const { orders, next, alone, gold, request, step, move } = await prepare(store)
    const old = await request({ api: orders.uid }, alone)
    const asked = await request({ api: next.uid }, gold)
    assert.deepEqual(await move(orders, next), [[old.uid, 'stays']])
    for (const taken of ['approve', 'activate', 'suspend'] as const) await step(asked.uid, taken)
    assert.deepEqual(await move(orders, next), [[old.uid, 'stays']])
    await step(asked.uid, 'resume')
    assert.deepEqual(await move(orders, next), [[old.uid, 'ends']])
  })

  it('do not move, none of them, where a plan does not open the next API', async () => {
    const store = await open()
    const { orders, next, alone, free, request, move, create } = await prepare(store)
    const other = await create('app', 'other', {})
    await request({ api: orders.uid }, alone)
    await request({ api: orders.uid }, free, other.uid)
    await assert.rejects(move(orders, next), failsWith('plan'))
    await assert.rejects(move(orders, next, free), failsWith('plan'))
    assert.equal((await store.read((db) => listSubscriptions(db, { api: orders.uid }))).length, 2)
    const body: PlanBody = { apis: [{ api: 'orders' }, { api: 'orders-2' }] }
    await store.write((change) => replaceResource(doing(change), free, { version: undefined, body }))
    assert.equal((await move(orders, next)).length, 2)
  })

  it('move to another plan where their own does not open the next API', async () => {
    const store = await open()
    const { orders, next, alone, free, request, move, create } = await prepare(store)
    const stays = await request({ api: orders.uid }, alone)
    const changes = await request({ api: orders.uid }, free, (await create('app', 'other', {})).uid)
    const gold = await create('plan', 'gold-2', { apis: [{ api: 'orders-2' }] })
    await move(orders, next, gold)
    const plans = await store.read((db) =>
      Promise.all([stays, changes].map(async ({ uid }) => (await findSubscription(db, uid))?.plan)),
    )
    assert.deepEqual(plans, [alone.uid, gold.uid])
    const records = await store.read((db) => listSubscriptionRecords(db, changes.uid))
    assert.equal(records.at(-1)?.note, 'from "orders" to "orders-2", on the plan "gold-2"')
  })

  it('come in pages', async () => {
    const store = await open()
    const { orders, alone, request, create } = await prepare(store)
    for (let i = 0; i < 5; i++) await request({ api: orders.uid }, alone, (await create('app', `a${i}`, {})).uid)
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const query = { api: orders.uid, limit: 2, ...(after !== undefined && { after }) }
      const page = await store.read((db) => listSubscriptions(db, query))
      seen.push(...page.map(({ uid }) => uid))
      after = page.at(-1)?.uid
      if (after === undefined) break
    }
    assert.deepEqual([seen.length, seen], [5, seen.toSorted()])
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type ApiBody, apiBodySchema } from '../apis/api-body.ts'
import { type AppBody, appBodySchema } from '../apps/app-body.ts'
import { endApp } from '../apps/end-app.ts'
import { deploy } from '../deployments/deployment-store.ts'
import { keepDocument } from '../documents/document-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { issueKey, listKeys } from '../keys/key-store.ts'
import { type PlanBody, planBodySchema } from '../plans/plan-body.ts'
import { type ProductBody, productBodySchema } from '../products/product-body.ts'
import { type Resource, ResourceFault } from '../resources/resource.ts'
import { createResource, removeResource, replaceResource } from '../resources/resource-store.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { findSubscription, listSubscriptionRecords, requestSubscription } from '../subscriptions/subscription-store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { upstreamBodySchema } from '../upstreams/upstream-body.ts'
import { checkReferences, checkUnnamed } from './check-references.ts'
import { ReferenceFault } from './reference-fault.ts'

const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: 1 })

interface Bodies {
  readonly api: ApiBody
  readonly app: AppBody
  readonly plan: PlanBody
  readonly product: ProductBody
  readonly environment: EnvironmentBody
  readonly upstream: object
}

function use(store: Store) {
  const toRef = (kind: string, id: string, team = 'main') => ({ kind, team, id })
  return {
    create: <Kind extends keyof Bodies>(kind: Kind, id: string, body: Bodies[Kind], team?: string) =>
      store.write((change) => createResource(doing(change), toRef(kind, id, team), body as Resource['body'])),
    /** Where what is missing is named. */
    async check<Kind extends keyof Bodies>(kind: Kind, body: Bodies[Kind], team?: string): Promise<string[]> {
      try {
        await store.read((db) => checkReferences(db, toRef(kind, 'it', team), body))
        return []
      } catch (fault) {
        assert.ok(fault instanceof ReferenceFault && fault.reason === 'unknown')
        return fault.missing.map(({ kind: of, id, path }) => `${path}: ${of} ${id}`)
      }
    },
    async remove(resource: Resource): Promise<string[]> {
      try {
        await store.write(async (change) => {
          await checkUnnamed(change.db, resource)
          await removeResource(doing(change), resource, undefined)
        })
        return []
      } catch (fault) {
        if (fault instanceof ResourceFault) throw fault
        assert.ok(fault instanceof ReferenceFault && fault.reason === 'in-use')
        return fault.namers.map(({ kind, id, path }) => `${kind} ${kind === 'key' ? '' : id}: ${path}`)
      }
    },
  }
}

await describeOnStores('references', (open) => {
  it('have to be there, in the same team', async () => {
    const store = await open()
    const { create, check } = use(store)
    const document = await store.write(({ db }) => keepDocument(db, 'openapi: 3.1.0'))
    const api: ApiBody = {
      upstream: 'shared',
      products: ['shop'],
      document: 'ab'.repeat(32),
      routes: [
        { path: '/a', upstream: 'http://127.0.0.1:9000' },
        { path: '/b', upstream: 'lab' },
      ],
    }
    assert.deepEqual(await check('api', api), [
      'upstream: upstream shared',
      'routes[1].upstream: upstream lab',
      'products[0]: product shop',
      `document: document ${'ab'.repeat(32)}`,
    ])
    const product: ProductBody = { apis: ['orders'], plans: ['free', 'gold'] }
    await create('plan', 'free', {})
    assert.deepEqual(await check('product', product), ['apis[0]: api orders', 'plans[1]: plan gold'])
    assert.deepEqual(await check('plan', { apis: [{ api: 'orders' }] }), ['apis[0].api: api orders'])
    assert.deepEqual(await check('app', { overrides: { gold: {} } }), ['overrides.gold: plan gold'])
    await create('plan', 'gold', {})
    await create('api', 'orders', {})
    await create('upstream', 'shared', { targets: ['http://127.0.0.1:9001'] })
    await create('environment', 'dev', { upstreams: [{ id: 'lab', targets: ['http://127.0.0.1:9002'] }] })
    await create('product', 'shop', product)
    assert.deepEqual(await check('product', product), [])
    assert.deepEqual(await check('api', { ...api, document }), [])
    assert.deepEqual(await check('plan', { apis: [{ api: 'orders' }] }, 'other'), ['apis[0].api: api orders'])
  })

  it('keep what they name from being removed, and say who names it', async () => {
    const store = await open()
    const { create, remove } = use(store)
    const upstream = await create('upstream', 'shared', { targets: ['http://127.0.0.1:9001'] })
    const api = await create('api', 'orders', { upstream: 'shared' })
    const plan = await create('plan', 'gold', { apis: [{ api: 'orders' }] })
    const app = await create('app', 'acme', { overrides: { gold: { 'rate-limit': { limit: 1 } } } })
    const product = await create('product', 'shop', { apis: ['orders'], plans: ['gold'] })
    const strange = await create('app', 'strange', { title: 'gold', description: 'of "gold"' })
    await create('plan', 'gold', {}, 'other')
    await create('product', 'shop', { apis: ['orders'], plans: ['gold'] }, 'other')
    assert.deepEqual(await remove(plan), ['app acme: overrides.gold', 'product shop: plans[0]'])
    assert.deepEqual(await remove(api), ['plan gold: apis[0].api', 'product shop: apis[0]'])
    assert.deepEqual(await remove(upstream), ['api orders: upstream'])
    await store.write((change) => issueKey(doing(change), strange.uid, { plan: 'gold' }))
    assert.deepEqual(await remove(strange), ['key : app'])
    assert.equal((await remove(plan)).at(-1), 'key : plan')
    const made = await store.write((change) =>
      requestSubscription(doing(change), { app: app.uid, target: { product: product.uid }, plan: plan.uid }),
    )
    const named = `subscription ${made.uid}`
    assert.deepEqual(await remove(app), [`${named}: app`])
    assert.deepEqual(await remove(product), [`${named}: product`])
    const issued = await store.write((change) => issueKey(doing(change), app.uid))
    await store.write((change) => endApp(doing(change), app.uid, 'gone'))
    const [ended, records, [key]] = await store.read(async (db) => [
      (await findSubscription(db, made.uid))?.state,
      await listSubscriptionRecords(db, made.uid),
      await listKeys(db, app.uid, { limit: 9 }),
    ])
    assert.deepEqual([ended, records.at(-1)?.note, key?.endedAtMs], ['ended', 'gone', 1])
    assert.ok((key?.sequence ?? 0) > issued.key.sequence, 'gateways hear of it')
    assert.deepEqual(await remove(app), [])
    assert.deepEqual(await remove(product), [])
  })

  it('of what is live count as well, whatever a draft says by now', async () => {
    const store = await open()
    const { create, remove } = use(store)
    const upstream = await create('upstream', 'shared', { targets: ['http://127.0.0.1:9001'] })
    const api = await create('api', 'orders', { upstream: 'shared' })
    const prod = await create('environment', 'prod', {})
    const own = await create('environment', 'own', { upstreams: [{ id: 'shared', targets: ['http://127.0.0.1:9'] }] })
    const put = (environment: Resource, releases: { revision: number; share: number }[]) =>
      store.write((change) =>
        deploy(doing(change), { api: api.uid, environment: environment.uid }, { releases, why: 'publish' }),
      )
    await store.write((change) => makeRevision(doing(change), api, ''))
    await put(prod, [{ revision: 1, share: 100 }])
    await put(own, [{ revision: 1, share: 100 }])
    const body: ApiBody = { upstream: 'http://127.0.0.1:9003' }
    await store.write((change) => replaceResource(doing(change), api, { version: undefined, body }))
    assert.deepEqual(await remove(upstream), ['api orders: revision 1, live in prod'])
    assert.deepEqual(await remove(api), ['environment own: live there', 'environment prod: live there'])
    assert.deepEqual(await remove(prod), ['api orders: live here'])
    await put(prod, [])
    await put(own, [])
    assert.deepEqual(await remove(upstream), [])
    assert.deepEqual(await remove(prod), [])
    assert.deepEqual(await remove(api), [])
  })
})

it('bodies say what a file says of them, and what is sold', () => {
  const uses = [{ policy: 'rate-limit', options: { limit: 5, windowSeconds: 60 } }]
  for (const [schema, good, bad] of [
    [
      planBodySchema,
      { policies: uses, apis: [{ api: 'a', routes: ['r'] }], price: 'free', enabled: false },
      { id: 'x' },
    ],
    [planBodySchema, { approvalNeeded: true }, { price: '' }],
    [productBodySchema, { apis: [], plans: ['gold'], visibility: 'public' }, { apis: [], plans: [] }],
    [appBodySchema, { owner: 'user:u1', overrides: { gold: { main: { limit: null } } } }, { owner: 'ann' }],
    [appBodySchema, { owner: 'team:shop', enabled: false }, { keys: [] }],
    [upstreamBodySchema, { targets: ['http://a'] }, { id: 'x', targets: ['http://a'] }],
    [apiBodySchema, { products: ['shop'] }, { id: 'x' }],
  ] as const) {
    assert.deepEqual(schema.safeParse(good).error, undefined)
    assert.equal(schema.safeParse(bad).success, false, JSON.stringify(bad))
  }
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import { CursorFault } from '../store/pages.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { countResources, listResources, type ResourceQuery, SORTS, type Sort } from './list-resources.ts'
import { type Described, type Resource, ResourceFault, type ResourceFaultReason } from './resource.ts'
import {
  createResource,
  findResource,
  findVersion,
  listVersions,
  removeResource,
  replaceResource,
} from './resource-store.ts'

const by = 'user:ann'
const NOW = 1_700_000_000_000
const ref = (id: string, team = 'main') => ({ kind: 'api', team, id })
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by, nowMs })
const failsWith = (reason: ResourceFaultReason) => (fault: unknown) =>
  fault instanceof ResourceFault && fault.reason === reason

/** Of as many letters for all, so that texts sort as numbers do. */
function toSortKey({ id, body, updatedAtMs }: Resource, sort: Sort): string {
  if (sort.endsWith('updatedAt')) return String(updatedAtMs)
  return sort.endsWith('title') ? (body.title ?? id) : id
}

const create = (store: Store, id: string, body: Described = {}, team?: string) =>
  store.write((change) => createResource(doing(change), ref(id, team), body))

await describeOnStores('resources', (open) => {
  it('are found as they were made', async () => {
    const store = await open()
    const made = await create(store, 'orders', { title: 'Orders', tags: ['a', 'b', 'a'], owner: 'shop' })
    const found = await store.read((db) => findResource(db, ref('orders')))
    assert.deepEqual(found, made)
    assert.deepEqual(
      [found?.version, found?.sequence, found?.createdAtMs, found?.createdBy, found?.body],
      [1, 1, NOW, by, { title: 'Orders', tags: ['a', 'b', 'a'], owner: 'shop' }],
    )
  })

  it('have a name once in a team, and the same in two', async () => {
    const store = await open()
    await create(store, 'orders')
    await assert.rejects(create(store, 'orders'), failsWith('taken'))
    await create(store, 'orders', {}, 'other')
    assert.equal(await store.read((db) => countResources(db, { kind: 'api' })), 2)
  })

  it('are changed by who has seen what is there, and nobody else', async () => {
    const store = await open()
    await create(store, 'orders', { title: 'one' })
    const replace = (version: number | undefined, title: string) =>
      store.write((change) => replaceResource(doing(change, NOW + 5), ref('orders'), { version, body: { title } }))
    const two = await replace(1, 'two')
    assert.deepEqual([two.version, two.createdAtMs, two.updatedAtMs, two.sequence], [2, NOW, NOW + 5, 2])
    await assert.rejects(replace(1, 'three'), (fault) => {
      assert.ok(fault instanceof ResourceFault && fault.reason === 'changed')
      assert.deepEqual(fault.current?.body, { title: 'two' })
      return true
    })
    assert.equal((await replace(undefined, 'three')).version, 3)
  })

  it('stay at their version where nothing changes', async () => {
    const store = await open()
    const made = await create(store, 'orders', { title: 'one' })
    const same = await store.write((change) =>
      replaceResource(doing(change), ref('orders'), { version: 1, body: { title: 'one' } }),
    )
    assert.deepEqual(same, made)
  })

  it('keep all of their versions, also when they are gone', async () => {
    const store = await open()
    const { uid } = await create(store, 'orders', { title: 'one' })
    await store.write((change) => replaceResource(doing(change), ref('orders'), { version: 1, body: { title: 'two' } }))
    await assert.rejects(
      store.write((change) => removeResource(doing(change), ref('orders'), 1)),
      failsWith('changed'),
    )
    await store.write((change) => removeResource(doing(change), ref('orders'), 2))
    assert.equal(await store.read((db) => findResource(db, ref('orders'))), undefined)
    await assert.rejects(
      store.write((change) => removeResource(doing(change), ref('orders'), undefined)),
      failsWith('not-found'),
    )
    const versions = await store.read((db) => listVersions(db, uid, 10))
    assert.deepEqual(
      versions.map(({ version, body }) => [version, body?.title]),
      [
        [3, undefined],
        [2, 'two'],
        [1, 'one'],
      ],
    )
    assert.deepEqual((await store.read((db) => findVersion(db, uid, 1)))?.body, { title: 'one' })
    assert.notEqual((await create(store, 'orders')).uid, uid, 'who has its name now is another one')
  })

  it('are filtered by team, owner, tags and text', async () => {
    const store = await open()
    await create(store, 'orders', { title: 'Orders', tags: ['shop', 'v1'], owner: 'ann' })
    await create(store, 'invoices', { description: '100% of_it', tags: ['shop'] })
    await create(store, 'users', { title: 'USERS' }, 'other')
    const ids = async (query: Omit<ResourceQuery, 'kind' | 'limit'>) => {
      const page = await store.read((db) => listResources(db, { kind: 'api', limit: 10, ...query }))
      assert.equal(await store.read((db) => countResources(db, { kind: 'api', ...query })), page.items.length)
      return page.items.map(({ id }) => id)
    }
    assert.deepEqual(await ids({}), ['invoices', 'orders', 'users'])
    assert.deepEqual(await ids({ teams: ['main'] }), ['invoices', 'orders'])
    assert.deepEqual(await ids({ teams: [] }), [])
    assert.deepEqual(await ids({ owner: 'ann' }), ['orders'])
    assert.deepEqual(await ids({ tags: ['shop'] }), ['invoices', 'orders'])
    assert.deepEqual(await ids({ tags: ['shop', 'v1'] }), ['orders'])
    assert.deepEqual(await ids({ search: 'users' }), ['users'])
    assert.deepEqual(await ids({ search: '0% OF_' }), ['invoices'])
    assert.deepEqual(await ids({ search: '%' }), ['invoices'])
    assert.deepEqual(await ids({ search: '\\' }), [])
  })

  for (const sort of SORTS) {
    it(`come in pages that hold each of them once, sorted by ${sort}`, async () => {
      const store = await open()
      await store.write(async (change) => {
        for (let i = 0; i < 25; i++) {
          const body = i % 3 === 0 ? {} : { title: `t${i % 4}` }
          await createResource(doing(change, NOW + (i % 5)), ref(`n${String(i).padStart(2, '0')}`), body)
        }
      })
      const seen: Resource[] = []
      let after: string | undefined
      for (let pages = 0; pages < 10; pages++) {
        const query = { kind: 'api', limit: 7, sort, ...(after !== undefined && { after }) }
        const page = await store.read((db) => listResources(db, query))
        seen.push(...page.items)
        after = page.next
        if (after === undefined) break
      }
      assert.equal(seen.length, 25)
      assert.equal(new Set(seen.map(({ id }) => id)).size, 25)
      const keys = seen.map((resource) => toSortKey(resource, sort))
      assert.ok(new Set(keys).size > 4)
      const sorted = keys.toSorted()
      assert.deepEqual(keys, sort.startsWith('-') ? sorted.toReversed() : sorted)
    })
  }

  for (const after of [
    '',
    'x',
    Buffer.from('["-id","a","b"]').toString('base64url'),
    Buffer.from('["id",1,"b"]').toString('base64url'),
  ]) {
    it(`refuse a cursor that is none: ${JSON.stringify(after)}`, async () => {
      const store = await open()
      await assert.rejects(
        store.read((db) => listResources(db, { kind: 'api', limit: 10, after })),
        CursorFault,
      )
    })
  }
})

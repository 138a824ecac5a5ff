import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deploy } from '../deployments/deployment-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { Described } from '../resources/resource.ts'
import { createResource, removeResource, replaceResource } from '../resources/resource-store.ts'
import { makeRevision } from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { LiveReader } from './live-reader.ts'

const doing = (change: Change): Doing => ({ ...change, by: 'system', nowMs: 1 })
const toRef = (id: string) => ({ kind: 'api', team: 'main', id })
/** As the environment's schema has it. */
const MOVED: Described & EnvironmentBody = { pathPrefix: '/x' }
const DEV = { kind: 'environment', team: 'main', id: 'dev' }

/** Two environments, and APIs that are published by name. */
async function prepare(store: Store) {
  const uids = await store.write(async (change) => ({
    dev: (await createResource(doing(change), DEV, {})).uid,
    prod: (await createResource(doing(change), { ...DEV, id: 'prod' }, {})).uid,
  }))
  const make = (id: string) => store.write((change) => createResource(doing(change), toRef(id), { title: 'draft' }))
  const edit = (id: string, title: string) =>
    store.write((change) => replaceResource(doing(change), toRef(id), { version: undefined, body: { title } }))
  const put = (id: string, environment: 'dev' | 'prod', title: string | undefined) =>
    store.write(async (change) => {
      const body = { title: title ?? 'gone' }
      const api = await replaceResource(doing(change), toRef(id), { version: undefined, body })
      const { revision } = await makeRevision(doing(change), api, '')
      const releases = title === undefined ? [] : [{ revision: revision.number, share: 100 }]
      await deploy(doing(change), { api: api.uid, environment: uids[environment] }, { releases, why: 'publish' })
    })
  const remove = (ref: typeof DEV) => store.write((change) => removeResource(doing(change), ref, undefined))
  return { make, edit, put, remove }
}

function sort({ environments }: Awaited<ReturnType<LiveReader['read']>>) {
  const sorted = environments.map(({ id, body, apis }) => ({
    id,
    body,
    apis: apis.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  }))
  return sorted.toSorted((one, other) => (one.id < other.id ? -1 : 1))
}

await describeOnStores('what is live', (open) => {
  it('is after each change what a reader finds that has read nothing before', async () => {
    const store = await open()
    const { make, edit, put, remove } = await prepare(store)
    const reader = new LiveReader()
    const steps: (() => Promise<unknown>)[] = [
      () => make('a'),
      () => make('b'),
      () => put('a', 'dev', 'one'),
      () => put('b', 'dev', 'one'),
      () => put('a', 'prod', 'one'),
      () => edit('a', 'a draft'),
      () => put('a', 'dev', 'two'),
      () => put('b', 'dev', undefined),
      () => put('b', 'dev', 'again'),
      () => store.write((change) => replaceResource(doing(change), DEV, { version: undefined, body: MOVED })),
      () => remove(toRef('a')),
      () => make('a'),
      () => remove(DEV),
      () => put('b', 'prod', 'last'),
    ]
    for (const [index, step] of steps.entries()) {
      await step()
      const [own, anew] = await store.read(
        async (db) => [await reader.read(db), await new LiveReader().read(db)] as const,
      )
      assert.deepEqual(sort(own), sort(anew), `after step ${index}`)
      assert.equal(own.sequence, anew.sequence)
    }
  })

  it('is of several changes at once the same, and of none the very moment before', async () => {
    const store = await open()
    const { make, put } = await prepare(store)
    await make('a')
    await make('b')
    const reader = new LiveReader()
    const read = () => store.read((db) => reader.read(db))
    await put('a', 'dev', 'one')
    await put('b', 'dev', 'one')
    const before = await read()
    assert.equal(await read(), before)
    await put('a', 'dev', 'two')
    await put('a', 'dev', 'three')
    const after = await read()
    const find = (moment: typeof before, id: string) =>
      moment.environments.find((each) => each.id === 'dev')?.apis.find((each) => each.id === id)
    assert.equal(find(after, 'b'), find(before, 'b'), 'read again')
    assert.equal(find(after, 'a')?.releases[0]?.body.title, 'three')
  })
})

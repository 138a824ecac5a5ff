import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Described } from '../resources/resource.ts'
import { createResource, replaceResource } from '../resources/resource-store.ts'
import {
  findNewestRevision,
  findRevision,
  findRevisions,
  listRevisions,
  makeRevision,
} from '../revisions/revision-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { type DeployedRelease, DeploymentFault, type DeploymentFaultReason } from './deployment.ts'
import { deploy, findDeployment, getFormer, listDeploymentVersions, listLive } from './deployment-store.ts'

const NOW = 1_700_000_000_000
const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: NOW })
const ref = { kind: 'api', team: 'main', id: 'orders' }

async function publish(store: Store, body: Described, message = '') {
  return await store.write(async (change) => {
    const api = await replaceResource(doing(change), ref, { version: undefined, body })
    return await makeRevision(doing(change), api, message)
  })
}

/** An API with two revisions. */
async function prepare(open: () => Promise<Store>) {
  const store = await open()
  const api = await store.write((change) => createResource(doing(change), ref, { title: 'draft' }))
  await publish(store, { title: 'one' }, 'first')
  await publish(store, { title: 'two' }, 'second')
  const at = { api: api.uid, environment: 'prod' }
  const put = (releases: readonly DeployedRelease[], version?: number) =>
    store.write((change) => deploy(doing(change), at, { releases, why: 'publish', version }))
  const find = () => store.read((db) => findDeployment(db, at))
  return { store, api, at, put, find }
}

const failsWith = (reason: DeploymentFaultReason) => (fault: unknown) =>
  fault instanceof DeploymentFault && fault.reason === reason

const ALL = (revision: number): DeployedRelease[] => [{ revision, share: 100 }]

await describeOnStores('revisions and deployments', (open) => {
  it('number what is published, and make no new revision of what is the same', async () => {
    const { store, api } = await prepare(open)
    const again = await publish(store, { title: 'two' })
    assert.deepEqual([again.isNew, again.revision.number, again.revision.message], [false, 2, 'second'])
    const back = await publish(store, { title: 'one' })
    assert.deepEqual([back.isNew, back.revision.number], [true, 3])
    const revisions = await store.read((db) => listRevisions(db, api.uid, { limit: 10 }))
    assert.deepEqual(
      revisions.map(({ number, body, by, atMs }) => [number, body.title, by, atMs]),
      [
        [3, 'one', 'user:ann', NOW],
        [2, 'two', 'user:ann', NOW],
        [1, 'one', 'user:ann', NOW],
      ],
    )
    assert.equal(revisions[0]?.hash, revisions[2]?.hash)
    assert.deepEqual((await store.read((db) => listRevisions(db, api.uid, { limit: 1, below: 3 })))[0]?.number, 2)
    assert.equal((await store.read((db) => findRevision(db, api.uid, 1)))?.message, 'first')
    assert.equal(await store.read((db) => findRevision(db, api.uid, 9)), undefined)
    assert.equal(await store.read((db) => findNewestRevision(db, 'nobody')), undefined)
  })

  it('are found many at once, more than a database takes in one question', async () => {
    const { store, api } = await prepare(open)
    const refs = Array.from({ length: 1_300 }, (_, index) => ({ api: api.uid, number: index + 1 }))
    const found = await store.read((db) => findRevisions(db, refs.toReversed()))
    assert.deepEqual(found.map(({ number }) => number).toSorted(), [1, 2])
  })

  it('put revisions live, each time as a version', async () => {
    const { put, find, store, at } = await prepare(open)
    assert.equal(await find(), undefined)
    await put(ALL(1), 0)
    await put([
      { revision: 1, share: 90 },
      { revision: 2, share: 10 },
    ])
    const live = await find()
    assert.deepEqual([live?.version, live?.releases.map(({ share }) => share)], [2, [90, 10]])
    const versions = await store.read((db) => listDeploymentVersions(db, at, { limit: 10 }))
    assert.deepEqual(
      versions.map(({ version, why, by }) => [version, why, by]),
      [
        [2, 'publish', 'user:ann'],
        [1, 'publish', 'user:ann'],
      ],
    )
  })

  it('are changed by who has seen what is live, and nobody else', async () => {
    const { put } = await prepare(open)
    await put(ALL(1), 0)
    await assert.rejects(put(ALL(2), 0), (fault) => {
      assert.ok(fault instanceof DeploymentFault && fault.reason === 'changed')
      assert.deepEqual(fault.current?.releases, ALL(1))
      return true
    })
    await put(ALL(2), 1)
  })

  it('are refused where requests would have no release, or a release nothing to run', async () => {
    const { put, find } = await prepare(open)
    await assert.rejects(put([{ revision: 1, share: 90 }]), failsWith('shares'))
    await assert.rejects(put([{ revision: 1, when: 'true' }]), failsWith('shares'))
    await assert.rejects(
      put([
        { revision: 1, share: 50 },
        { revision: 1, share: 50 },
      ]),
      failsWith('shares'),
    )
    await assert.rejects(put(ALL(3)), failsWith('unknown-revision'))
    assert.equal(await find(), undefined)
  })

  it('go back by one command, forth again by the next, and to any version', async () => {
    const { store, at, put, find } = await prepare(open)
    const back = (to?: number) =>
      store.write(async (change) => {
        const { releases } = await getFormer(change.db, at, to)
        return await deploy(doing(change), at, { releases, why: 'rollback' })
      })
    await assert.rejects(back(), failsWith('nothing-before'))
    await put(ALL(1))
    await assert.rejects(back(), failsWith('nothing-before'))
    await put(ALL(2))
    const rolled = await back()
    assert.deepEqual([rolled.version, rolled.releases], [3, ALL(1)])
    assert.deepEqual((await back()).releases, ALL(2))
    assert.deepEqual((await back(1)).releases, ALL(1))
    await assert.rejects(back(99), failsWith('nothing-before'))
    assert.equal((await find())?.version, 5)
  })

  it('are listed by environment, each API as it is live now, and without those that were taken out', async () => {
    const { store, api, put } = await prepare(open)
    await put(ALL(1))
    await put(ALL(2))
    const live = () => store.read((db) => listLive(db, 'prod'))
    assert.deepEqual(
      (await live()).map(({ api: of, version, releases }) => [of, version, releases]),
      [[api.uid, 2, ALL(2)]],
    )
    assert.deepEqual(await store.read((db) => listLive(db, 'dev')), [])
    await put([])
    assert.deepEqual(await live(), [])
  })
})

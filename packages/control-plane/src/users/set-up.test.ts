import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { findPasswordRecord, isPasswordRight } from './password.ts'
import { finishSetUp, openSetUp } from './set-up.ts'
import { UserFault, type UserFaultReason } from './user.ts'
import { listUsers } from './user-store.ts'

const NOW = 1_700_000_000_000
const DAY = 86_400_000
const PASSWORD = 'seven green kettles'
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'system', nowMs })
const failsWith = (reason: UserFaultReason) => (fault: unknown) => fault instanceof UserFault && fault.reason === reason

const openLink = async (store: Store, nowMs = NOW) =>
  (await store.write((change) => openSetUp(doing(change, nowMs)))) ?? assert.fail('it is closed')
const finish = (store: Store, secret: string, { name = 'ann', password = PASSWORD, nowMs = NOW } = {}) =>
  store.write((change) => finishSetUp(doing(change, nowMs), { secret, email: `${name}@example.com`, name, password }))

await describeOnStores('set-up', (open) => {
  it('makes one owner of everything, who can log in, and is over', async () => {
    const store = await open()
    const secret = await openLink(store)
    const ann = await finish(store, secret)
    assert.deepEqual([ann.grants, ann.isBreakGlass], [[{ role: 'owner', team: '*' }], true])
    const record = await store.read((db) => findPasswordRecord(db, 'ann@example.com'))
    assert.ok(await isPasswordRight(PASSWORD, record))
    assert.equal(await store.write((change) => openSetUp(doing(change))), undefined)
    await assert.rejects(finish(store, secret, { name: 'ben' }), failsWith('closed'))
    assert.deepEqual(await store.read((db) => db.selectFrom('set_up').selectAll().execute()), [])
  })

  it('is for who has the link, within a day', async () => {
    const store = await open()
    const secret = await openLink(store)
    for (const other of ['', `${secret}x`, secret.slice(1)])
      await assert.rejects(finish(store, other), failsWith('closed'))
    await assert.rejects(finish(store, secret, { nowMs: NOW + DAY }), failsWith('closed'))
    const kept = await store.read((db) => db.selectFrom('set_up').selectAll().execute())
    assert.ok(!JSON.stringify(kept).includes(secret))
    await finish(store, await openLink(store, NOW + DAY), { nowMs: NOW + DAY })
  })

  it('of two who hurry, also with links of two control planes, lets one through', async () => {
    const store = await open()
    const links = [await openLink(store), await openLink(store)]
    const results = await Promise.allSettled(
      [...links, ...links].map((secret, index) => finish(store, secret, { name: `user${index}` })),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    assert.equal(refused.length, 3)
    for (const { reason } of refused) assert.ok(failsWith('closed')(reason))
    assert.equal((await store.read((db) => listUsers(db, { limit: 9 }))).items.length, 1)
  })

  it('may be tried again where the password is not good enough', async () => {
    const store = await open()
    const secret = await openLink(store)
    await assert.rejects(finish(store, secret, { password: 'short' }), failsWith('weak-password'))
    await finish(store, secret)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { createUser } from '../users/user-store.ts'
import {
  endSession,
  endSessionsOf,
  findSession,
  isAntiForgeryToken,
  listSessions,
  startSession,
  toAntiForgeryToken,
  touchSession,
} from './session-store.ts'

const NOW = 1_700_000_000_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'system', nowMs })

const create = (store: Store, name: string) =>
  store.write((change) => createUser(doing(change), { email: `${name}@example.com`, name, grants: [] }))
const start = (store: Store, user: string, nowMs = NOW) =>
  store.write((change) => startSession(doing(change, nowMs), { user, address: '192.0.2.1', agent: 'Browser 1' }))
const find = (store: Store, secret: string, nowMs = NOW) => store.read((db) => findSession(db, secret, nowMs))
const touch = (store: Store, uid: string, nowMs: number) =>
  store.write((change) => touchSession(doing(change, nowMs), uid))

await describeOnStores('sessions', (open) => {
  it('are found by their secret, of which the hash alone is kept', async () => {
    const store = await open()
    const ann = await create(store, 'ann')
    const { session, secret } = await start(store, ann.uid)
    assert.equal(Buffer.from(secret, 'base64url').length, 32)
    assert.deepEqual(await find(store, secret), { session, user: ann, isTouchDue: false })
    const kept = JSON.stringify(await store.read((db) => db.selectFrom('sessions').selectAll().execute()))
    assert.ok(!kept.includes(secret))
    const { hash } = await store.read((db) => db.selectFrom('sessions').select('hash').executeTakeFirstOrThrow())
    for (const other of ['', hash, secret.toLowerCase(), `${secret} `, (await start(store, 'nobody')).secret])
      assert.equal(await find(store, other), undefined)
  })

  it('end an hour after the last sign, which is written once a minute', async () => {
    const store = await open()
    const { session, secret } = await start(store, (await create(store, 'ann')).uid)
    assert.notEqual(await find(store, secret, NOW + HOUR - 1), undefined)
    assert.equal(await find(store, secret, NOW + HOUR), undefined)
    assert.equal((await find(store, secret, NOW + MINUTE - 1))?.isTouchDue, false)
    await touch(store, session.uid, NOW + MINUTE - 1)
    assert.equal((await find(store, secret))?.session.lastSeenMs, NOW)
    assert.equal((await find(store, secret, NOW + MINUTE))?.isTouchDue, true)
    await touch(store, session.uid, NOW + MINUTE)
    assert.notEqual(await find(store, secret, NOW + HOUR), undefined)
    assert.equal(await find(store, secret, NOW + HOUR + MINUTE), undefined)
  })

  it('go on where the clock is set back a little, and end where they were begun or seen in a time far ahead', async () => {
    const store = await open()
    const { uid } = await create(store, 'ann')
    const { session, secret } = await start(store, uid)
    const back = NOW - HOUR + MINUTE
    assert.equal((await find(store, secret, back))?.isTouchDue, true)
    await touch(store, session.uid, back)
    assert.equal((await find(store, secret, back))?.session.lastSeenMs, back)
    assert.equal(await find(store, secret, back + HOUR), undefined)
    const ahead = await start(store, uid, NOW + 365 * 24 * HOUR)
    assert.equal(await find(store, ahead.secret), undefined)
    assert.deepEqual(await store.read((db) => listSessions(db, uid, NOW + HOUR)), [])
  })

  it('end after half a day, however busy they are', async () => {
    const store = await open()
    const { session, secret } = await start(store, (await create(store, 'ann')).uid)
    for (let at = NOW; at < NOW + 12 * HOUR; at += 30 * MINUTE) {
      await touch(store, session.uid, at)
      assert.notEqual(await find(store, secret, at), undefined)
    }
    assert.equal(await find(store, secret, NOW + 12 * HOUR), undefined)
  })

  it('are listed with where they are, the newest first, and end one by one or all but this', async () => {
    const store = await open()
    const { uid } = await create(store, 'ann')
    const [one, two, three] = [
      await start(store, uid),
      await start(store, uid, NOW + 1),
      await start(store, uid, NOW + 2),
    ]
    const list = async (nowMs = NOW) => (await store.read((db) => listSessions(db, uid, nowMs))).map((each) => each.uid)
    assert.deepEqual(await list(), [three.session.uid, two.session.uid, one.session.uid])
    const end = (user: string) => store.write((change) => endSession(doing(change), { uid: one.session.uid, user }))
    assert.deepEqual([await end('somebody else'), await end(uid), await end(uid)], [false, true, false])
    assert.equal(await store.write((change) => endSessionsOf(doing(change), uid, two.session.uid)), 1)
    assert.deepEqual(await list(), [two.session.uid])
    assert.deepEqual(await list(NOW + 2 * HOUR), [])
  })

  it('that are over are swept away', async () => {
    const store = await open()
    const { uid } = await create(store, 'ann')
    await start(store, uid)
    await start(store, uid, NOW + 2 * HOUR)
    assert.equal((await store.read((db) => db.selectFrom('sessions').select('uid').execute())).length, 1)
  })
})

describe('a token against forgery', () => {
  it('is one of its session, and says nothing of it', () => {
    const [secret, other] = ['a'.repeat(43), 'b'.repeat(43)]
    const token = toAntiForgeryToken(secret)
    assert.ok(isAntiForgeryToken(token, secret))
    for (const wrong of ['', secret, toAntiForgeryToken(other), `${token}x`, token.slice(1)])
      assert.ok(!isAntiForgeryToken(wrong, secret))
  })
})

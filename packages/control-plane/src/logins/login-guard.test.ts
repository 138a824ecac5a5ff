import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { admitCode, admitLogin, findLoginWait, forgetLogins, noteCode, noteLogin } from './login-guard.ts'

const NOW = 1_700_000_000_000
const SECOND = 1_000
const DAY = 86_400_000
const ANN = { email: 'ann@example.com', address: '192.0.2.1' }
const doing = (change: Change, nowMs: number): Doing => ({ ...change, by: 'system', nowMs })
const admit = async (store: Store, given = ANN, nowMs = NOW) =>
  (await store.write((change) => admitLogin(doing(change, nowMs), given))).waitMs
const note = (store: Store, given = ANN, nowMs = NOW) => store.write((change) => noteLogin(doing(change, nowMs), given))

/** Waits as long as it is told, each time. Gives how long it was told to. */
async function tryOften(store: Store, times: number, toTry: (index: number) => typeof ANN = () => ANN) {
  let nowMs = NOW
  const waits: number[] = []
  while (waits.length < times) {
    const waitMs = await admit(store, toTry(waits.length), nowMs)
    if (waitMs > 0) {
      nowMs += waitMs
      assert.equal(await admit(store, toTry(waits.length), nowMs), 0)
    }
    waits.push(waitMs)
  }
  return { waits, nowMs }
}

await describeOnStores('logins', (open) => {
  it('that fail wait longer and longer, and never longer than a minute', async () => {
    const store = await open()
    const { waits } = await tryOften(store, 14)
    assert.deepEqual(
      waits.map((waitMs) => waitMs / SECOND),
      [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60],
    )
  })

  it('that come too early are not looked at, and do not make the wait longer', async () => {
    const store = await open()
    const { nowMs } = await tryOften(store, 8)
    assert.equal(await admit(store, ANN, nowMs + 1), 8 * SECOND - 1)
    assert.equal(await admit(store, ANN, nowMs + 2), 8 * SECOND - 2)
    assert.equal(await store.read((db) => findLoginWait(db, ANN, nowMs + 3)), 8 * SECOND - 3)
    assert.equal(await admit(store, ANN, nowMs + 8 * SECOND), 0)
  })

  it('that come as a crowd get no more looks than a row of them', async () => {
    const store = await open()
    const waits = await Promise.all(Array.from({ length: 30 }, () => admit(store)))
    assert.equal(waits.filter((waitMs) => waitMs === 0).length, 5)
  })

  it('that are right begin anew', async () => {
    const store = await open()
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 5; count++) assert.equal(await admit(store), 0)
      await note(store)
    }
  })

  it('wait no longer than they are told where the clock was set back meanwhile', async () => {
    const store = await open()
    const { nowMs } = await tryOften(store, 14)
    await admit(store, ANN, nowMs)
    for (const before of [60 * 60 * SECOND, 365 * DAY]) {
      assert.equal(await admit(store, ANN, nowMs - before), 60 * SECOND)
      assert.equal(await admit(store, ANN, nowMs - before + 60 * SECOND), 0)
    }
    const code = (at: number) => store.write((change) => admitCode(doing(change, at), ANN.email))
    for (let count = 0; count < 5; count++) await code(NOW)
    assert.deepEqual(await code(NOW - DAY), { waitMs: SECOND })
    assert.deepEqual(await code(NOW - DAY + SECOND), { waitMs: 0 })
  })

  it('are forgotten after a quiet day', async () => {
    const store = await open()
    const { nowMs } = await tryOften(store, 9)
    assert.ok((await admit(store, ANN, nowMs)) > 0)
    assert.equal(await admit(store, ANN, nowMs + DAY), 0)
    const rows = await store.read((db) => db.selectFrom('login_attempts').select('failures').execute())
    assert.deepEqual(
      rows.map(({ failures }) => failures),
      [1, 1, 1],
    )
  })

  it('by strangers everywhere slow an account, and not who has logged in from there before', async () => {
    const store = await open()
    await admit(store)
    await note(store)
    const strangers = (index: number) => ({ ...ANN, address: `198.51.100.${index}` })
    const { waits, nowMs } = await tryOften(store, 40, strangers)
    assert.ok(waits.every((waitMs, index) => (index < 20 ? waitMs === 0 : waitMs > 0 && waitMs <= 10 * SECOND)))
    assert.ok((await admit(store, strangers(99), nowMs)) > 0)
    assert.equal(await admit(store, ANN, nowMs), 0)
  })

  it('for many accounts from one network are slowed, in an IPv6 network as a whole', async () => {
    const store = await open()
    const toTry = (index: number) => ({
      email: `u${index}@example.com`,
      address: `2001:db8:0:1::${index.toString(16)}`,
    })
    const { waits, nowMs } = await tryOften(store, 53, toTry)
    assert.equal(waits.filter((waitMs) => waitMs > 0).length, 3)
    assert.ok((await admit(store, toTry(99), nowMs)) > 0)
    assert.equal(await admit(store, { ...toTry(99), address: '2001:db8:0:2::1' }, nowMs), 0)
  })

  it('that are right give no new guesses at other accounts', async () => {
    const store = await open()
    const mine = { ...ANN, email: 'mallory@example.com' }
    let looks = 0
    for (let index = 0; index < 60; index++) {
      if ((await admit(store, { ...ANN, email: `u${index}@example.com` })) === 0) looks++
      if ((await admit(store, mine)) === 0) await note(store, mine)
    }
    assert.equal(looks, 50)
  })

  it('say nothing of who tried where to somebody who reads along', async () => {
    const store = await open()
    await admit(store)
    await note(store)
    const kept = JSON.stringify(await store.read((db) => db.selectFrom('login_attempts').selectAll().execute()))
    assert.ok(!kept.includes('ann') && !kept.includes('192.0'))
    await store.write((change) => forgetLogins(doing(change, NOW), 'Ann@Example.com'))
    const rows = await store.read((db) => db.selectFrom('login_attempts').selectAll().execute())
    assert.deepEqual(
      rows.map(({ account }) => account),
      [null],
    )
  })

  it('with codes are few: whoever gets so far knows the password', async () => {
    const store = await open()
    const admitAt = async (nowMs: number) =>
      (await store.write((change) => admitCode(doing(change, nowMs), ANN.email))).waitMs
    let nowMs = NOW
    let looks = 0
    while (nowMs < NOW + DAY) {
      const waitMs = await admitAt(nowMs)
      nowMs += waitMs
      if (waitMs === 0) looks++
    }
    assert.ok(looks < 120, `${looks} of a million a day`)
    await store.write((change) => noteCode(doing(change, nowMs), ANN.email))
    assert.equal(await admitAt(nowMs), 0)
  })

  it('of strangers who make up names and networks are remembered up to a bound, and people who got in stay known', async () => {
    const store = await open()
    await note(store)
    const strangers = { failures: 9, account: null, succeeded_at: null }
    for (let block = 0; block < 101; block++) {
      const at = NOW + block
      const rows = Array.from({ length: 1_000 }, (_, index) => ({
        ...strangers,
        key: `${block} ${index}`,
        last_at: at,
        forget_at: at + DAY,
      }))
      await store.write(({ db }) => db.insertInto('login_attempts').values(rows).execute())
    }
    for (let count = 0; count < 64; count++) await admit(store, { email: `${count}@example.com`, address: '192.0.2.9' })
    const rows = await store.read((db) => db.selectFrom('login_attempts').select(['key', 'succeeded_at']).execute())
    assert.ok(rows.length <= 100_000 + 3 * 64 + 1, String(rows.length))
    assert.ok(!rows.some(({ key }) => key.startsWith('0 ')), 'the oldest')
    assert.ok(rows.some(({ key }) => key.startsWith('100 ')))
    assert.equal(rows.filter(({ succeeded_at: at }) => at !== null).length, 1)
  })
})

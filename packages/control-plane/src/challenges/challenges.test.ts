import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { type Challenge, findChallenge, findChallengeWait, startChallenge, takeChallenge } from './challenge-store.ts'

const NOW = 1_700_000_000_000
const LOGIN = { purpose: 'second-factor', user: 'ann', facts: { steps: ['password'] } }
const doing = (change: Change, nowMs = NOW): Doing => ({ ...change, by: 'system', nowMs })
const start = (store: Store, challenge: Challenge = LOGIN) =>
  store.write((change) => startChallenge(doing(change), challenge))
const take = (store: Store, secret: string, { purpose = LOGIN.purpose, nowMs = NOW } = {}) =>
  store.write((change) => takeChallenge(doing(change, nowMs), { secret, purpose }))

await describeOnStores('challenges', (open) => {
  it('are answered once, with what was kept of them', async () => {
    const store = await open()
    const secret = await start(store)
    const asked = { secret, purpose: LOGIN.purpose, nowMs: NOW }
    assert.deepEqual(await store.read((db) => findChallenge(db, asked)), LOGIN)
    assert.deepEqual(await take(store, secret), LOGIN)
    assert.equal(await take(store, secret), undefined)
    const unowned = await start(store, { purpose: LOGIN.purpose })
    assert.deepEqual(await take(store, unowned), { purpose: LOGIN.purpose, facts: null })
  })

  it('are answered by one of many who hurry', async () => {
    const store = await open()
    const secret = await start(store)
    const answers = await Promise.all([1, 2, 3, 4].map(() => take(store, secret)))
    assert.equal(answers.filter((answer) => answer !== undefined).length, 1)
  })

  it('are good for five minutes, for their purpose, and by their secret', async () => {
    const store = await open()
    const secret = await start(store)
    assert.equal(await take(store, secret, { purpose: 'other' }), undefined)
    assert.equal(await take(store, secret, { nowMs: NOW + 300_000 }), undefined)
    const [row] = await store.read((db) => db.selectFrom('challenges').selectAll().execute())
    assert.ok(!JSON.stringify(row).includes(secret))
    for (const other of ['', row?.hash ?? '', `${secret}x`]) assert.equal(await take(store, other), undefined)
    assert.deepEqual(await take(store, secret, { nowMs: NOW + 299_999 }), LOGIN)
  })

  it('that anybody may ask for are so many at a time, from one network and in all', async () => {
    const store = await open()
    const wait = async (address: string, nowMs = NOW) =>
      (await store.read((db) => findChallengeWait(db, { address, nowMs }))).waitMs
    const ask = (address: string, nowMs = NOW) =>
      store.write((change) => startChallenge(doing(change, nowMs), { purpose: 'passkey', address }))
    await start(store)
    for (let count = 0; count < 200; count++) {
      assert.equal(await wait('2001:db8::1', NOW + count), 0)
      await ask(`2001:db8::${count}`, NOW + count)
    }
    assert.equal(await wait('2001:db8::ffff', NOW + 200), 300_000 - 200, 'until the oldest is over')
    assert.equal(await wait('2001:db8:0:1::1', NOW + 200), 0)
    assert.equal(await wait('2001:db8::1', NOW - 3_600_000), 0, 'where the clock was set back')
    assert.equal(await wait('2001:db8::1', NOW + 300_000), 0)
    const row = { purpose: 'passkey', user: null, facts: 'null', expires: NOW + 1_000 }
    for (let block = 0; block < 20; block++) {
      const rows = Array.from({ length: 1_000 }, (_, index) => ({
        ...row,
        hash: `${block} ${index}`,
        network: `${index}`,
      }))
      await store.write(({ db }) => db.insertInto('challenges').values(rows).execute())
    }
    assert.equal(await wait('192.0.2.1'), 1_000)
    assert.equal(await wait('192.0.2.1', NOW + 1_000), 0)
    await ask('192.0.2.1', NOW + 400_000)
    assert.equal((await store.read((db) => db.selectFrom('challenges').select('hash').execute())).length, 1)
  })

  it('that nobody answered are swept away', async () => {
    const store = await open()
    await start(store)
    await store.write((change) => startChallenge(doing(change, NOW + 300_000), LOGIN))
    assert.equal((await store.read((db) => db.selectFrom('challenges').select('hash').execute())).length, 1)
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { type AuditNote, appendToAudit, eraseFromAudit, listAudit, verifyAudit } from './audit-log.ts'

const NOW = 1_700_000_000_000
const doing = (change: Change, by = 'user:ann', nowMs = NOW): Doing => ({ ...change, by, nowMs })
const note = (target: string, more: Partial<AuditNote> = {}): AuditNote => ({
  action: 'replace',
  kind: 'api',
  target,
  team: 'main',
  details: { before: { title: 'a' }, after: { title: 'b' } },
  ...more,
})
const append = (store: Store, given: AuditNote, by?: string, nowMs?: number) =>
  store.write((change) => appendToAudit(doing(change, by, nowMs), given))
const verify = (store: Store, expected?: { number: number; hash: string }) =>
  store.read((db) => verifyAudit(db, expected))

async function fill(store: Store): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const personal = { person: i % 2 === 0 ? 'ann' : 'ben', facts: { address: `192.0.2.${i}` } }
    await append(store, note(`t${i}`, { personal }))
  }
}

await describeOnStores('the audit log', (open) => {
  it('says who did what, with what was there before and after, the newest first', async () => {
    const store = await open()
    await append(store, note('orders'))
    await append(store, note('orders', { action: 'remove', details: null }), 'token:ci', NOW + 5)
    const entries = await store.read((db) => listAudit(db, { limit: 10 }))
    assert.deepEqual(
      entries.map(({ number, sequence, atMs, by, action, details, personal }) => [
        number,
        sequence,
        atMs,
        by,
        action,
        details,
        personal,
      ]),
      [
        [2, 2, NOW + 5, 'token:ci', 'remove', null, undefined],
        [1, 1, NOW, 'user:ann', 'replace', { before: { title: 'a' }, after: { title: 'b' } }, undefined],
      ],
    )
  })

  it('tells nothing of a change that did not come about', async () => {
    const store = await open()
    await store
      .write(async (change) => {
        await appendToAudit(doing(change), note('orders'))
        throw new Error('no')
      })
      .catch(() => {})
    assert.deepEqual(await verify(store), { kind: 'whole', entries: 0, hash: '0'.repeat(64) })
  })

  it('is filtered by what was changed, by whom, how, when and whose it is, and comes in pages', async () => {
    const store = await open()
    await append(store, note('a'), 'user:ann', NOW)
    await append(store, note('b', { action: 'publish', team: 'shop' }), 'user:ben', NOW + 10)
    await append(store, note('a', { action: 'publish' }), 'user:ben', NOW + 20)
    const numbers = async (query: object) =>
      (await store.read((db) => listAudit(db, { limit: 10, ...query }))).map(({ number }) => number)
    assert.deepEqual(await numbers({ target: 'a' }), [3, 1])
    assert.deepEqual(await numbers({ by: 'user:ben' }), [3, 2])
    assert.deepEqual(await numbers({ action: 'publish' }), [3, 2])
    assert.deepEqual(await numbers({ teams: ['shop'] }), [2])
    assert.deepEqual(await numbers({ teams: [] }), [])
    assert.deepEqual(await numbers({ fromMs: NOW + 10, toMs: NOW + 10 }), [2])
    assert.deepEqual(await numbers({ limit: 2 }), [3, 2])
    assert.deepEqual(await numbers({ limit: 2, below: 2 }), [1])
  })

  it('is whole as long as nobody touches it', async () => {
    const store = await open()
    await fill(store)
    const verdict = await verify(store)
    assert.ok(verdict.kind === 'whole' && verdict.entries === 5)
    assert.deepEqual(await verify(store, { number: 5, hash: verdict.hash }), verdict)
  })

  for (const [name, tamper, broken] of [
    ['what was done is changed', { set: { details: '{"before":null}' }, number: 3 }, 3],
    ['who did it is changed', { set: { by: 'user:eve' }, number: 1 }, 1],
    ['a hash is changed', { set: { hash: 'f'.repeat(64) }, number: 2 }, 2],
    ['what tells of a person is changed', { set: { personal: '{"address":"198.51.100.1"}' }, number: 4 }, 4],
    ['an entry is taken out', { number: 2 }, 2],
    ['the first is taken out', { number: 1 }, 1],
  ] as const) {
    it(`is broken where ${name}, and says where`, async () => {
      const store = await open()
      await fill(store)
      await store.write(async ({ db }) => {
        const { number } = tamper
        if ('set' in tamper) await db.updateTable('audit').set(tamper.set).where('number', '=', number).execute()
        else await db.deleteFrom('audit').where('number', '=', number).execute()
      })
      assert.deepEqual(await verify(store), { kind: 'broken', number: broken })
    })
  }

  it('is known to be cut off at its end by who noted its last hash, and to be another one', async () => {
    const store = await open()
    await fill(store)
    const before = await verify(store)
    assert.ok(before.kind === 'whole')
    await store.write(async ({ db }) => void (await db.deleteFrom('audit').where('number', '=', 5).execute()))
    assert.equal((await verify(store)).kind, 'whole')
    assert.deepEqual(await verify(store, { number: 5, hash: before.hash }), { kind: 'broken', number: 5 })
    assert.deepEqual(await verify(store, { number: 4, hash: before.hash }), { kind: 'broken', number: 4 })
  })

  it('forgets a person, and stays whole', async () => {
    const store = await open()
    await fill(store)
    const before = await verify(store)
    assert.equal(await store.write((change) => eraseFromAudit(doing(change), 'ann')), 3)
    assert.deepEqual(await verify(store), before)
    const entries = await store.read((db) => listAudit(db, { limit: 10 }))
    assert.deepEqual(
      entries.map(({ personal }) => (typeof personal === 'object' ? personal.person : personal)),
      ['erased', 'ben', 'erased', 'ben', 'erased'],
    )
    const rows = await store.read((db) => db.selectFrom('audit').selectAll().execute())
    assert.ok(!JSON.stringify(rows).includes('192.0.2.2'))
    assert.equal(await store.write((change) => eraseFromAudit(doing(change), 'ann')), 0)
  })
})

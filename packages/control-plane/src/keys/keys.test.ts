import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import type { Doing } from '../store/doing.ts'
import type { Change, Store } from '../store/store.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { type Key, KeyFault, type KeyFaultReason } from './key.ts'
import {
  type BroughtKey,
  endKey,
  hashKeys,
  issueKey,
  keepKeys,
  listChangedKeys,
  listKeys,
  rotateKey,
} from './key-store.ts'

const NOW = 1_700_000_000_000
const DAY = 86_400_000
const doing = (change: Change): Doing => ({ ...change, by: 'user:ann', nowMs: NOW })
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const STRONG = 'kT5-Zq8vWm2_xR7cLp4YkT5-Zq8vWm2_xR7cLp4Y'

const issue = (store: Store, terms = {}) => store.write((change) => issueKey(doing(change), 'app-1', terms))
const bring = (store: Store, brought: readonly BroughtKey[], app = 'app-1') =>
  store.write(async (change) => await keepKeys(doing(change), app, await hashKeys(brought)))
const list = (store: Store, app = 'app-1') => store.read((db) => listKeys(db, app, { limit: 100 }))
const failsWith = (reason: KeyFaultReason, position?: number) => (fault: unknown) =>
  fault instanceof KeyFault && fault.reason === reason && fault.positions[0] === position

await describeOnStores('keys', (open) => {
  it('are shown once, and kept as hashes', async () => {
    const store = await open()
    const { key, value } = await issue(store, { name: 'laptop', plan: 'gold', expiresAtMs: NOW + DAY })
    assert.match(value, /^gw_/)
    assert.equal(key.hash, sha256(value))
    const kept = await list(store)
    assert.deepEqual(kept, [key])
    assert.ok(!JSON.stringify(kept).includes(value))
    assert.equal(key.hint, `${value.slice(0, 7)}…${value.slice(-4)}`)
    assert.deepEqual([key.name, key.plan, key.expiresAtMs, key.createdBy], ['laptop', 'gold', NOW + DAY, 'user:ann'])
  })

  it('may be brought along, as themselves or as hashes of others', async () => {
    const store = await open()
    const hashes = [sha256('a'), `sha256:${sha256('b')}`, `sha512:${'0'.repeat(128)}`]
    await bring(store, [{ value: STRONG }, ...hashes.map((hash) => ({ hash }))])
    const kept = new Set((await list(store)).map(({ hash }) => hash))
    assert.deepEqual(kept, new Set([sha256(STRONG), sha256('a'), sha256('b'), hashes[2]]))
  })

  for (const [name, brought, reason, position] of [
    ['could be guessed', [{ value: STRONG }, { value: 'hunter2' }], 'weak', 1],
    ['is no hash', [{ hash: 'ab' }], 'malformed', 0],
    ['is a hash in capitals', [{ hash: sha256('a').toUpperCase() }], 'malformed', 0],
    ['stands there twice', [{ value: STRONG }, { hash: sha256(STRONG) }], 'taken', 1],
    ['is known already', [{ value: `${STRONG}2` }, { hash: sha256('known') }], 'taken', 1],
  ] as const) {
    it(`are not brought along where one ${name}: none of them is`, async () => {
      const store = await open()
      await bring(store, [{ hash: sha256('known') }], 'app-2')
      await assert.rejects(bring(store, brought), failsWith(reason, position))
      assert.deepEqual(await list(store), [])
    })
  }

  it('are brought along by the thousand', async () => {
    const store = await open()
    await bring(
      store,
      Array.from({ length: 2_345 }, (_, index) => ({ hash: sha256(`${index}`) })),
    )
    let count = 0
    for (let after: string | undefined; ; ) {
      const page = await store.read((db) => listKeys(db, 'app-1', { limit: 1_000, ...(after && { after }) }))
      count += page.length
      after = page.at(-1)?.uid
      if (page.length < 1_000) break
    }
    assert.equal(count, 2_345)
  })

  it('end once, for good, and their hashes stay theirs', async () => {
    const store = await open()
    const { key, value } = await issue(store)
    const end = () => store.write((change) => endKey(doing(change), key.uid))
    assert.equal((await end()).endedAtMs, NOW)
    await assert.rejects(end(), failsWith('ended'))
    await assert.rejects(bring(store, [{ value }]), failsWith('taken', 0))
    await assert.rejects(
      store.write((change) => endKey(doing(change), 'nobody')),
      failsWith('not-found'),
    )
  })

  it('are rotated: a new one on the same terms, and the old one goes on for the overlap and no longer', async () => {
    const store = await open()
    const rotate = (key: Key) => store.write((change) => rotateKey(doing(change), key.uid, DAY))
    const { key } = await issue(store, { name: 'laptop', plan: 'gold' })
    const turned = await rotate(key)
    assert.deepEqual([turned.key.name, turned.key.plan, turned.key.expiresAtMs], ['laptop', 'gold', undefined])
    assert.deepEqual([turned.old.uid, turned.old.hash, turned.old.expiresAtMs], [key.uid, key.hash, NOW + DAY])
    assert.notEqual(turned.key.hash, key.hash)
    const short = await issue(store, { expiresAtMs: NOW + 5 })
    assert.equal((await rotate(short.key)).old.expiresAtMs, NOW + 5)
  })

  it('that changed since a number are told in order, in pages, each as it is now', async () => {
    const store = await open()
    const first = await issue(store)
    const [second, third] = await bring(store, [{ hash: sha256('a') }, { hash: sha256('b') }])
    await store.write((change) => endKey(doing(change), first.key.uid))
    const changed = async (since: number): Promise<Key[]> => {
      const all: Key[] = []
      for (;;) {
        const after = all.at(-1)
        const page = await store.read((db) => listChangedKeys(db, { since, limit: 1, ...(after && { after }) }))
        if (page.length === 0) return all
        all.push(...page)
      }
    }
    const uids = (keys: readonly (Key | undefined)[]) => keys.map((key) => key?.uid)
    const both = [second, third].toSorted((a, b) => ((a?.uid ?? '') < (b?.uid ?? '') ? -1 : 1))
    assert.deepEqual(uids(await changed(0)), uids([...both, first.key]))
    assert.deepEqual(uids(await changed(second?.sequence ?? 0)), uids([first.key]))
    assert.equal((await changed(second?.sequence ?? 0))[0]?.endedAtMs, NOW)
    assert.deepEqual(await changed(first.key.sequence + 2), [])
  })
})

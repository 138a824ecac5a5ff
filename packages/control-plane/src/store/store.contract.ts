/** Owns what every store promises. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Moment, Store } from './store.ts'

export interface StoreStage {
  /** Empty. */
  open(): Promise<Store>
  /** The same data, by another control plane. */
  reopen(store: Store): Promise<Store>
}

const NOW = 1_700_000_000_000

export async function insert(db: Moment, id: string, sequence = 1): Promise<void> {
  await db
    .insertInto('resources')
    .values({
      uid: `uid-${id}`,
      kind: 'api',
      team: 'main',
      id,
      title: null,
      description: null,
      owner: null,
      search_text: id,
      body: '{}',
      version: 1,
      sequence,
      created_at: NOW,
      created_by: 'ann',
      updated_at: NOW,
      updated_by: 'ann',
    })
    .execute()
}

export const listIds = async (db: Moment): Promise<string[]> =>
  (await db.selectFrom('resources').select('id').orderBy('id').execute()).map(({ id }) => id)

export function describeStore(stage: StoreStage): void {
  it('gives back what was written, with numbers as numbers', async () => {
    const store = await stage.open()
    await store.write(({ db, sequence }) => insert(db, 'orders', sequence))
    const { created_at, sequence, version, title } = await store.read((db) =>
      db.selectFrom('resources').selectAll().executeTakeFirstOrThrow(),
    )
    assert.deepEqual(
      { created_at, sequence, version, title },
      { created_at: NOW, sequence: 1, version: 1, title: null },
    )
  })

  it('keeps all of a change or nothing of it', async () => {
    const store = await stage.open()
    const failed = store.write(async ({ db }) => {
      await insert(db, 'one')
      await insert(db, 'two')
      throw new Error('changed my mind')
    })
    await assert.rejects(failed, /changed my mind/)
    assert.deepEqual(await store.read(listIds), [])
    await assert.rejects(
      store.write(async ({ db }) => {
        await insert(db, 'one')
        await insert(db, 'one')
      }),
    )
    assert.deepEqual(await store.read(listIds), [])
  })

  it('numbers changes in a row, also where some fail', async () => {
    const store = await stage.open()
    const numbers: number[] = []
    await store.write(async ({ sequence }) => void numbers.push(sequence))
    await store.write(() => Promise.reject(new Error('no'))).catch(() => {})
    await store.write(async ({ sequence }) => void numbers.push(sequence))
    assert.deepEqual(numbers, [1, 2])
  })

  it('lets one change at a time happen, whoever makes it: what a change has read stays so until it ends', async () => {
    const store = await stage.open()
    const other = await stage.reopen(store)
    const count = async (which: Store): Promise<void> => {
      await which.write(async ({ db, sequence }) => {
        const before = await listIds(db)
        // Were somebody else between reading and writing, two of them would choose one name.
        await insert(db, `n${String(before.length).padStart(3, '0')}`, sequence)
      })
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => count(index % 2 === 0 ? store : other)))
    const rows = await store.read((db) => db.selectFrom('resources').select(['id', 'sequence']).orderBy('id').execute())
    assert.deepEqual(
      rows.map(({ id, sequence }) => [id, sequence]),
      Array.from({ length: 40 }, (_, index) => [`n${String(index).padStart(3, '0')}`, index + 1]),
    )
  })

  it('shows a reader one moment, whatever is written meanwhile', async () => {
    const store = await stage.open()
    await store.write(({ db }) => insert(db, 'one'))
    await store.read(async (db) => {
      assert.deepEqual(await listIds(db), ['one'])
      await store.write((change) => insert(change.db, 'two'))
      assert.deepEqual(await listIds(db), ['one'])
    })
    assert.deepEqual(await store.read(listIds), ['one', 'two'])
  })

  it('lets a reader change nothing', async () => {
    const store = await stage.open()
    await assert.rejects(store.read((db) => insert(db, 'one')))
    assert.deepEqual(await store.read(listIds), [])
  })

  it('tells of changes, also those of others, and of none that failed', { timeout: 20_000 }, async () => {
    const store = await stage.open()
    const other = await stage.reopen(store)
    const { promise: told, resolve } = Promise.withResolvers<void>()
    const heard: number[] = []
    const stop = store.onChange((sequence) => {
      heard.push(sequence)
      if (sequence === 2) resolve()
    })
    await store.write(() => Promise.reject(new Error('no'))).catch(() => {})
    await store.write(({ db }) => insert(db, 'one'))
    await other.write(({ db }) => insert(db, 'two'))
    await told
    assert.deepEqual(
      [...new Set(heard)].filter((sequence) => sequence > 2),
      [],
    )
    stop()
    await store.write(({ db }) => insert(db, 'three'))
    assert.equal(heard.includes(3), false)
  })

  it('goes on where a listener fails', async () => {
    const store = await stage.open()
    const heard: number[] = []
    store.onChange(() => {
      throw new Error('a listener failed')
    })
    store.onChange((sequence) => heard.push(sequence))
    await store.write(({ db }) => insert(db, 'one'))
    await store.close()
    assert.ok(heard.includes(1))
  })

  it('waits at its end for what is under way', async () => {
    const store = await stage.open()
    const again = await stage.reopen(store)
    const writing = store.write(({ db }) => insert(db, 'one'))
    await store.close()
    await writing
    assert.deepEqual(await again.read(listIds), ['one'])
  })

  it('cannot be used behind its end, and says so', async () => {
    const store = await stage.open()
    await store.close()
    const fault = { name: 'StoreFault', reason: 'unavailable' }
    await assert.rejects(store.read(listIds), fault)
    await assert.rejects(
      store.write(({ db }) => insert(db, 'one')),
      fault,
    )
  })
}

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sql } from 'kysely'
import { describeOnPostgres } from '../../testing/describe-on-stores.ts'
import { describeStore, insert, listIds } from '../store.contract.ts'
import { MOST_SAID_BYTES, type Store, StoreFault } from '../store.ts'
import type { PostgresStore } from './postgres-store.ts'

await describeOnPostgres('a PostgreSQL store', (stage) => {
  const urls = new Map<Store, string>()

  async function open(given?: string): Promise<PostgresStore> {
    const url = given ?? (await stage.server.createDatabase())
    // Listeners fail and connections break here, as they should.
    const store = await stage.open(url, { mostConnections: 4, onFault() {} })
    urls.set(store, url)
    return store
  }

  describeStore({ open: () => open(), reopen: (store) => open(urls.get(store)) })

  it('lets control planes say something to each other, which is no change', { timeout: 20_000 }, async () => {
    const url = await stage.server.createDatabase()
    const [store, other] = [await open(url), await open(url)]
    const { promise: told, resolve } = Promise.withResolvers<string>()
    const changes: number[] = []
    other.onChange((sequence) => changes.push(sequence))
    const stop = other.onSaid(resolve)
    await store.say(`it's “said”${'x'.repeat(MOST_SAID_BYTES - 100)}`)
    assert.match(await told, /^it's “said”x+$/)
    assert.deepEqual(changes, [])
    stop()
  })

  it('is brought to its tables once where several control planes start at the same time', async () => {
    const url = await stage.server.createDatabase()
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)))
    await Promise.all(stores.map((store, index) => store.write(({ db }) => insert(db, `n${index}`))))
    assert.deepEqual(await stores[0]!.read(listIds), ['n0', 'n1', 'n2', 'n3'])
  })

  it('fails while its server is away, goes on when it is back, with all that was acknowledged, and tells what was missed', {
    timeout: 60_000,
  }, async () => {
    const store = await open()
    await store.write(({ db }) => insert(db, 'one'))
    const { promise: told, resolve } = Promise.withResolvers<void>()
    await stage.server.stop('at once')
    const isUnavailable = (fault: unknown): boolean => fault instanceof StoreFault && fault.reason === 'unavailable'
    await assert.rejects(store.read(listIds), isUnavailable)
    await assert.rejects(
      store.write(({ db }) => insert(db, 'two')),
      isUnavailable,
    )
    store.onChange(() => resolve())
    await stage.server.resume()
    assert.deepEqual(await store.read(listIds), ['one'])
    await told
  })

  it('says that nobody knows, where it breaks while a change is being kept', async () => {
    const store = await open()
    // What is deferred runs when the change is to be kept.
    await store.write(async ({ db }) => {
      await sql`create function leave() returns trigger language plpgsql as 'begin perform pg_terminate_backend(pg_backend_pid()); return null; end'`.execute(
        db,
      )
      await sql`create constraint trigger leave after insert on resources deferrable initially deferred for each row execute function leave()`.execute(
        db,
      )
    })
    await assert.rejects(
      store.write(({ db }) => insert(db, 'one')),
      (fault) => fault instanceof StoreFault && fault.reason === 'uncertain',
    )
    assert.deepEqual(await store.read(listIds), [])
  })

  it('keeps what it acknowledges, where its server ends while changes are made', async () => {
    const store = await open()
    const broken = store.write(async ({ db }) => {
      await insert(db, 'one')
      setImmediate(() => void stage.server.stop('at once'))
    })
    await broken.then(
      () => {},
      (fault: unknown) => assert.ok(fault instanceof StoreFault, String(fault)),
    )
    await stage.server.stop('at once')
    await stage.server.resume()
    const kept = await store.read(listIds)
    const wasAcknowledged = await broken.then(
      () => true,
      () => false,
    )
    if (wasAcknowledged) assert.deepEqual(kept, ['one'])
  })
})

/** Owns running the same tests on both kinds of stores: real ones, each test with an empty one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { PostgresStore } from '../store/postgres/postgres-store.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { findPostgres, PostgresServer } from './postgres-server.ts'

export type OpenStore = () => Promise<Store>

/** A listener that fails, or a connection that breaks, fails the test. */
function onFault(fault: unknown): void {
  throw fault
}

export async function describeOnStores(name: string, describeOn: (open: OpenStore) => void): Promise<void> {
  describe(`${name}, on SQLite`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatewright-store-'))
    const opened: Store[] = []
    after(async () => {
      for (const store of opened) await store.close()
      rmSync(folder, { recursive: true })
    })
    describeOn(async () => {
      const store = await SqliteStore.open({ file: join(folder, `${opened.length}.db`), onFault })
      opened.push(store)
      return store
    })
  })

  const found = await findPostgres()
  const skip = 'missing' in found && process.env.CI !== 'true' ? found.missing : false
  describe(`${name}, on PostgreSQL`, { skip }, () => {
    let server: PostgresServer
    const opened: Store[] = []
    before(async () => {
      if ('missing' in found) throw new Error(found.missing)
      server = await PostgresServer.start(found.path)
    })
    after(async () => {
      for (const store of opened) await store.close()
      await server.remove()
    })
    describeOn(async () => {
      const store = await PostgresStore.open({ url: await server.createDatabase(), mostConnections: 2, onFault })
      opened.push(store)
      return store
    })
  })
}

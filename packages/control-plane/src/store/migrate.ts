/** Owns bringing a store to the tables of this version: all of the way or none of it, whoever else starts at the same time. */
import type { Kysely, Transaction } from 'kysely'
import { MIGRATIONS, type Migration } from './migrations/index.ts'
import { StoreRefusal } from './store.ts'

interface MigrationTables {
  migrations: { name: string; done_at: number }
}

export interface MigrateOptions {
  /** Keeps others out until the transaction ends. */
  lock(transaction: Transaction<unknown>): Promise<void>
  readonly migrations?: readonly Migration[]
}

/** @rejects StoreRefusal for a store that a newer version has changed */
export async function migrate(db: Kysely<unknown>, { lock, migrations = MIGRATIONS }: MigrateOptions): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lock(transaction)
    await migrateWithin(transaction, migrations)
  })
}

/** Within a transaction that keeps others out. @rejects StoreRefusal for a store that a newer version has changed */
export async function migrateWithin(
  transaction: Transaction<unknown>,
  migrations: readonly Migration[],
): Promise<void> {
  await transaction.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('done_at', 'bigint', (column) => column.notNull())
    .execute()
  const table = transaction as unknown as Transaction<MigrationTables>
  const done = (await table.selectFrom('migrations').select('name').execute()).map(({ name }) => name)
  assertKnown(done, migrations)
  for (const { name, up } of migrations) {
    if (done.includes(name)) continue
    await up(transaction)
    await table.insertInto('migrations').values({ name, done_at: Date.now() }).execute()
  }
}

/** @throws StoreRefusal where one of them is of a newer version */
export function assertKnown(done: readonly string[], migrations: readonly Migration[] = MIGRATIONS): void {
  const strange = done.filter((name) => !migrations.some((known) => known.name === name))
  if (strange.length === 0) return
  throw new StoreRefusal(
    `a newer version of Gatewright has changed this store (${strange.join(', ')}): start that one, or restore a backup of before`,
  )
}

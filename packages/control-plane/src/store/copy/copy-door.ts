/** Owns the way to a store that is copied: as it stands, brought to no other tables, and with as much time as it takes. */

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { getTypeParser, isPostgres, MIGRATION_LOCK } from '../postgres/postgres-store.ts'
import { createSqliteDialect, SqliteThread } from '../sqlite/sqlite-dialect.ts'
import type { StoreKind } from '../store.ts'
import { CopyFault } from './copy-fault.ts'

/** One transaction of a store, whatever tables it has. */
export type Copied = Transaction<unknown>

export interface CopyDoor {
  readonly kind: StoreKind
  /** One moment. */
  read<Result>(act: (db: Copied) => Promise<Result>): Promise<Result>
  /** All of it or nothing. */
  write<Result>(act: (db: Copied) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** `read`: beside control planes. `alone`: while none runs. */
export type CopyAccess = 'read' | 'alone'

const CONNECT_MS = 5_000
/** Who moves a database into itself, by two names of it, would wait for ever. */
const LOCK_MS = 10_000
/** Of a control plane that has just ended. */
const MOST_LOOKS = 20
const LOOK_MS = 100

/** `database`: the path of a file, or `postgres://…`. @rejects CopyFault, StoreRefusal, errors of PostgreSQL */
export async function openDoor(database: string, access: CopyAccess): Promise<CopyDoor> {
  return isPostgres(database) ? await openPostgres(database, access) : await openSqlite(database, access)
}

/** @throws CopyFault for a path where no store is */
export function assertThere(database: string): void {
  if (isPostgres(database) || existsSync(database)) return
  throw new CopyFault('missing', `there is no store in ${database}: name the folder or the database of a control plane`)
}

async function openSqlite(file: string, access: CopyAccess): Promise<CopyDoor> {
  const thread = await SqliteThread.open({ file, access }, () => {})
  const reader = new Kysely<unknown>({ dialect: createSqliteDialect(thread, 'reader') })
  const writer = new Kysely<unknown>({ dialect: createSqliteDialect(thread, 'writer') })
  return {
    kind: 'sqlite',
    read: (act) => reader.transaction().execute(act),
    write: (act) => writer.transaction().execute(act),
    close: () => thread.close(),
  }
}

async function openPostgres(connectionString: string, access: CopyAccess): Promise<CopyDoor> {
  const pool = new Pool({
    connectionString,
    // Control planes are called gatewright: they can be told apart.
    application_name: 'gatewright-copy',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    max: 1,
    lock_timeout: LOCK_MS,
    types: { getTypeParser },
  })
  pool.on('error', () => {})
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const door: CopyDoor = {
    kind: 'postgres',
    read: (act) => db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(act),
    write: (act) =>
      db.transaction().execute(async (transaction) => {
        // Control planes that start meanwhile wait with their migrations until it is there as a whole.
        await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction)
        return await act(transaction)
      }),
    close: () => db.destroy(),
  }
  try {
    if (access === 'alone') await waitUntilUnused(door)
    return door
  } catch (fault) {
    await door.close()
    throw fault
  }
}

/** Who has ended is listed for a moment yet. @rejects CopyFault */
async function waitUntilUnused(door: CopyDoor): Promise<void> {
  for (let looks = 1; await door.read(isUsed); looks++) {
    if (looks === MOST_LOOKS)
      throw new CopyFault(
        'in-use',
        'a control plane is connected to this database: end all of them first, and start them again afterwards',
      )
    await sleep(LOOK_MS)
  }
}

async function isUsed(db: Copied): Promise<boolean> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'gatewright'
  `.execute(db)
  return Number(rows[0]?.count) > 0
}

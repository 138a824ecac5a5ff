/** Owns making a store what an image says, within one transaction: its tables, its rows, and then the tables of this version. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { type AuditVerdict, verifyAudit } from '../../audit/audit-log.ts'
import { assertKnown, migrateWithin } from '../migrate.ts'
import { MIGRATIONS } from '../migrations/index.ts'
import type { Moment, StoreKind } from '../store.ts'
import type { Copied } from './copy-door.ts'
import { CopyFault } from './copy-fault.ts'
import { KEPT_TABLES } from './kept-tables.ts'
import { listTables } from './read-image.ts'
import type { Page, StoreImage } from './store-image.ts'

export interface FillOptions {
  readonly kind: StoreKind
  /** What is there goes. */
  readonly force: boolean
  /** `new`: its numbers come again with another meaning, and nodes take nothing for known. */
  readonly uid: 'kept' | 'new'
}

export interface Filled {
  readonly rows: number
  /** Of the newest change. */
  readonly sequence: number
  readonly audit: AuditVerdict
}

/** @rejects CopyFault `not-empty`, StoreRefusal for an image of a newer version, and what reading the image rejects with */
export async function fillStore(db: Copied, image: StoreImage, { kind, force, uid }: FillOptions): Promise<Filled> {
  assertKnown(image.head.migrations)
  const there = await listTables(db, kind)
  if (!force) await assertEmpty(db, there)
  await dropTables(db, there)
  await migrateWithin(
    db,
    MIGRATIONS.filter(({ name }) => image.head.migrations.includes(name)),
  )
  // Migrations say what a new store has; this one is not new.
  await sql`delete from store`.execute(db)
  let rows = 0
  for await (const page of image.pages) {
    await insertPage(db, page)
    rows += page.rows.length
  }
  await migrateWithin(db, MIGRATIONS)
  if (uid === 'new') await sql`update store set uid = ${randomUUID()}`.execute(db)
  return { rows, sequence: image.head.sequence, audit: await verifyAudit(db as unknown as Moment) }
}

async function assertEmpty(db: Copied, there: ReadonlySet<string>): Promise<void> {
  if (!there.has('store')) return
  const { rows } = await sql<{ sequence: number }>`select sequence from store`.execute(db)
  const sequence = Number(rows[0]?.sequence ?? 0)
  if (sequence === 0) return
  throw new CopyFault(
    'not-empty',
    `there is a store already, with ${sequence} changes: name another place, or say --force to lose what it has`,
  )
}

async function dropTables(db: Copied, there: ReadonlySet<string>): Promise<void> {
  // What refers to others goes before them.
  for (const table of ['migrations', ...KEPT_TABLES.toReversed()]) {
    if (there.has(table)) await db.schema.dropTable(table).execute()
  }
}

async function insertPage(db: Copied, { table, rows }: Page): Promise<void> {
  const columns = Object.keys(rows[0] ?? {})
  const values = rows.map((row) => sql`(${sql.join(columns.map((column) => row[column]))})`)
  const names = sql.join(columns.map((column) => sql.ref(column)))
  await sql`insert into ${sql.table(table)} (${names}) values ${sql.join(values)}`.execute(db)
}

/** Owns a store with rows in every table that it has, whichever version made it, and all of its rows to compare. */
import { type RawBuilder, sql } from 'kysely'
import { appendToAudit } from '../../audit/audit-log.ts'
import type { Moment, StoreKind } from '../store.ts'
import type { Copied } from './copy-door.ts'
import { KEPT_TABLES, type TableName } from './kept-tables.ts'
import { listKeys, listTables } from './read-image.ts'

/** More than one page of big ones. */
const ROWS = 40
/** What runs into the form of a file, if anything does. */
const STRANGE = 'line\nfeed, \r, "quotes", \u2028, \\, ✓ and 🦊'

/** Columns of a table in this store, with whether they hold numbers and whether they may be null. */
async function listColumns(db: Copied, table: string) {
  const tables = await db.introspection.getTables()
  return tables.find(({ name }) => name === table)?.columns ?? []
}

function toValue(table: string, { name, dataType }: { name: string; dataType: string }, index: number): unknown {
  if (/int/i.test(dataType)) return name === 'at' || name.endsWith('_at') ? 1_700_000_000_000 + index : index + 1
  if (table === 'resource_tags' && name === 'resource') return `resources uid ${index}`
  return name === 'body' || name === 'content' ? `${STRANGE} ${index}` : `${table} ${name} ${index}`
}

/** The audit log is real: what was done, and of whom it tells. */
export async function fillEveryTable(db: Copied, kind: StoreKind): Promise<void> {
  const there = await listTables(db, kind)
  for (const table of KEPT_TABLES) {
    if (!there.has(table) || table === 'store') continue
    if (table === 'audit') await fillAudit(db as unknown as Moment)
    else await fillTable(db, kind, table)
  }
  await sql`update store set sequence = ${ROWS}`.execute(db)
}

async function fillTable(db: Copied, kind: StoreKind, table: TableName): Promise<void> {
  const columns = await listColumns(db, table)
  // SQLite lets keys be null.
  const keys = await listKeys(db, kind, table)
  const toRow = (index: number): RawBuilder<unknown> => {
    const values = columns.map((column) =>
      column.isNullable && !keys.includes(column.name) && index % 3 === 0
        ? sql`null`
        : sql`${toValue(table, column, index)}`,
    )
    return sql`(${sql.join(values)})`
  }
  const names = sql.join(columns.map(({ name }) => sql.ref(name)))
  const rows = sql.join(Array.from({ length: ROWS }, (_, index) => toRow(index)))
  await sql`insert into ${sql.table(table)} (${names}) values ${rows}`.execute(db)
}

async function fillAudit(db: Moment): Promise<void> {
  for (let sequence = 1; sequence <= ROWS; sequence++) {
    const personal = { person: `user-${sequence}`, facts: { name: STRANGE } }
    const note = { action: 'create', kind: 'api', target: 'a', team: 'main', details: { sequence } }
    const doing = { db, sequence, by: 'system' as const, nowMs: sequence }
    await appendToAudit(doing, sequence % 2 === 0 ? note : { ...note, personal })
  }
}

/** Table → its rows, in one order whichever database it was. */
export async function readEveryTable(db: Copied, kind: StoreKind): Promise<Record<string, string[]>> {
  const there = await listTables(db, kind)
  const tables: Record<string, string[]> = {}
  for (const table of KEPT_TABLES) {
    if (!there.has(table)) continue
    const { rows } = await sql<object>`select * from ${sql.table(table)}`.execute(db)
    tables[table] = rows.map((row) => JSON.stringify(Object.entries(row).toSorted())).toSorted()
  }
  return tables
}

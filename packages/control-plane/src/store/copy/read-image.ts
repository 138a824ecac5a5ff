/** Owns reading a store as an image, in the order of its keys. */
import { sql } from 'kysely'
import { assertKnown } from '../migrate.ts'
import type { StoreKind } from '../store.ts'
import type { Copied } from './copy-door.ts'
import { CopyFault } from './copy-fault.ts'
import { KEPT_TABLES, type TableName } from './kept-tables.ts'
import type { ImageHead, Page, Row, StoreImage } from './store-image.ts'

/** Their rows may be of megabytes. */
const BIG: ReadonlySet<TableName> = new Set([
  'documents',
  'revisions',
  'sources',
  'resources',
  'resource_versions',
  'kept_answers',
])
const BIG_AT_ONCE = 16
const ROWS_AT_ONCE = 500

/** Those of ours that are there. */
export async function listTables(db: Copied, kind: StoreKind): Promise<ReadonlySet<string>> {
  const { rows } =
    kind === 'sqlite'
      ? await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(db)
      : await sql<{
          name: string
        }>`select tablename as name from pg_tables where schemaname = current_schema()`.execute(db)
  return new Set(rows.map(({ name }) => name))
}

/** By what its rows are told apart, in a store of whichever version. */
export async function listKeys(db: Copied, kind: StoreKind, table: TableName): Promise<readonly string[]> {
  const { rows } =
    kind === 'sqlite'
      ? await sql<{ name: string }>`select name from pragma_table_info(${table}) where pk > 0 order by pk`.execute(db)
      : await sql<{ name: string }>`
          select attname as name from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
          where indrelid = ${table}::regclass and indisprimary order by array_position(indkey::int2[], attnum)
        `.execute(db)
  return rows.map(({ name }) => name)
}

/** @rejects CopyFault `missing`, StoreRefusal for one that a newer version has changed */
export async function readImage(db: Copied, kind: StoreKind): Promise<StoreImage> {
  const there = await listTables(db, kind)
  if (!there.has('store') || !there.has('migrations')) {
    throw new CopyFault('missing', 'there is no store: no control plane has run on it')
  }
  const head = await readHead(db)
  assertKnown(head.migrations)
  const tables = KEPT_TABLES.filter((table) => there.has(table))
  return { head, pages: readPages(db, kind, tables) }
}

async function readHead(db: Copied): Promise<ImageHead> {
  const { rows: done } = await sql<{ name: string }>`select name from migrations order by name`.execute(db)
  const { rows } = await sql<{ sequence: number; uid: string }>`select sequence, uid from store`.execute(db)
  const [store] = rows
  if (store === undefined) throw new CopyFault('missing', 'the table "store" is empty: this is no whole store')
  return { sequence: Number(store.sequence), uid: store.uid, migrations: done.map(({ name }) => name) }
}

async function* readPages(db: Copied, kind: StoreKind, tables: readonly TableName[]): AsyncGenerator<Page> {
  for (const table of tables) {
    const keys = await listKeys(db, kind, table)
    const atOnce = BIG.has(table) ? BIG_AT_ONCE : ROWS_AT_ONCE
    let last: Row | undefined
    do {
      const rows: readonly Row[] = await readAfter(db, { table, keys, last, atOnce })
      if (rows.length > 0) yield { table, rows }
      last = rows.length < atOnce ? undefined : rows.at(-1)
    } while (last !== undefined)
  }
}

interface After {
  readonly table: TableName
  readonly keys: readonly string[]
  readonly last: Row | undefined
  readonly atOnce: number
}

async function readAfter(db: Copied, { table, keys, last, atOnce }: After): Promise<readonly Row[]> {
  const columns = sql.join(keys.map((key) => sql.ref(key)))
  const after = last === undefined ? sql`` : sql`where (${columns}) > (${sql.join(keys.map((key) => last[key]))})`
  const { rows } =
    await sql<Row>`select * from ${sql.table(table)} ${after} order by ${columns} limit ${atOnce}`.execute(db)
  return rows
}

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { sql } from 'kysely'
import { verifyAudit } from '../audit/audit-log.ts'
import { describeOnPostgres } from '../testing/describe-on-stores.ts'
import { type Copied, openDoor } from './copy/copy-door.ts'
import { backUpStore, restoreStore } from './copy/copy-store.ts'
import { fillEveryTable, readEveryTable } from './copy/full-store.fixture.ts'
import { listTables } from './copy/read-image.ts'
import { migrateWithin } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { m0042EndedChanges } from './migrations/m0042-ended-changes.ts'
import { PostgresStore } from './postgres/postgres-store.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'
import { type Moment, type Store, StoreRefusal } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-migrations-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0
const createFile = async (): Promise<string> => join(folder, `${++count}.db`)

const open = (database: string): Promise<Store> =>
  database.startsWith('postgres')
    ? PostgresStore.open({ url: database, mostConnections: 2, onFault: assert.fail })
    : SqliteStore.open({ file: database, onFault: assert.fail })

type Rows = Readonly<Record<string, readonly string[]>>

/** Of itself, made by the real openssl. */
function issueCertificate(): { readonly cert: string; readonly notAfterMs: number } {
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj', '/CN=shop']
  execFileSync('openssl', ['req', '-x509', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const text = readFileSync(cert, 'utf8')
  return { cert: text, notAfterMs: new X509Certificate(text).validToDate.getTime() }
}

/** As the version that had so many migrations left it, with rows in each of its tables. */
async function makeOld(database: string, migrations: number): Promise<Rows> {
  const door = await openDoor(database, 'alone')
  try {
    return await door.write(async (db) => {
      await migrateWithin(db, MIGRATIONS.slice(0, migrations))
      await fillEveryTable(db, door.kind)
      return await readEveryTable(db, door.kind)
    })
  } finally {
    await door.close()
  }
}

/** By table: what columns were called before. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = { secrets: { environment: 'holder' } }

function toNewNames(table: string, row: string): string {
  const entries = JSON.parse(row) as [string, unknown][]
  const renamed = entries.map(([column, value]) => [RENAMED[table]?.[column] ?? column, value] as const)
  return JSON.stringify(renamed.toSorted())
}

/** What was there is still there; columns that came since are empty. */
function assertKept(before: Rows, now: Rows): void {
  for (const [table, old] of Object.entries(before)) {
    const rows = old.map((row) => toNewNames(table, row)).toSorted()
    const columns = new Set((JSON.parse(rows[0] ?? '[]') as [string][]).map(([column]) => column))
    const kept = (now[table] ?? []).map((row) => {
      const entries = JSON.parse(row) as [string, unknown][]
      for (const [column, value] of entries) assert.ok(columns.has(column) || value === null, `${table}.${column}`)
      return JSON.stringify(entries.filter(([column]) => columns.has(column)))
    })
    assert.deepEqual(kept.toSorted(), rows, table)
  }
}

async function readNow(database: string): Promise<Rows> {
  const store = await open(database)
  try {
    return await store.read(async (db) => {
      const there = await listTables(db as unknown as Copied, store.kind)
      assert.ok(there.has('webhook_deliveries'), 'the newest tables')
      assert.equal((await verifyAudit(db as Moment)).kind, 'whole')
      return await readEveryTable(db as unknown as Copied, store.kind)
    })
  } finally {
    await store.close()
  }
}

/** What each is on, without its name. */
async function listIndexes(db: Copied, kind: Store['kind']): Promise<readonly string[]> {
  const { rows } =
    kind === 'sqlite'
      ? await sql<{
          text: string
        }>`select sql as text from sqlite_master where type = 'index' and sql is not null`.execute(db)
      : await sql<{
          text: string
        }>`select indexdef as text from pg_indexes where schemaname = current_schema()`.execute(db)
  return rows.map(({ text }) => text.replace(/index \S+ on/i, 'index on'))
}

/** `restored`: those after which backups are restored. */
function describeMigrations(create: () => Promise<string>, restored: readonly number[]): void {
  for (const [index, { name }] of MIGRATIONS.entries()) {
    it(`brings a store as ${name} left it to the newest tables, and keeps what is in it`, async () => {
      const database = await create()
      const before = await makeOld(database, index + 1)
      assertKept(before, await readNow(database))
    })
  }

  it('restores backups of earlier versions to the newest tables', async () => {
    for (const index of restored) {
      const [database, target] = [await create(), await create()]
      const { store: _, ...before } = await makeOld(database, index + 1)
      const file = join(folder, `${++count}.backup`)
      await backUpStore(database, file, 5)
      await restoreStore(file, target)
      assertKept(before, await readNow(target))
    }
  })

  it('know the end of certificates that were kept before lists were sorted by it', async () => {
    const database = await create()
    const door = await openDoor(database, 'alone')
    const index = MIGRATIONS.findIndex(({ name }) => name === '0044-ends')
    const actor = { sequence: 1, created_at: 1, created_by: 'system', updated_at: 1, updated_by: 'system' }
    const toRow = ([id, body]: readonly [string, object]) => {
      const ref = { uid: id, kind: 'certificate', team: '*', id, version: 1, search_text: id }
      return { ...ref, ...actor, body: JSON.stringify(body) }
    }
    const { cert, notAfterMs } = issueCertificate()
    await door.write(async (db) => {
      await migrateWithin(db, MIGRATIONS.slice(0, index))
      const rows = [
        ['ordered', { environment: 'prod', acme: {} }] as const,
        ['shop', { environment: 'prod', cert }] as const,
      ]
      await (db as unknown as Moment).insertInto('resources').values(rows.map(toRow)).execute()
    })
    await door.close()
    const store = await open(database)
    const ends = await store.read((db) => db.selectFrom('resources').select(['id', 'ends']).orderBy('id').execute())
    await store.close()
    assert.deepEqual(ends, [
      { id: 'ordered', ends: null },
      { id: 'shop', ends: notAfterMs },
    ])
  })

  it('take away what was sent with changes that have ended, and with no other', async () => {
    const database = await create()
    const door = await openDoor(database, 'alone')
    const wish = { route: 'putSecret', fingerprint: 'f', sealed: 's', input: { params: {}, body: 1, source: 'b' } }
    await door.write(async (db) => {
      await migrateWithin(db, MIGRATIONS.slice(0, MIGRATIONS.indexOf(m0042EndedChanges)))
      for (const [number, state] of ['waiting', 'done', 'refused'].entries())
        await sql`insert into changes (api, environment, number, state, wish, person, asked_by, asked_at, expires_at, approvals, sequence)
          values ('', 'prod', ${number}, ${state}, ${JSON.stringify(wish)}, 'p', 'user:p', 1, 2, '[]', 1)`.execute(db)
    })
    await door.close()
    const store = await open(database)
    const rows = await store.read((db) => db.selectFrom('changes').select('wish').orderBy('number').execute())
    await store.close()
    const ended = { route: 'putSecret', fingerprint: '', input: { params: {} } }
    assert.deepEqual(
      rows.map((row) => JSON.parse(row.wish)),
      [wish, ended, ended],
    )
  })

  it('make no index that another one of its table is the same as', async () => {
    const store = await open(await create())
    const indexes = await store.read((db) => listIndexes(db as unknown as Copied, store.kind))
    await store.close()
    assert.ok(indexes.length > 10)
    assert.deepEqual(
      indexes.filter((text, at) => indexes.indexOf(text) !== at),
      [],
    )
  })

  it('refuses a store that a newer version has changed, and changes nothing in it', async () => {
    const database = await create()
    await makeOld(database, MIGRATIONS.length)
    const door = await openDoor(database, 'alone')
    await door.write((db) => sql`insert into migrations values ('9000-future', 1)`.execute(db))
    const before = await door.read((db) => readEveryTable(db, door.kind))
    await door.close()
    const isRefused = (fault: unknown): boolean =>
      fault instanceof StoreRefusal && /newer version of Gatewright .*9000-future.*start that one/.test(fault.message)
    await assert.rejects(open(database), isRefused)
    await assert.rejects(backUpStore(database, join(folder, 'never'), 5), isRefused)
    const again = await openDoor(database, 'read')
    assert.deepEqual(await again.read((db) => readEveryTable(db, again.kind)), before)
    await again.close()
  })
}

describe('migrations, on SQLite', () => describeMigrations(createFile, [...MIGRATIONS.keys()]))
await describeOnPostgres('migrations, on PostgreSQL', (stage) =>
  describeMigrations(() => stage.server.createDatabase(), [0, 4, 10]),
)

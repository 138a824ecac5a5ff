import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { ApiBody } from '../../apis/api-body.ts'
import { appendToAudit, verifyAudit } from '../../audit/audit-log.ts'
import { deploy } from '../../deployments/deployment-store.ts'
import { PublicationReader } from '../../publish/publication-reader.ts'
import { type Publication, Publisher } from '../../publish/publisher.ts'
import { createResource } from '../../resources/resource-store.ts'
import { makeRevision } from '../../revisions/revision-store.ts'
import { describeOnPostgres } from '../../testing/describe-on-stores.ts'
import { readSequence, readStoreUid } from '../next-sequence.ts'
import { PostgresStore } from '../postgres/postgres-store.ts'
import { SqliteStore } from '../sqlite/sqlite-store.ts'
import type { Store, StoreKind } from '../store.ts'
import type { Copied } from './copy-door.ts'
import { CopyFault, type CopyFaultReason } from './copy-fault.ts'
import { backUpStore, moveStore, restoreStore } from './copy-store.ts'
import { fillEveryTable, readEveryTable } from './full-store.fixture.ts'
import { KEPT_TABLES } from './kept-tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-copies-'))
after(() => rmSync(folder, { recursive: true }))
let count = 0
const createFile = async (): Promise<string> => join(folder, `${++count}.db`)
const createBackup = (): string => join(folder, `${++count}.backup`)
const isFault = (reason: CopyFaultReason) => (fault: unknown) => {
  assert.ok(fault instanceof CopyFault, String(fault))
  assert.equal(fault.reason, reason, fault.message)
  return true
}

function open(database: string): Promise<Store> {
  const onFault = (fault: unknown): void => {
    throw fault
  }
  return database.startsWith('postgres')
    ? PostgresStore.open({ url: database, mostConnections: 2, onFault })
    : SqliteStore.open({ file: database, onFault })
}

async function within<Result>(database: string, act: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await open(database)
  try {
    return await act(store)
  } finally {
    await store.close()
  }
}

const copied = (db: unknown): Copied => db as Copied
const fill = (database: string): Promise<void> =>
  within(database, (store) => store.write(({ db }) => fillEveryTable(copied(db), store.kind)))
const readAll = (database: string) =>
  within(database, (store) => store.read((db) => readEveryTable(copied(db), store.kind)))
const readUid = (database: string) => within(database, (store) => store.read(readStoreUid))

/** An API that is live. */
async function publish(store: Store): Promise<void> {
  await store.write(async (change) => {
    const doing = { ...change, by: 'system' as const, nowMs: 1 }
    const environment = await createResource(doing, { kind: 'environment', team: 'main', id: 'prod' }, {})
    const body: ApiBody = { basePath: '/orders', upstream: 'http://127.0.0.1:9' }
    const api = await createResource(doing, { kind: 'api', team: 'main', id: 'orders' }, body)
    const { revision } = await makeRevision(doing, api, '')
    const releases = [{ revision: revision.number, share: 100 }]
    await deploy(doing, { api: api.uid, environment: environment.uid }, { releases, why: 'publish' })
  })
}

/** Names and texts of what a control plane tells gateways. */
async function readPieces(store: Store) {
  let told: Publication | undefined
  const publisher = new Publisher(store, {
    reader: new PublicationReader(),
    publish: async (publication) => {
      told = publication
    },
    onFault: assert.fail,
  })
  await publisher.look()
  await publisher.close()
  return told?.pieces.map(({ name, text }) => ({ name, text }))
}

type Create = () => Promise<string>

function describeCopies(places: () => Readonly<Record<StoreKind, Create>>): void {
  for (const from of ['sqlite', 'postgres'] as const) {
    for (const to of ['sqlite', 'postgres'] as const) {
      it(`brings every row from ${from} to ${to} by a backup, under another uid`, async () => {
        const [source, target, file] = [await places()[from](), await places()[to](), createBackup()]
        await fill(source)
        const before = await readAll(source)
        const written = await backUpStore(source, file, 5)
        assert.deepEqual(Object.keys(before).toSorted(), KEPT_TABLES.toSorted())
        for (const [table, rows] of Object.entries(before)) assert.ok(rows.length > 0, table)
        const { audit, ...restored } = await restoreStore(file, target)
        assert.deepEqual(restored, { rows: written.rows, sequence: 40, createdAtMs: 5 })
        assert.deepEqual([audit.kind, audit.kind === 'whole' && audit.entries], ['whole', 40])
        assert.notEqual(await readUid(target), await readUid(source))
        const { store: _, ...rows } = await readAll(target)
        const { store: __, ...expected } = before
        assert.deepEqual(rows, expected)
      })

      it(`moves every row from ${from} to ${to}, with number and uid`, async () => {
        const [source, target] = [await places()[from](), await places()[to]()]
        await fill(source)
        const before = await readAll(source)
        const moved = await moveStore(source, target)
        assert.deepEqual([moved.sequence, moved.audit.kind], [40, 'whole'])
        assert.deepEqual(await readAll(target), before)
        assert.deepEqual(await readAll(source), before)
        assert.equal(await within(target, (store) => store.write(async ({ sequence }) => sequence)), 41)
      })
    }

    it(`publishes from what was restored to ${from} what was published before`, async () => {
      const [source, target, file] = [await places()[from](), await places()[from](), createBackup()]
      await within(source, async (store) => {
        await publish(store)
        const pieces = await readPieces(store)
        await backUpStore(source, file, 5)
        await store.write(({ db }) => db.deleteFrom('deployments').execute())
        await restoreStore(file, target)
        await within(target, async (restored) => {
          assert.deepEqual(await readPieces(restored), pieces)
          assert.equal(pieces?.length, 2)
          assert.equal(await restored.read(readSequence), 1)
          assert.equal((await restored.read((db) => verifyAudit(db))).kind, 'whole')
        })
      })
    })

    it(`backs up one moment of ${from}, however much is changed meanwhile`, async () => {
      const [source, target, file] = [await places()[from](), await places()[from](), createBackup()]
      await within(source, async (store) => {
        const change = () =>
          store.write(async (each) => {
            const doing = { ...each, by: 'system' as const, nowMs: 1 }
            const ref = { kind: 'app', team: 'main', id: `n${each.sequence}` }
            const { uid } = await createResource(doing, ref, {})
            await appendToAudit(doing, { action: 'create', kind: 'app', target: uid, team: 'main', details: null })
          })
        for (let index = 0; index < 50; index++) await change()
        let isDone = false
        const backingUp = backUpStore(source, file, 5).finally(() => {
          isDone = true
        })
        while (!isDone) await change()
        const { sequence } = await backingUp
        assert.ok((await store.read(readSequence)) > sequence)
      })
      const { sequence, audit } = await restoreStore(file, target)
      const { resources, resource_versions: versions } = await readAll(target)
      assert.deepEqual([resources?.length, versions?.length], [sequence, sequence])
      assert.deepEqual([audit.kind, audit.kind === 'whole' && audit.entries], ['whole', sequence])
    })

    it(`restores to ${from} where there is a store only if it is told to, and keeps that where the file is torn`, async () => {
      const [source, target, file] = [await places()[from](), await places()[from](), createBackup()]
      await fill(source)
      await within(target, publish)
      const before = await readAll(target)
      await backUpStore(source, file, 5)
      await assert.rejects(restoreStore(file, target), isFault('not-empty'))
      const torn = createBackup()
      writeFileSync(torn, readFileSync(file).subarray(0, -20))
      await assert.rejects(restoreStore(torn, target, { force: true }), isFault('torn'))
      assert.deepEqual(await readAll(target), before)
      await restoreStore(file, target, { force: true })
      assert.equal((await readAll(target)).keys?.length, 40)
    })
  }
}

describe('copies of SQLite stores', () => {
  it('are files of their owner alone, and take the place of no other file', async () => {
    const [source, file] = [await createFile(), createBackup()]
    await fill(source)
    await backUpStore(source, file, 5)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    await assert.rejects(backUpStore(source, file, 5), isFault('taken'))
    await assert.rejects(backUpStore(source, join(folder, 'none', 'a'), 5), /ENOENT/)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.part')),
      [],
    )
  })

  it('are made of nothing where there is no store', async () => {
    await assert.rejects(backUpStore(await createFile(), createBackup(), 5), isFault('missing'))
    const file = await createFile()
    writeFileSync(file, '')
    await assert.rejects(backUpStore(file, createBackup(), 5), isFault('missing'))
    const none = await createFile()
    await assert.rejects(moveStore(none, await createFile()), isFault('missing'))
    assert.equal(existsSync(none), false)
  })

  it('are refused wherever they were cut or changed', async () => {
    const [source, file] = [await createFile(), createBackup()]
    await within(source, publish)
    await backUpStore(source, file, 5)
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    const restore = async (content: Buffer, reason: CopyFaultReason): Promise<void> => {
      const changed = createBackup()
      writeFileSync(changed, content)
      await assert.rejects(restoreStore(changed, await createFile()), isFault(reason))
    }
    const pack = (changed: readonly string[]): Buffer => gzipSync(changed.join('\n'))
    for (let end = 1; end < lines.length - 1; end++) await restore(pack([...lines.slice(0, end), '']), 'torn')
    await restore(pack(lines.slice(0, -1)), 'torn')
    for (const [index, line] of lines.entries()) {
      if (index > 0 && line.startsWith('[')) await restore(pack(lines.toSpliced(index, 1)), 'torn')
    }
    await restore(pack(lines.map((line) => line.replace('/orders', '/others'))), 'torn')
    await restore(pack([...lines.slice(0, -1), '{}', '']), 'torn')
    await restore(readFileSync(file).subarray(0, 200), 'torn')
    await restore(Buffer.from('no backup'), 'foreign')
    await restore(Buffer.alloc(0), 'torn')
    await restore(gzipSync('{"a":1}\n'), 'foreign')
    await restore(pack([(lines[0] ?? '').replace('"format":1', '"format":2'), ...lines.slice(1)]), 'newer')
    const newer = createBackup()
    writeFileSync(newer, pack([(lines[0] ?? '').replace('0030-', '9030-'), ...lines.slice(1)]))
    await assert.rejects(restoreStore(newer, await createFile()), /newer version of Gatewright/)
  })

  it('are neither restored nor moved while a control plane runs', async () => {
    const [source, file] = [await createFile(), createBackup()]
    const running = await SqliteStore.open({ file: source, access: 'alone', onFault: assert.fail })
    try {
      await backUpStore(source, file, 5)
      await assert.rejects(restoreStore(file, source, { force: true }), /another control plane has it/)
      await assert.rejects(moveStore(source, await createFile()), /another control plane has it/)
    } finally {
      await running.close()
    }
  })
})

await describeOnPostgres('copies of stores', (stage) => {
  describeCopies(() => ({ sqlite: createFile, postgres: () => stage.server.createDatabase() }))

  it('are neither restored nor moved while a control plane runs on PostgreSQL', async () => {
    const [source, file] = [await stage.server.createDatabase(), createBackup()]
    await within(source, async (store) => {
      await publish(store)
      await backUpStore(source, file, 5)
      await assert.rejects(restoreStore(file, source, { force: true }), isFault('in-use'))
      await assert.rejects(moveStore(source, await createFile()), isFault('in-use'))
    })
  })
})

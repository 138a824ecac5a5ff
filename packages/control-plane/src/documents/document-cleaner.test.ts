import assert from 'node:assert/strict'
import { it } from 'node:test'
import { toTextHash } from '@gatewright/model'
import { listAudit } from '../audit/audit-log.ts'
import type { Store } from '../store/store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { DocumentCleaner } from './document-cleaner.ts'
import { findDocuments, keepDocument } from './document-store.ts'

const AT = '/apis/main/orders'
const DAY_MS = 24 * 3_600_000
const quiet = { info() {}, warn() {}, error: assert.fail }
const toDocument = (name: string) => `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths: {}\n`

await describeOnStores('documents that nothing names', (open) => {
  async function begin() {
    const stage = new AdminStage(await open())
    const { store } = stage.services
    const put = async (name: string, at = AT): Promise<string> => {
      const hash = toTextHash(toDocument(name))
      const text = toDocument(name)
      const headers = { 'content-type': 'application/yaml' }
      assert.equal((await stage.ask(`PUT ${at}/documents/${hash}`, { text, headers })).statusCode, 200)
      const body = { basePath: at, upstream: 'http://127.0.0.1:9001', document: hash }
      const answer = await stage.ask(`PUT ${at}`, { body })
      assert.ok(answer.statusCode < 300, answer.body)
      return hash
    }
    const openCleaner = async (given: Store = store) => {
      const cleaner = new DocumentCleaner({ store: given, log: quiet, nowMs: () => stage.nowMs })
      await cleaner.close()
      return cleaner
    }
    const listKept = async (hashes: readonly string[]) => {
      const found = await store.read((db) => findDocuments(db, hashes))
      return hashes.map((hash) => found.has(hash))
    }
    return { stage, store, put, openCleaner, listKept, cleaner: await openCleaner() }
  }

  it('go thirty days after somebody saw so, and it is told who did that', async () => {
    const { stage, store, put, cleaner, listKept } = await begin()
    const [first, second] = [await put('one'), await put('two')]
    await cleaner.look()
    stage.nowMs += 29 * DAY_MS
    await cleaner.look()
    assert.deepEqual(await listKept([first, second]), [true, true])
    stage.nowMs += DAY_MS
    await cleaner.look()
    assert.deepEqual(await listKept([first, second]), [false, true])
    const notes = await store.read((db) => listAudit(db, { limit: 10, action: 'remove' }))
    assert.deepEqual(
      notes.map(({ by, kind, target }) => [by, kind, target]),
      [['system', 'document', first]],
    )
    const { sequence } = await store.read((db) => db.selectFrom('store').select('sequence').executeTakeFirstOrThrow())
    await cleaner.look()
    const after = await store.read((db) => db.selectFrom('store').select('sequence').executeTakeFirstOrThrow())
    assert.equal(after.sequence, sequence, 'where there is nothing to do, nothing is changed')
    assert.deepEqual(stage.mistakes, [])
  })

  it('are not those of a revision, whatever became of its API', async () => {
    const { stage, put, cleaner, openCleaner, listKept } = await begin()
    const first = await put('one')
    assert.equal((await stage.ask(`POST ${AT}/revisions`, { body: {} })).statusCode, 201)
    const [second, other] = [await put('two'), await put('other', '/apis/main/users')]
    await cleaner.look()
    assert.equal((await stage.ask(`DELETE ${AT}`)).statusCode, 204)
    for (let month = 0; month < 3; month++) {
      stage.nowMs += 31 * DAY_MS
      await cleaner.look()
      await (await openCleaner()).look()
    }
    assert.deepEqual(await listKept([first, second, other]), [true, false, true])
  })

  it('are not those that are one of many', async () => {
    const { stage, store, put, cleaner, listKept } = await begin()
    const hashes: string[] = []
    for (let i = 0; i < 120; i++) hashes.push(await store.write(({ db }) => keepDocument(db, `document ${i}`)))
    await store.write(async ({ db, sequence }) => {
      const row = { hash: '', message: '', sequence, at: 0, by: 'system' }
      for (const [i, hash] of hashes.entries())
        await db
          .insertInto('revisions')
          .values({ ...row, api: `api ${i % 7}`, number: i + 1, body: JSON.stringify({ document: hash }) })
          .execute()
    })
    const gone = await put('one')
    await put('two')
    await cleaner.look()
    stage.nowMs += 31 * DAY_MS
    await cleaner.look()
    assert.deepEqual(new Set(await listKept(hashes)), new Set([true]))
    assert.deepEqual(await listKept([gone]), [false])
  })

  it('stay where they are named again, and have as long again when that is over', async () => {
    const { stage, put, cleaner, listKept } = await begin()
    const first = await put('one')
    await put('two')
    await cleaner.look()
    stage.nowMs += 20 * DAY_MS
    await put('one')
    await cleaner.look()
    stage.nowMs += 20 * DAY_MS
    await put('two')
    await cleaner.look()
    stage.nowMs += 20 * DAY_MS
    await cleaner.look()
    assert.deepEqual(await listKept([first]), [true])
    stage.nowMs += 10 * DAY_MS
    await cleaner.look()
    assert.deepEqual(await listKept([first]), [false])
  })

  const texts = {
    'kept again': async ({ stage }: { stage: AdminStage }, hash: string) => {
      const text = toDocument('one')
      const headers = { 'content-type': 'application/yaml' }
      return await stage.ask(`PUT ${AT}/documents/${hash}`, { text, headers })
    },
    'named by a draft': async ({ stage }: { stage: AdminStage }, hash: string) =>
      await stage.ask('PUT /apis/main/users', { body: { basePath: '/users', document: hash } }),
    'named by a revision': async ({ stage }: { stage: AdminStage }, hash: string) => {
      const body = { body: { basePath: '/old', document: hash } }
      return await stage.ask(`PUT ${AT}/revisions/7`, { body })
    },
  }
  for (const [what, act] of Object.entries(texts)) {
    it(`stay where they are ${what} while they are about to go`, async () => {
      const { stage, store, put, cleaner, openCleaner, listKept } = await begin()
      const first = await put('one')
      const other = await put('two')
      await put('three')
      await cleaner.look()
      stage.nowMs += 31 * DAY_MS
      let done = 0
      const between: Store = {
        kind: store.kind,
        read: (reading) => store.read(reading),
        // What was read is old by now.
        async write(change) {
          const { statusCode, body } = await act({ stage }, first)
          assert.ok(statusCode < 300, body)
          done++
          return await store.write(change)
        },
        onChange: (listener) => store.onChange(listener),
        say: (text) => store.say(text),
        onSaid: (listener) => store.onSaid(listener),
        close: () => store.close(),
      }
      await (await openCleaner(between)).look()
      assert.equal(done, 1)
      assert.deepEqual(await listKept([first, other]), [true, false])
      assert.deepEqual(stage.mistakes, [])
    })
  }
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { describeStore, insert, listIds } from '../store.contract.ts'
import { type Store, StoreRefusal } from '../store.ts'
import { SqliteStore } from './sqlite-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-store-'))
const files = new Map<Store, string>()
const opened: Store[] = []
let count = 0

async function open(file = join(folder, `${++count}.db`)): Promise<SqliteStore> {
  const store = await SqliteStore.open({ file, onFault() {} })
  files.set(store, file)
  opened.push(store)
  return store
}

describe('a SQLite store', () => {
  after(async () => {
    for (const store of opened) await store.close()
    rmSync(folder, { recursive: true })
  })

  describeStore({ open: () => open(), reopen: (store) => open(files.get(store)) })

  it('has on disk what it has acknowledged', async () => {
    const store = await open()
    await store.write(({ db }) => insert(db, 'one'))
    const again = await open(files.get(store))
    assert.deepEqual(await again.read(listIds), ['one'])
  })

  it('says which file cannot be opened, and why', async () => {
    const file = join(folder, 'text.db')
    writeFileSync(file, 'this is no database, though it is long enough to be taken for one at first sight'.repeat(20))
    await assert.rejects(open(file), (fault) => {
      assert.ok(fault instanceof StoreRefusal)
      assert.match(fault.message, /text\.db cannot be opened: file is not a database/)
      return true
    })
    await assert.rejects(open(join(folder, 'none', 'a.db')), StoreRefusal)
  })
})

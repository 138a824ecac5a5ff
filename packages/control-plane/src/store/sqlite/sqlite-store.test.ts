import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
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

  it('is readable by its owner alone, whatever the umask, and also where it was not before', async () => {
    const file = join(folder, 'private.db')
    const before = process.umask(0o000)
    try {
      const store = await SqliteStore.open({ file, access: 'alone', onFault() {} })
      opened.push(store)
      await store.write(({ db }) => insert(db, 'one'))
    } finally {
      process.umask(before)
    }
    const modes = () => ['', '-wal', '-shm', '.lock'].map((end) => statSync(`${file}${end}`).mode & 0o777)
    assert.deepEqual(modes(), [0o600, 0o600, 0o600, 0o600])
    for (const end of ['', '-wal', '-shm']) chmodSync(`${file}${end}`, 0o644)
    opened.push(await SqliteStore.open({ file, onFault() {} }))
    assert.deepEqual(modes(), [0o600, 0o600, 0o600, 0o600])
  })

  it('is had by one control plane alone, which is said to the next, until the first ends', async () => {
    const file = join(folder, 'alone.db')
    const alone = () => SqliteStore.open({ file, access: 'alone', onFault() {} })
    const first = await alone()
    await assert.rejects(alone(), (fault) => {
      assert.ok(fault instanceof StoreRefusal)
      assert.match(
        fault.message,
        /alone\.db cannot be opened: another control plane has it.*end that first.*PostgreSQL/,
      )
      return true
    })
    await first.close()
    opened.push(await alone())
  })

  it('is looked through where its last end was none, and refused where it is damaged', async () => {
    const file = join(folder, 'damaged.db')
    const alone = () => SqliteStore.open({ file, access: 'alone', onFault() {} })
    const store = await alone()
    await store.write(async ({ db }) => {
      for (let index = 0; index < 400; index++) await insert(db, `number ${index}`)
    })
    await store.close()
    // As one that was killed leaves it; what is no frame in there, SQLite passes over.
    const cutOff = () => writeFileSync(`${file}-wal`, 'cut off')
    cutOff()
    await (await alone()).close()
    const bytes = readFileSync(file)
    bytes.fill(0x5a, bytes.length - 4096 * 4)
    writeFileSync(file, bytes)
    cutOff()
    await assert.rejects(alone(), (fault) => {
      assert.ok(fault instanceof StoreRefusal)
      assert.match(fault.message, /damaged\.db cannot be opened: the file is damaged: restore a backup/)
      return true
    })
  })
})

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { describeAcmeStorage } from './acme-storage.contract.ts'
import { FileAcmeStorage } from './file-acme-storage.ts'
import { MemoryAcmeStorage } from './memory-acme-storage.fixture.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatewright-acme-'))
  folders.push(folder)
  return join(folder, 'acme')
}

async function openIn(folder: string, now: () => number = Date.now): Promise<FileAcmeStorage> {
  const storage = new FileAcmeStorage(folder, now)
  await storage.open()
  return storage
}

describeAcmeStorage('a folder', async (now) => {
  const folder = await makeFolder()
  return () => openIn(folder, now)
})

describeAcmeStorage('the memory of tests', async (now) => {
  const storage = new MemoryAcmeStorage(now)
  return async () => storage
})

/** Saves ever longer certificates, and says how many, until it is killed. */
const WRITER = `
import { FileAcmeStorage } from ${JSON.stringify(new URL('./file-acme-storage.ts', import.meta.url).href)}
const storage = new FileAcmeStorage(process.argv[1], Date.now)
await storage.open()
for (let count = 1; ; count++) {
  await storage.saveCertificate('a', { chain: 'x'.repeat(200_000 + count), key: String(count) })
  console.log(count)
}`

describe('ACME in a folder', () => {
  it('shows keys to nobody else', async () => {
    const folder = await makeFolder()
    const storage = await openIn(folder)
    await storage.saveAccount('a', { key: 'secret' })
    await storage.acquire('a', 1000)
    const modes = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
    assert.equal(await modes(folder), '700')
    for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
      assert.equal(await modes(join(file.parentPath, file.name)), file.isDirectory() ? '700' : '600', file.name)
    }
  })

  it('has the old one or the new one, and never half, when the writer is killed at any moment', async () => {
    const folder = await makeFolder()
    const storage = await openIn(folder)
    for (let round = 1; round <= 5; round++) {
      const writer = spawn(process.execPath, ['--input-type=module-typescript', '-e', WRITER, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let saved = 0
      for await (const line of createInterface({ input: writer.stdout })) {
        saved = Number(line)
        if (saved >= round * 2) break
      }
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      const found = await storage.findCertificate('a')
      assert.ok(found !== undefined && Number(found.key) >= saved)
      assert.equal(found.chain.length, 200_000 + Number(found.key))
    }
  })

  it('sweeps away what killed writers left, and not what is being written', async () => {
    const folder = await makeFolder()
    await openIn(folder)
    const [old, fresh] = ['old.json.1.tmp', 'fresh.json.2.tmp'].map((name) => join(folder, 'certificates', name))
    for (const path of [old!, fresh!]) await writeFile(path, '{')
    await utimes(old!, 0, Date.now() / 1000 - 3600)
    await openIn(folder)
    assert.deepEqual(await readdir(join(folder, 'certificates')), ['fresh.json.2.tmp'])
  })

  it('takes half a lease for one that ends', async () => {
    const folder = await makeFolder()
    const clock = { nowMs: Date.now() }
    const storage = await openIn(folder, () => clock.nowMs)
    await storage.acquire('a', 60_000)
    const [file] = await readdir(join(folder, 'leases'))
    await writeFile(join(folder, 'leases', file!), '{"hol')
    clock.nowMs += 30_000
    assert.equal(await storage.acquire('a', 60_000), undefined)
    clock.nowMs += 60_000
    assert.notEqual(await storage.acquire('a', 60_000), undefined)
  })

  it('keeps one file for a lease, however often it is taken', async () => {
    const folder = await makeFolder()
    const storage = await openIn(folder)
    for (let i = 0; i < 5; i++) await (await storage.acquire('a', 1000))!.release()
    assert.equal((await readdir(join(folder, 'leases'))).length, 1)
  })

  it('says which file is damaged and what to do', async () => {
    const folder = await makeFolder()
    const storage = await openIn(folder)
    await storage.saveAccount('a', { key: 'k' })
    const [file] = await readdir(join(folder, 'accounts'))
    const path = join(folder, 'accounts', file!)
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -3))
    await assert.rejects(storage.findAccount('a'), { message: `${path} is damaged: remove it, and it is made anew` })
  })

  it('says which folder cannot be written', async () => {
    const folder = await makeFolder()
    const storage = await openIn(folder)
    await rm(join(folder, 'accounts'), { recursive: true })
    await assert.rejects(storage.saveAccount('a', { key: 'k' }), /accounts.*cannot be written: ENOENT/)
  })
})

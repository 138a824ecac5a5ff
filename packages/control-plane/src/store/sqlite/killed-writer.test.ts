/** Proves that a process which is killed at any moment loses nothing that it acknowledged, and leaves nothing half done. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, it } from 'node:test'
import { verifyAudit } from '../../audit/audit-log.ts'
import { listAllResources } from '../../resources/list-resources.ts'
import { readSequence } from '../next-sequence.ts'
import { SqliteStore } from './sqlite-store.ts'

const WRITER = new URL('./killed-writer.fixture.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'gatewright-killed-'))
after(() => rmSync(folder, { recursive: true }))

/** Resolves with what was acknowledged before the kill; `after` so many. */
async function runAndKill(file: string, acknowledgements: number): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    // What comes after it was said before it died.
    if (acknowledged.length === acknowledgements) child.kill('SIGKILL')
  }
  await exited
  return acknowledged
}

it('a store whose process is killed keeps what was acknowledged, and nothing half', { timeout: 120_000 }, async () => {
  const file = join(folder, 'store.db')
  const acknowledged: string[] = []
  for (const count of [1, 7, 40, 3, 90, 25]) {
    acknowledged.push(...(await runAndKill(file, count)))
    const store = await SqliteStore.open({ file, access: 'alone', onFault() {} })
    const [ids, sequence, audit] = await store.read(async (db) => [
      (await listAllResources(db, 'api')).map(({ id }) => id),
      await readSequence(db),
      await verifyAudit(db),
    ])
    await store.close()
    const missing = acknowledged.filter((id) => !ids.includes(id))
    assert.deepEqual(missing, [])
    assert.equal(ids.length, sequence, 'each change made one')
    assert.deepEqual([audit.kind, audit.kind === 'whole' && audit.entries], ['whole', sequence], 'and told of it')
  }
  assert.ok(acknowledged.length >= 166)
})

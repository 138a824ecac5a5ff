/** Proves that the file in the README is one that Gatewright takes, and that its comment tells the truth about the key. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'

const root = resolve(import.meta.dirname, '..')

describe('the README', () => {
  let folder: string
  let example: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-readme-'))
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    example = /^```yaml\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? ''
    await writeFile(join(folder, 'gatewright.yaml'), example)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('shows a file without faults', () => {
    const bin = join(root, 'packages/cli/bin/gatewright.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'validate', '--config', 'gatewright.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stdout + stderr)
  })

  it('shows the hash of the key that it names', () => {
    const key = /The key is "([^"]+)"/.exec(example)?.[1] ?? ''
    assert.ok(example.includes(`sha256:${createHash('sha256').update(key).digest('hex')}`))
  })
})

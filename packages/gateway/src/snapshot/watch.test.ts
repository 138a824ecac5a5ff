import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { FileWatcher } from './watch.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('FileWatcher', () => {
  let folder: string
  let file: string
  let watcher: FileWatcher
  let changes = 0

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-watch-'))
    file = join(folder, 'gatewright.yaml')
    writeFileSync(file, 'a: 1\n')
    changes = 0
    watcher = new FileWatcher(() => changes++)
    // Time passes only where a test says so.
    mock.timers.enable({ apis: ['setTimeout'] })
  })
  afterEach(() => {
    mock.timers.reset()
    watcher.close()
    rmSync(folder, { recursive: true })
  })

  async function untilTold({ inTime }: { inTime: boolean }): Promise<void> {
    const before = changes
    for (let turns = 0; changes === before; turns++) {
      assert.ok(turns < 1_000_000, 'nothing is told')
      await turn()
      if (inTime) mock.timers.tick(1)
    }
  }

  // Elsewhere the system does not tell both names, and the moment is waited for.
  const skip = process.platform !== 'linux'
  it('waits for no moment where a file was renamed into its place', { skip }, async () => {
    watcher.watch([file], [])
    for (let change = 0; change < 3; change++) {
      writeFileSync(`${file}.new`, `a: ${change}\n`)
      renameSync(`${file}.new`, file)
      await untilTold({ inTime: false })
    }
  })

  it('tells that a link to all files was replaced', async () => {
    mkdirSync(join(folder, 'one'))
    watcher.watch([file], [])
    symlinkSync('one', join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    await untilTold({ inTime: true })
  })

  it('tells what is written in several steps once, a moment later', async () => {
    watcher.watch([file], [])
    writeFileSync(file, '')
    appendFileSync(file, 'a: 1\n')
    appendFileSync(file, 'b: 1\n')
    await untilTold({ inTime: true })
    assert.equal(changes, 1)
  })

  it('takes a file that is begun anew for no whole one', async () => {
    watcher.watch([file], [])
    renameSync(file, `${file}~`)
    writeFileSync(file, '')
    appendFileSync(file, 'a: 2\n')
    await untilTold({ inTime: true })
  })

  it('tells of all files of a folder, and of no others', async () => {
    watcher.watch([], [folder])
    writeFileSync(join(folder, 'more.yaml'), 'b: 1\n')
    await untilTold({ inTime: true })
    watcher.watch([file], [])
    writeFileSync(join(folder, 'more.yaml'), 'b: 2\n')
    writeFileSync(`${file}.new`, 'a: 2\n')
    renameSync(`${file}.new`, file)
    changes = 0
    await untilTold({ inTime: false })
    assert.equal(changes, 1)
  })
})

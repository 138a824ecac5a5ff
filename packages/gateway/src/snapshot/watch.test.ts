import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { isMember } from './read-config.ts'
import { FileWatcher } from './watch.ts'
import { makeWatchedFolder, removeWatchedFolder } from './watched-folder.fixture.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('FileWatcher', () => {
  let folder: string
  let file: string
  let watcher: FileWatcher
  let changes = 0

  beforeEach(() => {
    folder = makeWatchedFolder('watch')
    file = join(folder, 'gatewright.yaml')
    writeFileSync(file, 'a: 1\n')
    changes = 0
    watcher = new FileWatcher(() => changes++)
    // Time passes only where a test says so.
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  })
  afterEach(() => {
    mock.timers.reset()
    watcher.close()
    removeWatchedFolder(folder)
  })

  async function untilTold({ inTime }: { inTime: boolean }): Promise<void> {
    const before = changes
    for (let turns = 0; changes === before; turns++) {
      assert.ok(turns < 1_000_000, 'nothing is told')
      await turn()
      if (inTime) mock.timers.tick(1)
    }
  }

  /** Resolves when all is told that the system has to tell of what was done until now. */
  async function untilNoticed(): Promise<void> {
    await new Promise<void>((resolve) => {
      const own = watch(folder, (_kind, name) => {
        if (name !== 'last') return
        own.close()
        resolve()
      })
      writeFileSync(join(folder, 'last'), '')
    })
    unlinkSync(join(folder, 'last'))
    await turn()
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

  it('is not woken by all that happens beside the file, and still tells of its changes', { skip }, async () => {
    const countWatchers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length
    // Those of other tests close in a turn of their own.
    while (countWatchers() > 0) await turn()
    watcher.watch([file], [])
    const before = countWatchers()
    const log = join(folder, 'access.log')
    for (let turns = 0; countWatchers() === before; turns++) {
      assert.ok(turns < 100_000, 'it is woken for ever')
      appendFileSync(log, 'a line\n')
      await turn()
    }
    // It looks once, for what may have been told in the same moment.
    await untilTold({ inTime: true })
    const told = changes
    for (let i = 0; i < 100; i++) {
      appendFileSync(log, 'a line\n')
      mock.timers.tick(20)
    }
    assert.equal(changes, told, 'the log is nobody’s business')
    writeFileSync(`${file}.new`, 'a: 2\n')
    renameSync(`${file}.new`, file)
    await untilTold({ inTime: true })
    appendFileSync(file, 'b: 3\n')
    await untilTold({ inTime: true })
    mock.timers.tick(60_000)
    assert.equal(countWatchers(), before, 'after a while it is watched again')
    writeFileSync(`${file}.new`, 'a: 4\n')
    renameSync(`${file}.new`, file)
    await untilTold({ inTime: false })
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

  it('tells what is written in place only once it stands still', async () => {
    watcher.watch([file], [])
    for (const begin of [() => truncateSync(file), () => renameSync(file, `${file}~`), () => rmSync(file)]) {
      changes = 0
      begin()
      appendFileSync(file, 'a: 1\n')
      await untilNoticed()
      mock.timers.tick(499)
      appendFileSync(file, 'b: 1\n')
      await untilNoticed()
      mock.timers.tick(499)
      assert.deepEqual([changes, watcher.isSettling], [0, true])
      mock.timers.tick(1)
      assert.deepEqual([changes, watcher.isSettling], [1, false])
    }
  })

  it('takes a file that is begun where another is removed for no whole one', async () => {
    writeFileSync(`${file}.old`, 'a: 0\n')
    rmSync(file)
    watcher.watch([file], [])
    rmSync(`${file}.old`)
    writeFileSync(file, 'a: 2\n')
    await untilNoticed()
    assert.equal(changes, 0)
    await untilTold({ inTime: true })
  })

  it('tells of a file that was renamed into its place only once others stand still', { skip }, async () => {
    const other = join(folder, 'other.yaml')
    watcher.watch([file, other], [])
    writeFileSync(other, 'b: 1\n')
    writeFileSync(`${file}.new`, 'a: 2\n')
    renameSync(`${file}.new`, file)
    await untilNoticed()
    assert.equal(changes, 0)
    renameSync(other, `${other}.new`)
    renameSync(`${other}.new`, other)
    await untilTold({ inTime: false })
  })

  it('is not ended by a link that leads to itself', async () => {
    watcher.watch([file], [])
    symlinkSync('gatewright.yaml', `${file}.new`)
    renameSync(`${file}.new`, file)
    await untilTold({ inTime: true })
    watcher.watch([file], [{ path: file, isMember }])
  })

  it('tells of all files of a folder, and of no others', async () => {
    watcher.watch([], [{ path: folder, isMember }])
    writeFileSync(join(folder, 'more.yaml'), 'b: 1\n')
    await untilTold({ inTime: true })
    changes = 0
    writeFileSync(join(folder, 'access.log'), 'a line\n')
    writeFileSync(join(folder, '.more.yaml.swp'), 'c: 1\n')
    await untilNoticed()
    mock.timers.tick(60_000)
    assert.equal(changes, 0, 'what is not read is nobody’s business')
    watcher.watch([file], [])
    writeFileSync(join(folder, 'more.yaml'), 'b: 2\n')
    writeFileSync(`${file}.new`, 'a: 2\n')
    renameSync(`${file}.new`, file)
    changes = 0
    await untilTold({ inTime: false })
    assert.equal(changes, 1)
  })
})

/** Proves which content of a file counts, whatever happens to it on disk. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, it } from 'node:test'
import { RecordingLog } from '@gatewright/policies/testing'
import { FileShelf, type WantedFile } from './file-shelf.ts'
import type { SharedFiles } from './file-table.ts'

const root = mkdtempSync(join(tmpdir(), 'gatewright-shelf-'))
after(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
let folder = ''
let shelf: FileShelf
let log: RecordingLog
beforeEach(() => {
  folders++
  folder = join(root, `${folders}`)
  mkdirSync(folder)
  shelf = new FileShelf(() => folder)
  log = new RecordingLog()
})

const at = (name: string): string => join(folder, name)
const write = (name: string, text: string): void => writeFileSync(at(name), text)
/** As good tools do: whole, or not at all. */
const replace = (name: string, text: string): void => {
  write(`${name}.tmp`, text)
  renameSync(at(`${name}.tmp`), at(name))
}

/** Sound is what begins with `good`, and with `word`. */
function want(path: string, word = 'good'): WantedFile & { looks: number } {
  const wanted = {
    path,
    at: [],
    checkKey: word,
    looks: 0,
    check(bytes: Uint8Array): void {
      wanted.looks++
      const text = Buffer.from(bytes).toString()
      if (!text.includes(word)) throw new Error(`there is no ${word} in it`)
    },
  }
  return wanted
}

const read = (files: SharedFiles): Record<string, string> =>
  Object.fromEntries([...files].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]))

async function serve(...wanted: WantedFile[]): Promise<SharedFiles> {
  const { files, troubles } = await shelf.load(wanted)
  assert.deepEqual(troubles, [])
  shelf.settle(wanted)
  return files
}

describe('a file that a policy reads', () => {
  it('is read relative to the folder of the configuration, into memory that threads share', async () => {
    write('a', 'good a')
    mkdirSync(at('sub'))
    write('sub/b', 'good b')
    const files = await serve(want('./a'), want('sub/b'), want(at('a')))
    assert.deepEqual(read(files), { './a': 'good a', 'sub/b': 'good b', [at('a')]: 'good a' })
    assert.ok(files.get('./a')?.bytes instanceof SharedArrayBuffer)
    assert.equal(files.get('./a')?.bytes, files.get(at('a'))?.bytes, 'one copy, however it is named')
  })

  it('is neither read nor looked at again while it is as it was', async () => {
    write('a', 'good')
    const wanted = want('a')
    const first = await serve(wanted)
    const again = await serve(want('a'))
    assert.equal(again.get('a'), first.get('a'))
    assert.equal((await shelf.look(log)).get('a'), first.get('a'))
    assert.deepEqual([wanted.looks, log.entries.length], [1, 0])
  })

  for (const [what, bytes, fault] of [
    ['is not there', undefined, /there is no such file$/],
    ['is damaged', 'bad', /there is no good in it$/],
    ['is empty', '', /there is no good in it$/],
  ] as const) {
    it(`refuses the snapshot where it ${what}`, async () => {
      if (bytes !== undefined) write('a', bytes)
      const { files, troubles } = await shelf.load([want('a')])
      assert.deepEqual([files.size, troubles.length, troubles[0]?.isKept], [0, 1, false])
      assert.ok(troubles[0]?.fault.startsWith(at('a')))
      assert.match(troubles[0]?.fault ?? '', fault)
    })
  }

  it('refuses the snapshot where it is a folder', async () => {
    mkdirSync(at('a'))
    const { troubles } = await shelf.load([want('a')])
    assert.match(troubles[0]?.fault ?? '', /no regular file|EISDIR/)
  })

  for (const [how, change] of [
    ['renamed into its place', replace],
    ['written in place', write],
  ] as const) {
    it(`is taken over when another is ${how}`, async () => {
      write('a', 'good old')
      const before = await serve(want('a'))
      change('a', 'good and new')
      const now = await shelf.look(log)
      assert.deepEqual(read(now), { a: 'good and new' })
      assert.ok((now.get('a')?.version ?? 0) > (before.get('a')?.version ?? 0))
      assert.deepEqual(read(before), { a: 'good old' }, 'what is in use is never written again')
      assert.deepEqual(
        log.entries.map(({ level }) => level),
        ['info'],
      )
    })
  }

  it('is taken over when the new one has the size and the time of the old one', async () => {
    write('a', 'good 1')
    await serve(want('a'))
    const { atime, mtime } = statSync(at('a'))
    write('a.tmp', 'good 2')
    utimesSync(at('a.tmp'), atime, mtime)
    renameSync(at('a.tmp'), at('a'))
    assert.deepEqual(read(await shelf.look(log)), { a: 'good 2' })
  })

  it('counts as it was when it is damaged or gone, which is told once, until it is mended', async () => {
    write('a', 'good old')
    await serve(want('a'))
    for (const spoil of [() => replace('a', 'bad'), () => rmSync(at('a'))]) {
      spoil()
      log = new RecordingLog()
      for (let i = 0; i < 3; i++) assert.deepEqual(read(await shelf.look(log)), { a: 'good old' })
      assert.deepEqual(
        log.entries.map(({ level }) => level),
        ['warn'],
      )
    }
    replace('a', 'good again')
    assert.deepEqual(read(await shelf.look(log)), { a: 'good again' })
    assert.equal(log.entries.at(-1)?.level, 'info')
  })

  it('is told of again when it is damaged in another way', async () => {
    write('a', 'good')
    await serve(want('a'))
    replace('a', 'bad')
    await shelf.look(log)
    replace('a', 'worse')
    await shelf.look(log)
    assert.equal(log.entries.length, 2)
  })

  it('does not keep the next snapshot from running when it is damaged: it counts as it was', async () => {
    write('a', 'good old')
    await serve(want('a'))
    replace('a', 'bad')
    const { files, troubles } = await shelf.load([want('a')])
    assert.deepEqual([read(files), troubles.map(({ isKept }) => isKept)], [{ a: 'good old' }, [true]])
    shelf.settle([want('a')])
    for (let i = 0; i < 3; i++) await shelf.look(log)
    assert.deepEqual(
      log.entries.map(({ level }) => level),
      ['warn'],
    )
  })

  it('is right for all who use it, or stays for all as it was', async () => {
    write('a', 'good and fine')
    const both = [want('a', 'good'), want('a', 'fine')]
    await serve(...both)
    replace('a', 'good alone')
    assert.deepEqual(read(await shelf.look(log)), { a: 'good and fine' })
    assert.match(String(log.entries[0]?.facts.why), /there is no fine in it/)
  })

  it('refuses the snapshot of who asks more of it than it has', async () => {
    write('a', 'good')
    await serve(want('a'))
    const { files, troubles } = await shelf.load([want('a'), want('a', 'fine')])
    assert.deepEqual([files.size, troubles.map(({ isKept }) => isKept)], [0, [false]])
  })

  it('is taken over also where a snapshot that read it first did not run', async () => {
    write('a', 'good old')
    const old = await serve(want('a'))
    replace('a', 'good and new')
    const { files } = await shelf.load([want('a')])
    assert.deepEqual(read(await shelf.look(log)), { a: 'good and new' })
    assert.notEqual(old.get('a'), files.get('a'))
  })

  it('is forgotten with the last who uses it', async () => {
    write('a', 'good a')
    write('b', 'good b')
    await serve(want('a'))
    await serve(want('b'))
    assert.deepEqual(read(await shelf.look(log)), { b: 'good b' })
    replace('a', 'bad')
    const { troubles } = await shelf.load([want('a')])
    assert.equal(troubles[0]?.isKept, false)
  })
})

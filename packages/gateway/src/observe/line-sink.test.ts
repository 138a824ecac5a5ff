import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { LineSink } from './line-sink.ts'

let folder: string

/** A pipe by name, and a reader that reads only when it is told to. */
function openPipe(name: string): { path: string; read: () => string; close: () => void } {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const buffer = Buffer.alloc(1_048_576)
  const read = (): string => {
    let text = ''
    for (;;) {
      try {
        const bytes = readSync(fd, buffer, 0, buffer.length, null)
        if (bytes === 0) return text
        text += buffer.toString('latin1', 0, bytes)
      } catch {
        return text
      }
    }
  }
  return { path, read, close: () => closeSync(fd) }
}

describe('line sink', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'line-sink-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  it('goes on in a new file of its name once the old one was renamed', () => {
    const file = join(folder, 'rotated.log')
    const sink = new LineSink({ file })
    sink.writeLine('before')
    sink.flush()
    renameSync(file, `${file}.1`)
    sink.writeLine('meanwhile')
    sink.reopen()
    sink.writeLine('after')
    sink.close()
    assert.equal(readFileSync(`${file}.1`, 'latin1'), 'before\nmeanwhile\n')
    assert.equal(readFileSync(file, 'latin1'), 'after\n')
  })

  it('shares a file with whoever else writes to the same descriptor: `> log 2>&1` loses nothing', () => {
    const file = join(folder, 'shared.log')
    const fd = openSync(file, 'w')
    const sink = new LineSink({ fd })
    sink.writeLine('record')
    sink.flush()
    writeSync(fd, 'event\n')
    sink.writeLine('record')
    sink.flush()
    closeSync(fd)
    assert.equal(readFileSync(file, 'latin1'), 'record\nevent\nrecord\n')
  })

  it('appends whole lines to a file, and keeps what was there', () => {
    const file = join(folder, 'access.log')
    for (const run of ['first', 'second']) {
      const sink = new LineSink({ file })
      for (let i = 0; i < 1000; i++) sink.writeLine(`${run} ${i}`)
      sink.close()
      assert.equal(sink.dropped, 0)
    }
    const expected = ['first', 'second'].flatMap((run) => Array.from({ length: 1000 }, (_, i) => `${run} ${i}\n`))
    assert.equal(readFileSync(file, 'latin1'), expected.join(''))
  })

  it('never blocks on a pipe that nobody reads: what does not fit is dropped and counted', () => {
    const pipe = openPipe('unread')
    let told = 0
    const reasons: string[] = []
    const sink = new LineSink({ file: pipe.path }, (lines, trouble) => {
      told += lines
      if (trouble !== undefined) reasons.push(trouble)
    })
    const line = 'x'.repeat(999)
    const lines = 5000
    for (let i = 0; i < lines; i++) sink.writeLine(line)
    assert.ok(sink.dropped > 0)
    let read = pipe.read()
    // What waited in the queue goes on as the reader does.
    for (let text = read; text !== ''; read += text) {
      sink.flush()
      text = pipe.read()
    }
    sink.close()
    const came = read.split('\n').slice(0, -1)
    assert.ok(
      came.every((each) => each === line),
      'whole lines',
    )
    assert.equal(came.length + sink.dropped, lines)
    assert.deepEqual(reasons, ['its reader does not read'], 'told once, not for every batch')
    assert.equal(told, sink.dropped)
    pipe.close()
  })

  it('keeps what a slow reader of a socket does not take yet, and writes it once that reads', async () => {
    const lines = 800
    // Node gives a child a socket for stdout, and makes it non-blocking where it is used.
    const source = `
      import { stat } from 'node:fs/promises'
      import { LineSink } from ${JSON.stringify(new URL('./line-sink.ts', import.meta.url).href)}
      process.stdout.on('error', () => {})
      const sink = new LineSink({ fd: 1 })
      for (let i = 0; i < ${lines}; i++) sink.writeLine('x'.repeat(999))
      sink.flush()
      // Every write that can be tried has been by then: they take turns in the same pool.
      for (let i = 0; i < 500; i++) await stat('/')
      process.stderr.write(String(sink.dropped))
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      const [dropped] = await once(child.stderr, 'data')
      assert.equal(String(dropped), '0')
      let text = ''
      for await (const chunk of child.stdout.setEncoding('latin1')) {
        text += chunk
        if (text.length >= lines * 1000) break
      }
      assert.equal(text, `${'x'.repeat(999)}\n`.repeat(lines))
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('counts what waits when it is closed, and writes nothing afterwards', () => {
    const pipe = openPipe('closed')
    const sink = new LineSink({ file: pipe.path })
    const line = 'x'.repeat(999)
    for (let i = 0; i < 500; i++) sink.writeLine(line)
    sink.close()
    sink.writeLine('late')
    sink.flush()
    const came = pipe.read().split('\n').length - 1
    assert.ok(came > 0 && sink.dropped > 0)
    assert.equal(came + sink.dropped, 501)
    pipe.close()
  })

  it('writes whole lines, at most 4096 bytes at a time', () => {
    const pipe = openPipe('whole')
    const sink = new LineSink({ file: pipe.path })
    let longest = 0
    for (let i = 0; i < 40; i++) {
      sink.writeLine('x'.repeat(i * 100))
      const text = pipe.read()
      longest = Math.max(longest, text.length)
      assert.ok(text === '' || text.endsWith('\n'))
    }
    assert.ok(longest > 2000 && longest <= 4096, `${longest}`)
    sink.close()
    pipe.close()
  })

  it('drops a line that is longer than a write', () => {
    const pipe = openPipe('long')
    const sink = new LineSink({ file: pipe.path })
    sink.writeLine('x'.repeat(4096))
    sink.writeLine('x'.repeat(4095))
    sink.close()
    assert.equal(sink.dropped, 1)
    assert.equal(pipe.read().length, 4096)
    pipe.close()
  })

  it('goes on without a reader', () => {
    const pipe = openPipe('gone')
    const sink = new LineSink({ file: pipe.path })
    pipe.close()
    for (let i = 0; i < 100; i++) sink.writeLine('x'.repeat(999))
    sink.close()
    assert.equal(sink.dropped, 100)
  })

  it('writes to a descriptor that is not its own, and leaves it open and blocking', () => {
    const file = join(folder, 'given.log')
    const fd = openSync(file, 'a')
    const sink = new LineSink({ fd })
    sink.writeLine('one')
    sink.close()
    const other = new LineSink({ fd })
    other.writeLine('two')
    other.close()
    closeSync(fd)
    assert.equal(readFileSync(file, 'latin1'), 'one\ntwo\n')
  })
})

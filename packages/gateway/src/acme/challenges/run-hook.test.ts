import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FakeClock } from '@gatewright/policies/testing'
import { until } from '../acme-stage.fixture.ts'
import { runHook } from './run-hook.ts'

const CALL = { act: 'present', name: '_acme-challenge.example.test', value: '$(touch a)' } as const
const signal = new AbortController().signal

/** Runs this text with the hook's arguments behind it. */
const toCommand = (text: string): string[] => [process.execPath, '-e', text, '--']

describe('a hook', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatewright-hook-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const run = (command: readonly string[], { clock = new FakeClock(), end = signal } = {}): Promise<void> =>
    runHook({ ...CALL, command, clock }, end)

  it('is told what to do, as it stands and without a shell', async () => {
    const text = `process.stderr.write(JSON.stringify(process.argv.slice(1))); process.exitCode = 3`
    await assert.rejects(run([...toCommand(text), '--zone', 'a b']), {
      message: `the hook "${process.execPath}" (present ${CALL.name}) ended with 3: ["--zone","a b","present","${CALL.name}","$(touch a)"]`,
    })
  })

  it('has done it when it ends with 0', () => run(toCommand('console.error("fine")')))

  it('is told of by the last that it says', async () => {
    const text = `process.stderr.write('x'.repeat(100_000) + 'the end', () => process.exit(1))`
    await assert.rejects(run(toCommand(text)), (error: Error) => {
      assert.match(error.message, /x the end$|xthe end$/)
      assert.ok(error.message.length < 3000)
      return true
    })
  })

  it('is missed where it is not there', async () => {
    await assert.rejects(run([join(folder, 'none')]), /none" \(present .*\) cannot be run: spawn .*ENOENT/)
  })

  it('is ended when it takes longer than two minutes', async () => {
    const clock = new FakeClock()
    const path = join(folder, 'began')
    const running = run(toCommand(`fs.writeFileSync(${JSON.stringify(path)}, ''); setInterval(() => {}, 1000)`), {
      clock,
    })
    const told = assert.rejects(running, /took longer than 120 s and was ended/)
    await until(async () => (await readdir(folder)).includes('began') || undefined, 'the hook to begin')
    await clock.advance(119_999)
    assert.equal(clock.pending, 1)
    await clock.advance(1)
    await told
  })

  it('is ended with the order that it serves', async () => {
    const end = new AbortController()
    const running = run(toCommand('setInterval(() => {}, 1000)'), { end: end.signal })
    end.abort(new Error('called off'))
    await assert.rejects(running, { message: 'called off' })
  })

  it('is not waited for longer than it runs, though what it started holds its words', async () => {
    const child = `require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)'], { stdio: 'inherit' }).unref()`
    await run(toCommand(child))
  })
})

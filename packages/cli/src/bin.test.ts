/** Proves the real command in a process of its own: exit codes, pipes, and what is loaded. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createFolder } from './run-command.fixture.ts'

const bin = fileURLToPath(new URL('../bin/gatewright.js', import.meta.url))

function run(args: readonly string[], cwd: string): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd, encoding: 'utf8' })
  return { code: status, stdout, stderr }
}

describe('the command as a process', () => {
  const folder = createFolder({
    'gatewright.yaml': 'gatewright: 1\napis:\n  - { id: a, upstream: http://127.0.0.1:9001 }\n',
    'faulty.yaml': 'gatewright: 1\napis:\n  - { id: a, upstreem: http://127.0.0.1:9001 }\n',
  })

  it('finds gatewright.yaml in its folder and answers 0', () => {
    assert.deepEqual(run(['validate'], folder), { code: 0, stdout: 'No faults.\n', stderr: '' })
  })

  it('answers 1 for faults and 2 for a wrong command line', () => {
    const faulty = run(['validate', '--config', 'faulty.yaml'], folder)
    assert.equal(faulty.code, 1)
    assert.match(faulty.stdout, /^faulty\.yaml:3:14: fault: .*upstreem/m)
    assert.equal(run(['validate', '--config'], folder).code, 2)
  })

  it('ends with one line where a folder cannot be made', { skip: !existsSync('/proc/self') }, () => {
    const { status, stderr } = spawnSync(process.execPath, [bin, 'init', '/proc/x/y'], {
      encoding: 'utf8',
      // The system refuses in an instant, and Node's own recursion would go on for ever.
      timeout: 20_000,
      killSignal: 'SIGKILL',
    })
    assert.equal(status, 2)
    assert.match(stderr, /^gatewright init: the folder \/proc\/x cannot be made: [^\n]+\n$/)
  })

  it('names a way to run it on another Node that asks no registry for the command', () => {
    const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.0' } })`
    const preload = `data:text/javascript,${encodeURIComponent(old)}`
    const { stderr } = spawnSync(process.execPath, ['--import', preload, bin, 'start'], { encoding: 'utf8' })
    assert.ok(stderr.includes(`run \`npx --no-install node ${bin}\`.`), stderr)
  })

  it('does not mind a reader who has seen enough', () => {
    const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" schema | head -c 1`], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  })

  it('ends when it has answered, whatever an extension still waits for', () => {
    const waiting = createFolder({
      'gatewright.yaml':
        'gatewright: 1\nextensions: [./open.js]\napis: [{ id: a, upstream: "http://127.0.0.1:9001" }]\n',
      'open.js':
        "setInterval(() => {}, 60_000)\nimport { definePolicy, z } from '@gatewright/policies'\nexport const open = definePolicy({ name: 'open', phase: 'observe', summary: 'Is open.', options: z.strictObject({}), create: () => (exchange, next) => next(exchange) })\n",
    })
    assert.deepEqual(run(['validate'], waiting), { code: 0, stdout: 'No faults.\n', stderr: '' })
  })

  it('loads no command but the one that was asked for', () => {
    const script = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
      const { main } = await import(${JSON.stringify(new URL('./main.ts', import.meta.url).href)})
      await main(['start', '--port', 'none'])
      console.log(loaded.filter((url) => url.includes('/cli/src/commands/')).join())`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.match(stdout, /^[^,]*\/commands\/start\.ts\n$/)
  })
})

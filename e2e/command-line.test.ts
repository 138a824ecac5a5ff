/** Owns the proof that a control plane is set up and driven from a terminal alone, as somebody does who is new to it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'

const BIN = resolve(import.meta.dirname, '../packages/cli/bin/gatewright.js')
const PASSWORD = 'seven grey herons over the weir'
/** What gives a command a terminal of its own (util-linux). */
const hasTerminal = spawnSync('script', ['--version']).status === 0

describe('a control plane, from a terminal', () => {
  let control: RunningControlPlane
  let home: string

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'gatewright-home-'))
    control = await RunningControlPlane.start()
  })
  after(async () => {
    await control?.remove()
    await rm(home, { recursive: true, force: true })
  })

  const toLine = (args: readonly string[]) => [process.execPath, BIN, ...args].map((part) => `'${part}'`).join(' ')
  const run = (args: readonly string[], input = '') =>
    spawnSync('sh', ['-c', toLine(args)], { env: { ...process.env, XDG_CONFIG_HOME: home }, input, encoding: 'utf8' })

  it('is found by who asks the ports of its gateway', () => {
    const admin = /http:\/\/127\.0\.0\.1:\d+(?= {2}\(\/livez)/.exec(control.gateway.stderr)?.[0] ?? ''
    const asked = run(['login', admin], 'gwp_secret')
    assert.equal(asked.status, 1)
    assert.match(asked.stderr, /is no control plane: the status port of a gateway answers there\./)
    assert.ok(asked.stderr.includes(`The control plane answers at ${control.url.replace('127.0.0.1', 'localhost')}`))
    const called = run(['login', `http://127.0.0.1:${control.gateway.port}`], 'gwp_secret')
    assert.match(called.stderr, /is no control plane: a gateway answers there\./)
  })

  it('has its first account made by whoever has the link, and shows no password', { skip: !hasTerminal }, async () => {
    const link = `${control.url}/set-up#${control.setUpSecret}`
    const child = spawn('script', ['-qefc', toLine(['login', link, '--name', 'here']), '/dev/null'], {
      env: { ...process.env, XDG_CONFIG_HOME: home },
    })
    let shown = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text
    })
    for (const [question, answer] of [
      ['E-mail address: ', 'olga@example.com'],
      ['Name: ', 'Olga'],
      ['(it is not shown): ', PASSWORD],
      ['Once more: ', PASSWORD],
    ] as const) {
      await until(() => shown.includes(question) || undefined, question)
      child.stdin.write(`${answer}\n`)
    }
    const [code] = await once(child, 'close')
    assert.equal(code, 0, shown)
    assert.match(shown, /Logged in to here as token .* of Olga\./)
    assert.ok(shown.includes('olga@example.com'))
    assert.ok(!shown.includes('herons'), shown)
    assert.match(run(['whoami']).stdout, /^token .* of Olga .* at here/)
  })
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { COMMANDS } from './commands.ts'
import { listExamples } from './examples.ts'
import { runCommand } from './run-command.fixture.ts'

describe('gatewright', () => {
  it('alone shows every command with one sentence', async () => {
    const { code, stdout } = await runCommand([])
    assert.equal(code, 0)
    for (const name of COMMANDS.keys()) assert.match(stdout, new RegExp(`^  ${name} +[A-Z].*\\w`, 'm'))
    assert.equal((await runCommand(['--help'])).stdout, stdout)
  })

  it('tells its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    for (const flag of ['--version', '-V', '-v'])
      assert.deepEqual(await runCommand([flag]), { code: 0, stdout: version, stderr: '' })
  })

  it('answers an unknown command with exit code 2 and the one that was meant', async () => {
    const { code, stdout, stderr } = await runCommand(['vaildate'])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.equal(stderr, 'gatewright: unknown command "vaildate": did you mean "validate"? See: gatewright --help')
  })

  it('answers a wrong option with exit code 2 and one line', async () => {
    const { code, stderr } = await runCommand(['validate', '--overlya', 'x'])
    assert.equal(code, 2)
    assert.equal(
      stderr,
      'gatewright validate: unknown option --overlya: did you mean --overlay? See: gatewright validate --help',
    )
  })

  it('does not know commands named like something that every object has', async () => {
    assert.equal((await runCommand(['constructor'])).code, 2)
  })
})

describe('the help of start', () => {
  it('names every example, and both signals that drain', async () => {
    const words = (await runCommand(['start', '--help'])).stdout.replaceAll(/\s+/g, ' ')
    for (const { name } of listExamples()) assert.ok(words.includes(name), name)
    assert.match(words, /SIGTERM and SIGINT \(Ctrl-C\) drain/)
  })
})

describe('the help of each command', () => {
  for (const [name, { load }] of COMMANDS) {
    it(`${name}: says what it does, what it takes, and shows one example`, async () => {
      const { code, stdout } = await runCommand([name, '--help'])
      const command = await load()
      assert.equal(command.name, name)
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^gatewright ${name}: `))
      assert.match(command.example.line, new RegExp(`^gatewright ${name}( |$)`))
      assert.ok(stdout.includes(command.example.line))
      for (const [option, { description }] of Object.entries(command.options)) {
        assert.ok(stdout.includes(`--${option}`), option)
        assert.match(description, /\.$/)
      }
      for (const line of stdout.split('\n')) assert.ok(line.length <= 120, line)
    })
  }
})

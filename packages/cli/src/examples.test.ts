/** Proves that every example is one: without faults, with cases that pass, and running as it is described. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { GREETING_FILE, listExamples } from './examples.ts'
import { createFolder, runCommand } from './run-command.fixture.ts'

describe('the examples', () => {
  for (const { name, config, folder, summary } of listExamples()) {
    it(`${name}: is without faults and warnings`, async () => {
      assert.equal((await runCommand(['validate', '--config', config])).stdout, 'No faults.')
    })

    it(`${name}: passes its cases`, async () => {
      const { code, stdout, stderr } = await runCommand(['test', '--config', config, join(folder, 'tests.yaml')])
      assert.equal(code, 0, stdout + stderr)
    })

    it(`${name}: says in one sentence what it shows`, () => {
      assert.match(summary, /^[A-Z].*\.$/)
      const readme = readFileSync(new URL('../../../examples/README.md', import.meta.url), 'utf8')
      assert.ok(readme.includes(summary), 'examples/README.md has the same sentence')
    })

    it(`${name}: is written out whole by init, and found without flags afterwards`, async () => {
      const cwd = createFolder()
      const { code, stdout } = await runCommand(['init', '--example', name], { cwd })
      assert.equal(code, 0)
      assert.match(stdout, /^Next:$/m)
      const files = readdirSync(folder, { recursive: true }).filter((file) => file !== GREETING_FILE)
      assert.deepEqual(readdirSync(cwd, { recursive: true }).sort(), files.sort())
      const { code: tested, stderr } = await runCommand(['test'], { cwd })
      assert.equal(tested, 0, stderr)
    })
  }

  it('quickstart: offers three requests to try, the first without a key', () => {
    const greeting = listExamples().find(({ name }) => name === 'quickstart')?.greeting ?? []
    assert.equal(greeting.length, 3)
    for (const line of greeting) assert.match(line, /^curl .*http:\/\/localhost:\{port\}\//)
    assert.doesNotMatch(greeting[0] ?? '', /key/i)
  })

  it('folder: is without faults in production too', async () => {
    const example = listExamples().find(({ name }) => name === 'folder')
    assert.ok(example !== undefined)
    const overlay = join(example.folder, 'prod.yaml')
    assert.equal(
      (await runCommand(['validate', '--config', example.config, '--overlay', overlay])).stdout,
      'No faults.',
    )
    const changes = await runCommand(['routes', '--config', example.config, '--overlay', overlay, '--json'])
    assert.equal(changes.code, 0)
  })
})

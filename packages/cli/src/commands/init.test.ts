import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createFolder, runCommand } from '../run-command.fixture.ts'

describe('init', () => {
  it('overwrites nothing, and then writes nothing at all', async () => {
    const cwd = createFolder({ 'tests.yaml': 'mine' })
    const { code, stderr } = await runCommand(['init'], { cwd })
    assert.equal(code, 2)
    assert.match(stderr, /tests\.yaml exists already/)
    assert.equal(readFileSync(join(cwd, 'tests.yaml'), 'utf8'), 'mine')
    assert.equal(existsSync(join(cwd, 'gatewright.yaml')), false)
  })

  it('makes the folder it is given, and says how to go on from here', async () => {
    const cwd = createFolder({ 'bin/gatewright': '' })
    const { stdout } = await runCommand(['init', 'new/shop'], { cwd, env: { PATH: join(cwd, 'bin') } })
    assert.equal(existsSync(join(cwd, 'new/shop/gatewright.yaml')), true)
    assert.match(stdout, /^wrote new\/shop\/gatewright\.yaml$/m)
    assert.equal(existsSync(join(cwd, 'new/shop/curls.txt')), false, 'that is what `start --example` prints')
    assert.match(stdout, /^ {2}cd new\/shop\n {2}gatewright start$/m)
  })

  it('says how this very command is called, where it is not on the PATH', async () => {
    const cwd = createFolder({ 'node_modules/.bin/gatewright': '' })
    const env = { npm_command: 'exec' }
    const { stdout } = await runCommand(['init', 'shop'], { cwd, env })
    assert.match(stdout, /^ {2}cd shop\n {2}npx gatewright start\n {2}npx gatewright test$/m)
    // From a folder of somebody else, and below a package.json of its own, npx would ask the registry.
    const elsewhere = await runCommand(['init', 'shop'], { cwd: createFolder(), env })
    assert.match(elsewhere.stdout, /^ {2}cd shop\n {2}\/\S*node\S* \S+ start$/m)
    const own = await runCommand(['init', '--example', 'own-policy', 'own'], { cwd, env })
    assert.match(own.stdout, /^ {2}cd own\n {2}\/\S*node\S* \S+ start$/m)
  })

  it('says in one line that it cannot write where it is told to', async () => {
    const cwd = createFolder({ file: '' })
    for (const target of ['file', 'file/shop']) {
      const { code, stdout, stderr } = await runCommand(['init', target], { cwd })
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /^gatewright init: \S+file is a file, and no folder: name another\. See: .*$/)
    }
  })

  it('counts what is there already', async () => {
    const cwd = createFolder({ 'tests.yaml': '', 'README.md': '' })
    assert.match((await runCommand(['init'], { cwd })).stderr, /: README\.md, tests\.yaml exist already in /)
  })

  it('lists the examples, and names the one that was meant', async () => {
    const { stdout } = await runCommand(['init', '--list'])
    assert.match(stdout, /^quickstart +\S.*\.$/m)
    const { code, stderr } = await runCommand(['init', '--example', 'quikstart'])
    assert.equal(code, 2)
    assert.match(stderr, /did you mean "quickstart"\?/)
  })
})

import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { toOwnCommand } from './own-command.ts'
import { createFolder } from './run-command.fixture.ts'

const invocation = { script: '/clone/packages/cli/bin/gatewright.js', node: '/clone/node_modules/node/bin/node' }

describe('the words that call this command again', () => {
  it('are its name where it is on the PATH', () => {
    const folder = createFolder({ gatewright: '' })
    assert.equal(toOwnCommand({ ...invocation, env: { PATH: `/none:${folder}` } }, '/none'), 'gatewright')
  })

  it('are not its name where only npm put it on the PATH', () => {
    const folder = createFolder({ 'node_modules/.bin/gatewright': '' })
    const env = { PATH: `${folder}/node_modules/.bin`, npm_command: 'exec' }
    assert.equal(toOwnCommand({ ...invocation, env }, join(folder, 'shop/orders')), 'npx gatewright')
  })

  it('are not those of npx below another package, which would ask the registry', () => {
    const folder = createFolder({ 'node_modules/.bin/gatewright': '', 'shop/package.json': '{}' })
    const env = { PATH: `${folder}/node_modules/.bin`, npm_command: 'exec' }
    const words = '/clone/node_modules/node/bin/node /clone/packages/cli/bin/gatewright.js'
    assert.equal(toOwnCommand({ ...invocation, env }, join(folder, 'shop/orders')), words)
  })

  it('are Node and the script where npx would not find it', () => {
    const env = { PATH: '/none', npm_command: 'exec' }
    const words = '/clone/node_modules/node/bin/node /clone/packages/cli/bin/gatewright.js'
    assert.equal(toOwnCommand({ ...invocation, env }, createFolder()), words)
  })

  it('are the Node that ran the script where a shell would find another one, with quotes around spaces', () => {
    const script = '/my clone/bin/gatewright.js'
    const old = createFolder({ node: '' })
    for (const PATH of [undefined, old]) {
      assert.equal(toOwnCommand({ ...invocation, script, env: { PATH } }, '/none'), `${invocation.node} "${script}"`)
    }
  })

  it('are `node` where that is the one a shell finds, by whatever link', () => {
    const folder = createFolder({ 'real/node': '', 'bin/other': '' })
    symlinkSync(join(folder, 'real/node'), join(folder, 'bin/node'))
    const node = join(folder, 'real/node')
    const env = { PATH: `/none:${folder}/bin` }
    assert.equal(toOwnCommand({ ...invocation, node, env }, '/none'), `node ${invocation.script}`)
  })
})

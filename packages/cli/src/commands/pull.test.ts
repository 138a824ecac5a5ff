import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'
import { createFolder } from '../run-command.fixture.ts'

const stage = await openControlStage()

const toOrders = (title: string) => `title: ${title} # ours\nbasePath: /orders\nupstream: http://127.0.0.1:9001\n`
const put = (title: string) => stage.client.write('putApi', toOrders(title), { params: { team: 'main', id: 'orders' } })

describe('a folder that is pulled again', () => {
  const cwd = createFolder()
  const file = (path: string) => join(cwd, 'gate', path)
  const orders = () => readFileSync(file('apis/main/orders.yaml'), 'utf8')
  const pull = (more = '') => stage.run(`pull gate${more}`, { cwd })

  before(async () => {
    await put('One')
    assert.equal((await pull()).code, 0)
  })

  it('follows what was changed there, where nobody has changed it here', async () => {
    await put('Two')
    const dry = await pull(' --dry-run')
    assert.deepEqual([dry.code, dry.stdout], [2, 'would write apis/main/orders.yaml'])
    assert.equal(orders(), toOrders('One'))
    const { code, stdout } = await pull()
    assert.deepEqual([code, stdout], [0, 'wrote apis/main/orders.yaml'])
    assert.equal(orders(), toOrders('Two'))
    rmSync(file('apis/main/orders.yaml'))
    assert.equal((await pull()).code, 0)
    assert.equal(orders(), toOrders('Two'), 'what is missing comes back')
  })

  it('keeps what was changed or made here, and says which files and what to do', async () => {
    await put('Three')
    writeFileSync(file('apis/main/orders.yaml'), toOrders('Mine'))
    writeFileSync(file('apis/main/new.yaml'), 'basePath: /new\n')
    for (const more of ['', ' --dry-run', ' --json']) {
      const { code, stderr } = await pull(more)
      assert.equal(code, 1, stderr)
      assert.match(
        stderr,
        /^Nothing was written\. .*\n {2}apis\/main\/orders\.yaml\n {2}apis\/main\/new\.yaml \(there is none there\)\n/,
      )
      assert.match(stderr, /`gatewright diff gate`.*`gatewright apply gate`.*--force/)
      assert.equal(orders(), toOrders('Mine'))
      assert.ok(existsSync(file('apis/main/new.yaml')))
    }
  })

  it('takes what was applied for what is there', async () => {
    writeFileSync(file('apis/main/bad.yaml'), 'colour: red\n')
    assert.equal((await stage.run('apply gate', { cwd })).code, 1)
    assert.match((await pull()).stderr, /another there:\n {2}apis\/main\/bad\.yaml \(there is none there\)\nSee/)
    rmSync(file('apis/main/bad.yaml'))
    await put('Four')
    const { code, stderr } = await pull()
    assert.equal(code, 0, stderr)
    assert.equal(orders(), toOrders('Four'))
    assert.ok(existsSync(file('apis/main/new.yaml')), 'it was applied')
  })

  it('loses what was changed here where that is said', async () => {
    writeFileSync(file('apis/main/orders.yaml'), toOrders('Mine'))
    assert.equal((await pull()).code, 1)
    assert.equal((await pull(' --force')).code, 0)
    assert.equal(orders(), toOrders('Four'))
  })

  it('counts as changed where nobody knows what it was, unless it is what is there', async () => {
    rmSync(file('.pulled.json'))
    assert.equal((await pull()).code, 0)
    await put('Five')
    rmSync(file('.pulled.json'))
    assert.match((await pull()).stderr, /\n {2}apis\/main\/orders\.yaml\n/)
    writeFileSync(file('.pulled.json'), '<<<<<<< ours')
    assert.equal((await pull()).code, 1)
    assert.equal((await pull(' --force')).code, 0)
  })
})

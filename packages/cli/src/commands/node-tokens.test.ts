import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()

async function askAsNode(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'gatewright-node': 'one' }
  return (await fetch(`${stage.url}/node/v1/configuration?formats=1`, { headers })).status
}

describe('tokens of nodes, by commands', () => {
  before(async () => {
    await stage.client.ask('putNodeGroup', { params: { id: 'edge' }, body: {} })
  })

  it('are issued alone on stdout, good for a node, listed without being shown, and ended', async () => {
    assert.equal((await stage.run('node-tokens list edge')).stdout, 'It has no tokens.')
    const issued = await stage.run('node-tokens issue edge --name rack-1 --expires 2099-01-31T00:00:00Z')
    assert.equal(issued.code, 0, issued.stderr)
    assert.equal(await askAsNode(issued.stdout), 200)
    const uid = /uid is (\S+)\.$/.exec(issued.stderr)?.[1] ?? assert.fail(issued.stderr)
    const listed = await stage.run('node-tokens list edge')
    assert.match(listed.stdout, new RegExp(`^${uid} .* rack-1 +since \\S+Z +until 2099-01-31T00:00:00`))
    assert.ok(!listed.stdout.includes(issued.stdout))
    const ended = await stage.run(`node-tokens end edge ${uid}`)
    assert.deepEqual([ended.code, ended.stdout], [0, `${uid} has ended: it is refused from now on.`])
    assert.equal(await askAsNode(issued.stdout), 401)
    assert.match((await stage.run('node-tokens list edge')).stdout, new RegExp(`${uid}.* ended \\d{4}-`))
    const [only] = JSON.parse((await stage.run('node-tokens list edge --json')).stdout)
    assert.equal(only.name, 'rack-1')
  })

  it('are refused in words', async () => {
    for (const line of [
      'node-tokens draw edge',
      'node-tokens end edge',
      'node-tokens list edge some',
      'node-tokens list edge --name rack-1',
      'node-tokens issue edge --expires tomorrow',
    ])
      assert.equal((await stage.run(line)).code, 2, line)
    assert.equal((await stage.run('node-tokens issue nowhere')).code, 1)
    assert.equal((await stage.run('node-tokens end edge nothing')).code, 1)
  })
})

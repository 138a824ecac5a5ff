import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openControlStage } from '../control-stage.fixture.ts'

const stage = await openControlStage()
const NONE = [0, 0, 0, 0, 0]

async function beat(token: string, node: string, fault?: string): Promise<void> {
  const asking = { authorization: `Bearer ${token}`, 'gatewright-node': node }
  const { hash } = (await (
    await fetch(`${stage.url}/node/v1/configuration?formats=1`, { headers: asking })
  ).json()) as {
    hash: string
  }
  const counts = { requests: [0, 40, 0, 2, 0], refusals: NONE, others: NONE, apis: [], bytesIn: 1, bytesOut: 2 }
  const used = { sinceMs: 1000, inFlight: 0, connections: 3, memoryBytes: 200 * 2 ** 20, cpuMs: 4, loops: [] }
  const { status } = await fetch(`${stage.url}/node/v1/heartbeat`, {
    method: 'POST',
    headers: { ...asking, 'content-type': 'application/json' },
    body: JSON.stringify({
      node,
      version: '1.0.0',
      configuration: { sequence: 1, hash, ...(fault !== undefined && { fault }) },
      credentials: { sequence: 1 },
      snapshot: { version: 7, hash: '0123456789abcdef' },
      threads: [],
      usage: { ...counts, ...used },
    }),
  })
  assert.equal(status, 204)
}

describe('nodes, by a command', () => {
  it('are told with what they run and use, and one that cannot run it is a fault', async () => {
    const none = await stage.run('nodes')
    assert.deepEqual([none.code, none.stdout], [0, 'No node was heard from in the last minutes.'])
    await stage.client.ask('putEnvironment', { params: { id: 'prod' }, body: {} })
    await stage.client.ask('putNodeGroup', { params: { id: 'edge' }, body: {} })
    const issued = await stage.client.ask('issueNodeToken', { params: { group: 'edge' }, body: { name: 'all' } })
    const token = issued.body.value
    await beat(token, 'one')
    const told = await stage.run('nodes')
    assert.equal(told.code, 0, told.stderr)
    assert.match(
      told.stdout,
      /^one {2}\w+ +snapshot 7 0123456789ab +Gatewright 1\.0\.0 +heard \S+ +42 requests +3 connections +200 MB$/,
    )
    await beat(token, 'two', 'no room for it')
    const failing = await stage.run('nodes')
    assert.deepEqual([failing.code, failing.stderr], [1, 'node two cannot run it: no room for it'])
    assert.deepEqual(
      JSON.parse((await stage.run('nodes --json')).stdout).map(({ node }: { node: string }) => node),
      ['one', 'two'],
    )
  })
})

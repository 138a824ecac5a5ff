import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createApp } from '../http/create-app.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { ConfigurationFeed } from './configuration-feed.ts'
import { NodeRegistry } from './node-registry.ts'
import { serveNodes } from './serve-nodes.ts'
import { SharedHeartbeats } from './shared-heartbeats.ts'

const USAGE = {
  sinceMs: 1000,
  requests: [0, 1, 0, 0, 0],
  refusals: [0, 0, 0, 0, 0],
  bytesIn: 1,
  bytesOut: 2,
  apis: [{ api: 'prod.a', requests: [0, 1, 0, 0, 0] }],
  others: [0, 0, 0, 0, 0],
  inFlight: 0,
  connections: 1,
  memoryBytes: 3,
  cpuMs: 4,
  loops: [{ activeMs: 1, idleMs: 2 }],
}

await describeOnStores('what nodes ask', (open) => {
  it('is told to nodes alone, and each speaks for itself', async () => {
    const registry = new NodeRegistry(() => stage.nowMs)
    const stage: AdminStage = new AdminStage(await open(), { nodes: registry })
    const { store, nowMs } = stage.services
    const app = createApp(stage.services, [])
    const feed = new ConfigurationFeed()
    const heartbeats = new SharedHeartbeats({ store, feed, registry, nowMs })
    serveNodes(app, { store, feed, heartbeats, nowMs })
    await stage.ask('PUT /node-groups/edge', { body: {} })
    const token = (await stage.ask('POST /node-groups/edge/tokens', { body: { name: 'a' } })).json().value
    const beat = async (node: string, { as = token, name = 'a' } = {}): Promise<number> => {
      const payload = JSON.stringify({
        node,
        version: '1.0.0',
        configuration: { sequence: 1, hash: 'h' },
        credentials: { sequence: 1 },
        snapshot: { version: 1, hash: 's' },
        threads: [],
        usage: USAGE,
      })
      const headers = { authorization: `Bearer ${as}`, 'gatewright-node': name, 'content-type': 'application/json' }
      return (await app.inject({ method: 'POST', url: '/node/v1/heartbeat', headers, payload })).statusCode
    }
    assert.equal(await beat('a'), 204)
    assert.equal(await beat('b'), 400, 'of another node')
    const [listed] = (await stage.ask('GET /nodes')).json().items
    assert.deepEqual(
      [listed.node, listed.state, listed.version, listed.configuration, listed.usage.since, listed.usage.apis],
      [
        'a',
        'serves',
        '1.0.0',
        { sequence: 1, hash: 'h' },
        new Date(1000).toISOString(),
        [{ api: 'prod.a', requests: [0, 1, 0, 0, 0] }],
      ],
    )
    assert.equal((await stage.ask('GET /nodes', { as: 'stranger' })).statusCode, 404)
    assert.equal(await beat('a', { as: 'owner' }), 401, 'with what opens the admin API')
    assert.equal((await stage.ask('GET /me', { as: token })).statusCode, 401, 'and the other way round')
    assert.deepEqual(
      registry.listHeard().map(({ outcome }) => outcome.node),
      ['a'],
    )
    await stage.ask('PUT /node-groups/core', { body: { nodes: ['core-1'] } })
    assert.equal(await beat('core-1', { name: 'core-1' }), 401, 'it is proven by its certificate')
    const core = (await stage.ask('POST /node-groups/core/tokens', { body: { name: 'a' } })).json().value
    assert.equal(await beat('core-1', { as: core, name: 'core-1' }), 204)
  })
})

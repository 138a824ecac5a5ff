/** Owns the proof that a key goes on counting when an API supersedes the one that its app has subscribed to: for both, until the old one is retired. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Client } from '@gatewright/client'
import { findField } from './harness/answer.ts'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import { get } from './harness/raw-client.ts'

const main = (id: string) => ({ team: 'main', id })
const inDev = (id: string) => ({ ...main(id), environment: 'dev' })

describe('an API that is superseded', () => {
  let control: RunningControlPlane
  let client: Client
  const keys = new Map<string, string>()

  before(async () => {
    control = await RunningControlPlane.start({ threads: 2 })
    client = (await control.setUp()).client
    await client.ask('putEnvironment', { params: { id: 'dev' }, body: {} })
    for (const id of ['v1', 'v2']) {
      const policies = [{ policy: 'key-auth' }, { policy: 'respond', options: { body: id } }]
      await client.ask('putApi', { params: main(id), body: { basePath: `/${id}`, policies } })
      await client.ask('publish', { params: inDev(id), body: {} })
    }
    await client.ask('putPlan', { params: main('all'), body: {} })
    await client.ask('putPlan', { params: main('old'), body: { apis: [{ api: 'v1' }] } })
    await client.ask('putPlan', { params: main('new'), body: { apis: [{ api: 'v2' }] } })
    for (const [app, plan] of [
      ['both', 'all'],
      ['one', 'old'],
    ] as const) {
      await client.ask('putApp', { params: main(app), body: {} })
      keys.set(app, (await client.ask('issueKey', { params: main(app), body: {} })).body.value)
      await client.ask('requestSubscription', { params: main(app), body: { api: 'v1', plan } })
    }
  })
  after(() => control?.remove())

  const call = (app: string, path: string) => get(control.gateway.port, path, [`X-Api-Key: ${keys.get(app)}`])
  /** Once the gateway was told. */
  const untilAnswers = (app: string, path: string, status: number) =>
    until(async () => (await call(app, path)).status === status || undefined, `${app} ${path} ${status}`)

  it('leads to the next one, which the same keys open from then on', async () => {
    await untilAnswers('one', '/v1', 200)
    const body = { by: 'v2', moveSubscriptions: true, plan: 'new' }
    await client.ask('supersede', { params: inDev('v1'), body })
    // Its plan opens the next one alone: that the old one is closed says that the move has come.
    await untilAnswers('one', '/v1', 403)
    for (let i = 0; i < 4; i++) {
      const old = await call('both', '/v1')
      assert.deepEqual([old.status, findField(old, 'link')], [200, '</v2>; rel="successor-version"'])
      assert.deepEqual([(await call('both', '/v2')).status, (await call('one', '/v2')).status], [200, 200])
    }
  })

  it('is over for both once it is retired', async () => {
    await client.ask('retire', { params: inDev('v1'), body: {} })
    for (const app of ['both', 'one'])
      assert.deepEqual([(await call(app, '/v1')).status, (await call(app, '/v2')).status], [410, 200])
  })

  it('is suspended in both where it is suspended', async () => {
    await client.ask('revive', { params: inDev('v1'), body: {} })
    const { items } = (await client.ask('listSubscriptions', { query: { app: 'main/both' } })).body
    await client.ask('suspendSubscription', { params: { uid: items[0]?.uid ?? '' }, body: {} })
    await untilAnswers('both', '/v2', 403)
    assert.equal((await call('both', '/v1')).status, 403)
  })
})

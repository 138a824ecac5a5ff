/** Owns the proof that a real gateway runs a policy list in every API that uses it, and another one as soon as that is said: in its file, and in the control plane. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findField } from './harness/answer.ts'
import { RunningControlPlane } from './harness/control-plane.ts'
import { until } from './harness/deadline.ts'
import { get } from './harness/raw-client.ts'
import { stageGateway } from './harness/stage.ts'

const IDS = ['orders', 'carts']
const say = (word: string) => [{ policy: 'set-headers', options: { on: 'response', set: { 'X-Shared': word } } }]
const USES = [{ use: 'defaults' }, { policy: 'respond', options: { status: 200 } }]

const listSaid = async (port: number, prefix = '') =>
  await Promise.all(IDS.map(async (id) => findField(await get(port, `${prefix}/${id}/a`), 'x-shared')))

const toYaml = (word: string): string =>
  JSON.stringify({
    gatewright: 1,
    accessLog: 'off',
    policyLists: [{ id: 'defaults', policies: say(word) }],
    apis: IDS.map((id) => ({ id, basePath: `/${id}`, policies: USES })),
  })

describe('a policy list of a file', () => {
  const stage = stageGateway(() => toYaml('one'))

  it('runs in every API that uses it, and so does another one', async () => {
    assert.deepEqual(await listSaid(stage.gateway.port), ['one', 'one'])
    await stage.gateway.change(toYaml('two'))
    assert.deepEqual(await listSaid(stage.gateway.port), ['two', 'two'])
  })
})

describe('a policy list of a control plane', () => {
  let plane: RunningControlPlane
  before(async () => {
    plane = await RunningControlPlane.start()
  })
  after(() => plane?.remove())

  it('runs in every API that uses it, and another one without a publish', async () => {
    const { client } = await plane.setUp()
    const list = { team: 'main', id: 'defaults' }
    await client.ask('putPolicyList', { params: list, body: { policies: say('one') } })
    await client.ask('putEnvironment', { params: { id: 'dev' }, body: { pathPrefix: '/dev' } })
    for (const id of IDS) {
      const params = { team: 'main', id }
      await client.ask('putApi', { params, body: { basePath: `/${id}`, policies: USES } })
      await client.ask('publish', { params: { environment: 'dev', ...params }, body: {} })
    }
    const { port } = plane.gateway
    assert.deepEqual(await listSaid(port, '/dev'), ['one', 'one'])
    await client.ask('putPolicyList', { params: list, body: { policies: say('two') } })
    await until(async () => {
      const said = await listSaid(port, '/dev')
      return said.every((word) => word === 'two') || undefined
    }, 'the other list in both')
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const DAY_MS = 24 * 3_600_000
const people = new Map<string, Principal>([
  [
    'one',
    { actor: 'user:one', name: 'One', user: 'one', grants: [{ role: 'viewer', team: 'main', apis: ['orders-2'] }] },
  ],
])

interface Item {
  readonly id: string
  readonly version?: string
  readonly environments: readonly { readonly environment: string; readonly state: string; readonly since: string }[]
}

await describeOnStores('versions of an API, side by side', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    for (const id of ['prod', 'dev']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    await stage.ask('PUT /teams/other', { body: {} })
    for (const [at, version, family] of [
      ['main/orders-10', 'v10', 'orders'],
      ['main/orders-1', 'v1', 'orders'],
      ['main/orders-2', 'v2', 'orders'],
      ['main/users', undefined, undefined],
      ['other/orders', '1', 'orders'],
    ] as const) {
      const said = { ...(version !== undefined && { version }), ...(family !== undefined && { family }) }
      const body = { basePath: `/${at}`, upstream: 'http://127.0.0.1:9001', ...said }
      const answer = await stage.ask(`PUT /apis/${at}`, { body })
      assert.equal(answer.statusCode, 201, answer.body)
    }
    return stage
  }
  const post = async (stage: AdminStage, id: string, verb: string, body: object = {}) => {
    const [environment, action] = verb.split(' ')
    const answer = await stage.ask(`POST /environments/${environment}/apis/main/${id}/${action}`, { body })
    assert.equal(answer.statusCode, 200, answer.body)
    stage.nowMs += DAY_MS
  }
  const read = async (stage: AdminStage, query = '', as = 'owner'): Promise<Item[]> => {
    const answer = await stage.ask(`GET /api-states${query}`, { as })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json().items
  }

  it('have their states in each environment, with dates', async () => {
    const stage = await begin()
    await post(stage, 'orders-1', 'dev publish')
    await post(stage, 'orders-1', 'prod promote', { from: 'dev' })
    await post(stage, 'orders-2', 'dev publish')
    await post(stage, 'orders-1', 'dev deprecate', { sunsetAt: '2027-01-31T00:00:00Z' })
    await post(stage, 'orders-1', 'dev publish')
    await post(stage, 'orders-1', 'prod deprecate', { successor: '/v2' })
    await post(stage, 'orders-1', 'prod retire')
    const [one, two, ten, ...others] = await read(stage, '?family=orders&team=main')
    assert.deepEqual([one?.version, two?.version, ten?.version, others.length], ['v1', 'v2', 'v10', 0])
    assert.deepEqual(one?.environments, [
      {
        environment: 'dev',
        state: 'deprecated',
        since: '2023-11-17T22:13:20.000Z',
        revisions: [1],
        deprecatedAt: '2023-11-17T22:13:20.000Z',
        sunsetAt: '2027-01-31T00:00:00Z',
      },
      {
        environment: 'prod',
        state: 'retired',
        since: '2023-11-20T22:13:20.000Z',
        revisions: [1],
        deprecatedAt: '2023-11-19T22:13:20.000Z',
        successor: '/v2',
      },
    ])
    assert.deepEqual(
      two?.environments.map(({ environment, state }) => [environment, state]),
      [['dev', 'published']],
    )
    assert.deepEqual(ten?.environments, [], 'a draft')
    await post(stage, 'orders-1', 'dev take-out')
    assert.equal((await read(stage, '?family=orders&team=main'))[0]?.environments.length, 1)
    assert.deepEqual(stage.mistakes, [])
  })

  it('say it themselves where nothing else does', async () => {
    const stage = await begin()
    const lifecycle = { state: 'deprecated', deprecatedAt: '2026-01-31T00:00:00Z' }
    const openapi = '{"openapi":"3.1.0","info":{"title":"U","version":"7"},"paths":{}}'
    assert.equal((await stage.ask('PUT /apis/main/users/document', { body: { text: openapi } })).statusCode, 200)
    const { body } = (await stage.ask('GET /apis/main/users')).json()
    await post(stage, 'users', 'dev publish')
    assert.equal((await stage.ask('PUT /apis/main/users', { body: { ...body, lifecycle } })).statusCode, 200)
    await post(stage, 'users', 'dev publish', { acknowledge: { codes: ['all'], reason: 'x' } })
    const users = (await read(stage, '?team=main')).find(({ id }) => id === 'users')
    assert.deepEqual(
      [users?.version, users?.environments[0]?.state, users?.environments[0]?.since],
      ['7', 'deprecated', '2023-11-15T22:13:20.000Z'],
    )
  })

  it('are those that may be seen, in pages; the list of APIs knows families too', async () => {
    const stage = await begin()
    const ids = (items: readonly Item[]) => items.map(({ id }) => id)
    assert.deepEqual(ids(await read(stage, '?family=orders')), ['orders-1', 'orders-2', 'orders-10', 'orders'])
    assert.deepEqual(ids(await read(stage, '', 'one')), ['orders-2'])
    assert.deepEqual(ids(await read(stage, '?family=orders', 'stranger')), ['orders'])
    const first = (await stage.ask('GET /api-states?limit=3')).json()
    const second = (await stage.ask(`GET /api-states?limit=3&after=${first.next}`)).json()
    assert.equal(
      new Set([...first.items, ...second.items].map(({ team, id }: { team: string; id: string }) => team + id)).size,
      5,
    )
    const listed = (await stage.ask('GET /apis?family=orders&team=main')).json()
    assert.deepEqual([ids(listed.items), listed.total], [['orders-1', 'orders-10', 'orders-2'], 3])
    assert.deepEqual(ids(await read(stage, '?family=users')), ['users'], 'one that names none is called by its id')
    assert.deepEqual(ids(await read(stage, '?family=orders-1')), [])
    assert.equal((await stage.ask('GET /plans?family=orders')).statusCode, 400)
    assert.equal((await stage.ask('PUT /apis/main/x', { body: { family: 'no family' } })).statusCode, 400)
    assert.deepEqual(stage.mistakes, [])
  })
})

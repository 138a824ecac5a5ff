/** That nobody sees what an environment says beside what they may see of it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const toPerson = (name: string, ...grants: Principal['grants']): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants },
]
const PEOPLE = new Map([
  toPerson('apisOnly', { role: 'apis-only', team: 'main' }),
  toPerson('viewer', { role: 'viewer', team: 'main' }),
  toPerson('inProd', { role: 'publisher', team: 'main', environments: ['prod'] }),
  toPerson(
    'alsoInDev',
    { role: 'publisher', team: 'main', environments: ['prod'] },
    {
      role: 'apis-only',
      team: 'main',
      environments: ['dev'],
    },
  ),
])

await describeOnStores('what an environment says', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people: PEOPLE })
    const done = async (line: string, body: object): Promise<void> => {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, answer.body)
    }
    await done('PUT /roles/apis-only', { permissions: ['api:read'] })
    for (const id of ['dev', 'prod'])
      await done(`PUT /environments/${id}`, {
        pathPrefix: `/${id}`,
        hosts: [`${id}.internal`],
        variables: { tier: id },
      })
    await done(`PUT ${AT}`, { basePath: '/orders', upstream: 'http://127.0.0.1:9001' })
    for (const id of ['dev', 'prod']) await done(`POST /environments/${id}${AT}/publish`, {})
    return stage
  }
  const ask = async (stage: AdminStage, line: string, as: string) => (await stage.ask(line, { as })).statusCode

  it('is told by no difference and no export to who may not read it', async () => {
    const stage = await begin()
    for (const path of ['diff?from=environment:dev&to=environment:prod', 'export?environment=prod']) {
      assert.equal(await ask(stage, `GET ${AT}/${path}`, 'apisOnly'), 403, path)
      assert.equal(await ask(stage, `GET ${AT}/${path}`, 'viewer'), 200, path)
    }
    for (const path of ['diff?from=environment:dev&to=draft', 'export'])
      assert.equal(await ask(stage, `GET ${AT}/${path}`, 'apisOnly'), 200, path)
  })

  it('is seen by who is let in to others alone in none but those', async () => {
    const stage = await begin()
    for (const rest of ['', '/versions']) {
      assert.equal(await ask(stage, `GET /environments/prod${rest}`, 'inProd'), 200)
      assert.equal(await ask(stage, `GET /environments/dev${rest}`, 'inProd'), 403)
      assert.equal(await ask(stage, `GET /environments/dev${rest}`, 'viewer'), 200)
    }
    const list = async (as: string) => {
      const { items, total } = (await stage.ask('GET /environments', { as })).json()
      return [items.map(({ id }: { id: string }) => id), total]
    }
    assert.deepEqual(await list('inProd'), [['prod'], 1])
    assert.deepEqual(await list('viewer'), [['dev', 'prod'], 2])
  })

  it('and what is live there are promoted by who may read it there, and told to who may read both', async () => {
    const stage = await begin()
    await stage.ask(`PUT ${AT}`, { body: { title: 'Two', basePath: '/orders', upstream: 'http://127.0.0.1:9001' } })
    await stage.ask(`POST /environments/dev${AT}/publish`, { body: {} })
    const promote = (as: string) =>
      stage.ask(`POST /environments/prod${AT}/promote?dryRun=true`, { as, body: { from: 'dev' } })
    assert.equal((await promote('inProd')).statusCode, 404)
    const half = await promote('alsoInDev')
    assert.equal(half.statusCode, 200, half.body)
    assert.match(half.body, /title/)
    assert.doesNotMatch(half.body, /environment:/)
    assert.match((await promote('owner')).body, /environment: variables\.tier/)
    assert.deepEqual(stage.mistakes, [])
  })
})

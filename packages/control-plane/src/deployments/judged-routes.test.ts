import assert from 'node:assert/strict'
import { it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import { createResource } from '../resources/resource-store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const UPSTREAM = 'http://127.0.0.1:9001'
const ROUTES = ['one', 'two'].map((id) => ({ id, methods: ['GET'], path: `/${id}` }))

await describeOnStores('what keeps a revision from going live', (open) => {
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    for (const id of ['dev', 'prod']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    await say(stage, { routes: ROUTES })
    return stage
  }
  const say = (stage: AdminStage, body: object) =>
    stage.ask(`PUT ${AT}`, { body: { basePath: '/orders', upstream: UPSTREAM, ...body } })
  const post = async (stage: AdminStage, verb: string, body: object = {}, environment = 'dev') => {
    const answer = await stage.ask(`POST /environments/${environment}${AT}/${verb}`, { body })
    return { status: answer.statusCode, said: answer.json() }
  }

  it('is a rule, everybody’s or the team’s, where it speaks of the environment', async () => {
    const stage = await begin()
    const rule = (expression: string, more: object = {}) => ({
      body: { expression, message: 'Say in `owner` who answers for it.', ...more },
    })
    assert.equal((await stage.ask('PUT /rules/owner', rule('owner ='))).statusCode, 400)
    const inProd = rule('owner != ""', { where: { environments: ['prod'] } })
    assert.equal((await stage.ask('PUT /rules/owner', inProd)).statusCode, 201)
    const warning = rule('api.title != ""', { severity: 'warning' })
    assert.equal((await stage.ask('PUT /team-rules/main/title', warning)).statusCode, 201)
    await stage.ask('PUT /teams/other', { body: {} })
    await stage.ask('PUT /team-rules/other/none', rule('false'))
    const published = await post(stage, 'publish')
    assert.deepEqual(
      [published.status, published.said.warnings.map(({ rule: id }: { rule: string }) => id)],
      [200, ['title']],
    )
    for (const [verb, body] of [
      ['publish', {}],
      ['promote', { from: 'dev' }],
    ] as const) {
      const { status, said } = await post(stage, verb, body, 'prod')
      assert.deepEqual([status, said.type], [422, 'urn:gatewright:problem:rule-broken'])
      assert.deepEqual(
        said.findings.map(({ rule: id, suggestion }: { rule: string; suggestion: string }) => [id, suggestion]),
        [
          ['owner', 'Say in `owner` who answers for it.'],
          ['title', 'Say in `owner` who answers for it.'],
        ],
      )
    }
    assert.equal((await stage.ask(`GET /environments/prod${AT}`)).statusCode, 404)
    await say(stage, { routes: ROUTES, owner: 'shop' })
    assert.equal((await post(stage, 'publish', {}, 'prod')).status, 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('is asked of upstreams that the team shares, too', async () => {
    const stage = await begin()
    const body = { title: 'Shared', targets: ['http://127.0.0.1:9001'] }
    await stage.services.store.write((change) =>
      createResource({ ...change, by: 'system', nowMs: 0 }, { kind: 'upstream', team: 'main', id: 'shared' }, body),
    )
    await say(stage, { upstream: 'shared' })
    const expression = 'api.upstreams.all(each, each.targets.exists(target, target.startsWith("https://")))'
    await stage.ask('PUT /rules/targets', { body: { expression, message: 'Name targets.' } })
    assert.equal((await post(stage, 'publish')).status, 422)
    const other = expression.replace('https', 'http')
    await stage.ask('PUT /rules/targets', { body: { expression: other, message: 'Name targets.' } })
    assert.equal((await post(stage, 'publish')).status, 200)
  })

  it('is what callers would notice, until somebody says that it is known, and why', async () => {
    const stage = await begin()
    await post(stage, 'publish')
    await say(stage, { routes: ROUTES.slice(0, 1) })
    for (const [verb, body] of [
      ['publish', {}],
      ['canary', { share: 10 }],
    ] as const) {
      const { status, said } = await post(stage, verb, body)
      assert.deepEqual([status, said.type], [422, 'urn:gatewright:problem:breaks-callers'])
      assert.deepEqual(
        said.changes.map(({ code }: { code: string }) => code),
        ['route-removed'],
      )
    }
    const other = { acknowledge: { codes: ['method-removed'], reason: 'no' } }
    assert.equal((await post(stage, 'publish', other)).status, 422)
    const known = { acknowledge: { codes: ['route-removed'], reason: 'nobody calls it' }, share: 10, message: 'try' }
    const canary = await post(stage, 'canary', known)
    assert.equal(canary.status, 200, JSON.stringify(canary.said))
    assert.equal(canary.said.message, 'try\n\nBreaking changes are known (route-removed): nobody calls it')
    assert.equal((await post(stage, 'canary/promote')).status, 200, 'it was said when the canary began')
    assert.equal((await post(stage, 'rollback', { to: 1 })).status, 200, 'it was live')
    const all = await post(stage, 'publish', { acknowledge: { codes: ['all'], reason: 'agreed' } })
    assert.equal(all.status, 200)
    const notes = await stage.services.store.read((db) => listAudit(db, { limit: 9, action: 'canary' }))
    assert.deepEqual(
      notes.map(({ details }) => (details as { acknowledged?: unknown }).acknowledged),
      [undefined, ['route-removed']],
    )
  })
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { listAudit } from '../audit/audit-log.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const LIVE = `/environments/dev${AT}`

await describeOnStores('what is live, by the admin API', (open) => {
  /** Two environments, and an API that anyone could publish. */
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open())
    for (const id of ['dev', 'prod']) await stage.ask(`PUT /environments/${id}`, { body: { pathPrefix: `/${id}` } })
    await say(stage, 'one')
    return stage
  }
  const say = (stage: AdminStage, title: string) =>
    stage.ask(`PUT ${AT}`, { body: { title, basePath: '/orders', upstream: 'http://127.0.0.1:9001' } })
  const post = async (stage: AdminStage, verb: string, body: object = {}) => {
    const answer = await stage.ask(`POST ${LIVE}/${verb}`, { body })
    return [answer.statusCode, answer.json().releases ?? answer.json().detail]
  }

  it('is published, changed, rolled back and taken out', async () => {
    const stage = await begin()
    assert.equal((await stage.ask(`GET ${LIVE}`)).statusCode, 404)
    assert.deepEqual(await post(stage, 'publish', { message: 'first' }), [200, [{ revision: 1, share: 100 }]])
    await say(stage, 'two')
    assert.deepEqual(await post(stage, 'publish'), [200, [{ revision: 2, share: 100 }]])
    assert.deepEqual(await post(stage, 'rollback'), [200, [{ revision: 1, share: 100 }]])
    assert.deepEqual(await post(stage, 'rollback', { to: 2 }), [200, [{ revision: 2, share: 100 }]])
    assert.deepEqual(await post(stage, 'publish', { revision: 1 }), [200, [{ revision: 1, share: 100 }]])
    assert.deepEqual(await post(stage, 'take-out'), [200, []])
    const { items } = (await stage.ask(`GET ${LIVE}/versions`)).json()
    assert.deepEqual(
      items.map(({ why, message }: { why: string; message: string }) => `${why} ${message}`.trim()),
      ['undeploy', 'publish', 'rollback', 'rollback', 'publish', 'publish first'],
    )
    const told = await stage.services.store.read((db) => listAudit(db, { limit: 10, action: 'rollback' }))
    assert.deepEqual(told.map(({ details }) => details)[1], {
      id: 'orders',
      environment: 'dev',
      before: [{ revision: 2, share: 100 }],
      after: [{ revision: 1, share: 100 }],
      message: '',
    })
    assert.deepEqual(stage.mistakes, [])
  })

  it('is tried on a part of the traffic, whichever part that is', async () => {
    const stage = await begin()
    assert.deepEqual(await post(stage, 'canary', { share: 10 }), [404, '"orders" was never published to "dev".'])
    await post(stage, 'publish')
    assert.deepEqual(await post(stage, 'canary', { share: 10 }), [409, 'Revision 1 has the traffic already.'])
    await say(stage, 'two')
    const parts = (share: number) => [
      { revision: 1, share: 100 - share },
      { revision: 2, share },
    ]
    assert.deepEqual(await post(stage, 'canary', { share: 10 }), [200, parts(10)])
    assert.deepEqual(await post(stage, 'canary', { revision: 2, share: 90 }), [200, parts(90)])
    const when = 'request.method == "PUT"'
    assert.deepEqual(await post(stage, 'canary', { when }), [
      200,
      [
        { revision: 1, share: 100 },
        { revision: 2, when },
      ],
    ])
    assert.deepEqual(await post(stage, 'canary/abort'), [200, [{ revision: 1, share: 100 }]])
    assert.equal((await post(stage, 'canary/abort'))[0], 409)
    await post(stage, 'canary', { share: 90 })
    assert.deepEqual(await post(stage, 'canary/promote'), [200, [{ revision: 2, share: 100 }]])
    for (const body of [{}, { share: 10, when }, { share: 0 }, { share: 100 }])
      assert.equal((await post(stage, 'canary', body))[0], 400, JSON.stringify(body))
  })

  it('goes from one environment to the next', async () => {
    const stage = await begin()
    const promote = () => stage.ask(`POST /environments/prod${AT}/promote`, { body: { from: 'dev' } })
    assert.equal((await promote()).statusCode, 404)
    await post(stage, 'publish')
    await say(stage, 'two')
    await post(stage, 'canary', { share: 60 })
    const promoted = await promote()
    assert.deepEqual([promoted.statusCode, promoted.json().releases], [200, [{ revision: 1, share: 100 }]])
  })

  it('is changed by nobody who has not seen what is', async () => {
    const stage = await begin()
    const publish = (version: number) =>
      stage.ask(`POST ${LIVE}/publish`, { body: {}, headers: { 'if-match': `"${version}"` } })
    assert.equal((await publish(0)).statusCode, 200)
    const late = await publish(0)
    assert.deepEqual([late.statusCode, late.json().current.version], [412, 1])
    assert.equal((await publish(1)).statusCode, 200)
  })

  it('is nothing that gateways could not run: it is said why, and nothing is changed', async () => {
    const stage = await begin()
    const body = {
      basePath: '/orders',
      policies: [{ policy: 'rate-limit', options: { limit: 'many' } }, { policy: 'nobody' }],
    }
    assert.equal((await stage.ask(`PUT ${AT}`, { body })).statusCode, 200, 'a draft may be wrong')
    const answer = await stage.ask(`POST ${LIVE}/publish`, { body: {} })
    assert.equal(answer.statusCode, 422)
    const said = answer
      .json()
      .findings.map(({ message }: { message: string }) => message)
      .join('\n')
    assert.match(said, /limit/)
    assert.match(said, /nobody/)
    assert.equal((await stage.ask(`GET ${LIVE}`)).statusCode, 404)
    assert.deepEqual((await stage.ask(`GET ${AT}/revisions`)).json(), { items: [] })
    await say(stage, 'mended')
    assert.deepEqual(await post(stage, 'publish'), [200, [{ revision: 1, share: 100 }]])
    const dry = await stage.ask(`POST ${LIVE}/canary?dryRun=true`, { body: { revision: 7, share: 10 } })
    assert.equal(dry.statusCode, 404)
  })

  it('is tried without being kept, and what is kept then is another revision of the same number', async () => {
    const stage = await begin()
    const tried = await stage.ask(`POST ${LIVE}/publish?dryRun=true`, { body: {} })
    assert.deepEqual(tried.json().changes, ['[0]: (nothing) → {"revision":1,"share":100}'])
    await stage.ask(`PUT ${AT}`, { body: { policies: [{ policy: 'nobody' }] } })
    assert.equal((await post(stage, 'publish'))[0], 422, 'not the one that was tried')
  })

  it('is brought from elsewhere: revisions with their numbers, and who gets each', async () => {
    const stage = await begin()
    const upstream = 'http://127.0.0.1:9001'
    const restore = (number: number, title: string, as = 'owner') =>
      stage.ask(`PUT ${AT}/revisions/${number}`, { as, body: { body: { title, basePath: '/orders', upstream } } })
    assert.equal((await restore(7, 'seven')).statusCode, 201)
    assert.equal((await restore(7, 'seven')).statusCode, 200)
    assert.equal((await restore(7, 'other')).statusCode, 409)
    assert.equal((await restore(3, 'three')).statusCode, 201)
    assert.equal((await restore(4, 'four', 'viewer')).statusCode, 403)
    const releases = [
      { revision: 3, share: 90 },
      { revision: 7, share: 10 },
    ]
    assert.deepEqual(await post(stage, 'releases', { releases }), [200, releases])
    assert.equal((await post(stage, 'releases', { releases: [{ revision: 9, share: 100 }] }))[0], 404)
    assert.equal((await post(stage, 'releases', { releases: [{ revision: 3, share: 90 }] }))[0], 400)
    const live = (await stage.ask('GET /environments/dev/live', { as: 'viewer' })).json()
    assert.deepEqual(
      live.items.map(({ team, api, releases: said }: Record<string, unknown>) => [team, api, said]),
      [['main', 'orders', releases]],
    )
    assert.deepEqual((await stage.ask('GET /environments/dev/live', { as: 'stranger' })).json(), { items: [] })
    assert.equal((await stage.ask('GET /environments/nowhere/live')).statusCode, 404)
  })

  it('brings in nothing of who may publish, and may not edit', async () => {
    const stage = await begin()
    const grants = [{ role: 'publisher-only', team: '*' }]
    await stage.ask('PUT /roles/publisher-only', { body: { permissions: ['api:read', 'api:publish'] } })
    const people = new Map([['pat', { actor: 'user:pat', name: 'Pat', grants }]])
    const asPat = new AdminStage(stage.services.store, { people })
    const refused = await asPat.ask(`PUT ${AT}/revisions/7`, { as: 'pat', body: { body: {} } })
    assert.deepEqual([refused.statusCode, refused.json().permission], [403, 'api:edit'])
  })
})

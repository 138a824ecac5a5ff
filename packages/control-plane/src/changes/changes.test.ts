import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { listAudit } from '../audit/audit-log.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const AT = '/apis/main/orders'
const LIVE = `/environments/prod${AT}`
const toPublisher = (name: string): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role: 'publisher', team: 'main' }] },
]
const SERVICE: Principal = { actor: 'token:robot', name: 'Robot', grants: [{ role: 'publisher', team: 'main' }] }
const PEOPLE = new Map([...['ann', 'bob', 'eve'].map(toPublisher), ['robot', SERVICE] as const])

await describeOnStores('what others have to approve', (open) => {
  async function begin(protection: object): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people: PEOPLE })
    await protect(stage, protection)
    await say(stage, 'one')
    return stage
  }
  const protect = async (stage: AdminStage, protection?: object) => {
    const answer = await stage.ask('PUT /environments/prod', { body: protection === undefined ? {} : { protection } })
    assert.ok(answer.statusCode < 300, answer.body)
  }
  const say = (stage: AdminStage, title: string) =>
    stage.ask(`PUT ${AT}`, { body: { title, basePath: '/orders', upstream: 'http://127.0.0.1:9001' } })
  const post = async (stage: AdminStage, as: string, verb: string, body: object = {}) => {
    const answer = await stage.ask(`POST ${LIVE}/${verb}`, { as, body })
    return [answer.statusCode, answer.statusCode < 300 ? answer.json().change : answer.json().type.replace(/^.*:/, '')]
  }
  const findVersion = async (stage: AdminStage) => {
    const answer = await stage.ask(`GET ${LIVE}`)
    return answer.statusCode === 200 ? answer.json().version : undefined
  }

  it('waits for as many others as are asked for, and is done then as who asked wanted it', async () => {
    const stage = await begin({ approvals: 2 })
    assert.deepEqual(await post(stage, 'ann', 'publish', { message: 'first' }), [202, 1])
    assert.equal(await findVersion(stage), undefined)
    await say(stage, 'two')
    assert.deepEqual(await post(stage, 'ann', 'changes/1/approve'), [403, 'not-allowed'])
    assert.deepEqual(await post(stage, 'robot', 'changes/1/approve'), [403, 'not-allowed'])
    const once = await stage.ask(`POST ${LIVE}/changes/1/approve`, { as: 'bob', body: { note: 'fine' } })
    assert.deepEqual([once.statusCode, once.json().change.state, once.json().deployment], [200, 'waiting', undefined])
    assert.deepEqual(await post(stage, 'bob', 'changes/1/approve'), [409, 'conflict'])
    const twice = await stage.ask(`POST ${LIVE}/changes/1/approve`, { as: 'eve', body: {} })
    const { change, deployment } = twice.json()
    assert.deepEqual([change.state, deployment.by, deployment.message], ['done', 'user:ann', 'first'])
    assert.deepEqual(deployment.releases, [{ revision: 1, share: 100 }], 'what it said when it was asked for')
    assert.equal(await findVersion(stage), 1)
    const [told] = await stage.services.store.read((db) => listAudit(db, { limit: 1, action: 'publish' }))
    const { askedBy, approvedBy } = (told?.details ?? {}) as Record<string, unknown>
    assert.deepEqual([askedBy, approvedBy], ['user:ann', ['user:bob', 'user:eve']])
    assert.deepEqual(await post(stage, 'bob', 'changes/1/approve'), [409, 'conflict'])
    assert.deepEqual(await post(stage, 'bob', 'changes/9/approve'), [404, 'not-found'])
    assert.deepEqual(stage.mistakes, [])
  })

  it('shows those who approve it what would be another than what is live, and what callers would notice', async () => {
    const stage = await begin({})
    const put = (body: object) =>
      stage.ask(`PUT ${AT}`, { body: { basePath: '/orders', upstream: 'http://127.0.0.1:9001', ...body } })
    await put({ routes: ['list', 'get'].map((id) => ({ id, path: `/${id}` })) })
    await post(stage, 'ann', 'publish')
    await protect(stage, { approvals: 1 })
    await put({ title: 'Two', routes: [{ id: 'list', path: '/list' }] })
    const acknowledge = { codes: ['all'], reason: 'nobody calls it' }
    assert.deepEqual(await post(stage, 'ann', 'publish', { acknowledge }), [202, 1])
    const show = async () => (await stage.ask(`GET ${LIVE}/changes/1`, { as: 'bob' })).json()
    const { changes, breaking } = await show()
    assert.match(changes.join('\n'), /Two[\s\S]*route get: /)
    assert.deepEqual(
      breaking.map(({ code }: { code: string }) => code),
      ['route-removed'],
    )
    await post(stage, 'bob', 'changes/1/approve')
    assert.equal((await show()).changes, undefined, 'what is live has become that')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is approved by those whom the environment names, where it does', async () => {
    const stage = await begin({ approvals: 1, approvers: ['eve'] })
    await post(stage, 'ann', 'publish')
    assert.deepEqual(await post(stage, 'bob', 'changes/1/approve'), [403, 'not-allowed'])
    assert.equal((await post(stage, 'eve', 'changes/1/approve'))[0], 200)
  })

  it('is judged, checked and compared with what is live once more', async () => {
    const stage = await begin({ approvals: 1 })
    await post(stage, 'ann', 'publish')
    await stage.ask('PUT /rules/owner', { body: { expression: 'owner != ""', message: 'Say it.' } })
    assert.deepEqual(await post(stage, 'bob', 'changes/1/approve'), [422, 'rule-broken'])
    await stage.ask('DELETE /rules/owner')
    await say(stage, 'two')
    await post(stage, 'ann', 'publish')
    assert.equal((await post(stage, 'bob', 'changes/1/approve'))[0], 200, 'it waits as before')
    assert.deepEqual(await post(stage, 'bob', 'changes/2/approve'), [412, 'changed-meanwhile'])
    await stage.ask(`PUT ${AT}`, { body: { basePath: '/orders', policies: [{ policy: 'respnd' }] } })
    assert.deepEqual(await post(stage, 'ann', 'publish'), [422, 'cannot-be-live'], 'what cannot be done does not wait')
  })

  it('is refused, withdrawn by who asked, or ends by itself', async () => {
    const stage = await begin({ approvals: 1 })
    for (const title of ['one', 'two', 'three']) {
      await say(stage, title)
      await post(stage, 'ann', 'publish')
    }
    assert.equal((await post(stage, 'eve', 'changes/1/refuse', { note: 'no' }))[0], 200)
    assert.deepEqual(await post(stage, 'bob', 'changes/2/withdraw'), [403, 'not-allowed'])
    assert.equal((await post(stage, 'ann', 'changes/2/withdraw'))[0], 200)
    stage.nowMs += 14 * 24 * 3_600_000
    assert.deepEqual(await post(stage, 'bob', 'changes/3/approve'), [409, 'conflict'])
    const list = async (query: string, as = 'viewer') =>
      (await stage.ask(`GET /changes?${query}`, { as }))
        .json()
        .items.map(({ number, state }: { number: number; state: string }) => `${number} ${state}`)
    assert.deepEqual(await list('limit=9'), ['2 withdrawn', '1 refused', '3 expired'])
    assert.deepEqual(await list('state=expired'), ['3 expired'])
    assert.deepEqual(await list('state=waiting'), [])
    assert.deepEqual(await list('limit=9', 'stranger'), [])
    const one = (await stage.ask(`GET ${LIVE}/changes/1`, { as: 'viewer' })).json()
    assert.deepEqual([one.why, one.of, one.end.by, one.end.note, one.needed], ['publish', 0, 'user:eve', 'no', 1])
    assert.equal(await findVersion(stage), undefined)
  })

  it('waits once, however often who asked asks again for the same', async () => {
    const stage = await begin({ approvals: 1 })
    const countNotes = async () =>
      (await stage.services.store.read((db) => listAudit(db, { limit: 99, action: 'ask-for-change' }))).length
    for (const message of ['first', 'once more'])
      assert.deepEqual(await post(stage, 'ann', 'publish', { message }), [202, 1])
    assert.equal(await countNotes(), 1)
    assert.deepEqual(await post(stage, 'bob', 'publish'), [202, 2], 'another asks')
    await post(stage, 'ann', 'changes/1/withdraw')
    assert.deepEqual(await post(stage, 'ann', 'publish'), [202, 3], 'it does not wait any more')
    await say(stage, 'two')
    assert.deepEqual(await post(stage, 'ann', 'publish'), [202, 4], 'something else')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is nothing that others have to approve where nothing changes', async () => {
    const stage = await begin({ approvals: 1 })
    await stage.ask('PUT /environments/dev', { body: { pathPrefix: '/dev' } })
    await stage.ask(`POST /environments/dev${AT}/publish`, { body: {} })
    await post(stage, 'ann', 'publish')
    await post(stage, 'bob', 'changes/1/approve')
    const two = await post(stage, 'ann', 'deprecate', { deprecatedAt: '2023-11-14T22:13:20Z' })
    assert.deepEqual(two, [202, 2])
    for (const [verb, body] of [
      ['publish', {}],
      ['publish', { revision: 1, message: 'again' }],
      ['promote', { from: 'dev' }],
      ['releases', { releases: [{ revision: 1, share: 100 }], lifecycle: null }],
    ] as const)
      assert.deepEqual(await post(stage, 'ann', verb, body), [200, undefined], verb)
    assert.equal(await findVersion(stage), 1)
    assert.deepEqual(await post(stage, 'ann', 'promote', { from: 'prod' }), [400, 'request-invalid'])
    assert.equal((await post(stage, 'bob', 'changes/2/approve'))[0], 200, 'it is made of what is live yet')
    assert.deepEqual(await post(stage, 'ann', 'publish'), [200, undefined])
    assert.deepEqual(stage.mistakes, [])
  })

  it('goes back at once in an emergency: to what was live before, by one who may approve, with a reason', async () => {
    const stage = await begin({ approvals: 1 })
    for (const number of [1, 2]) {
      await say(stage, String(number))
      await post(stage, 'ann', 'publish')
      await post(stage, 'bob', `changes/${number}/approve`)
    }
    assert.equal((await post(stage, 'ann', 'rollback'))[0], 202)
    assert.equal((await post(stage, 'ann', 'rollback', { override: 'it burns', to: 1 }))[0], 202)
    assert.equal((await post(stage, 'ann', 'publish', { override: 'it burns', revision: 1 }))[0], 202)
    assert.deepEqual(await post(stage, 'ann', 'rollback', { override: 'it burns' }), [200, undefined])
    const live = (await stage.ask(`GET ${LIVE}`)).json()
    assert.deepEqual([live.releases[0].revision, live.message], [1, 'It could not wait: it burns'])
    await protect(stage, { approvals: 1, frozen: { reason: 'A holiday.' } })
    assert.deepEqual(await post(stage, 'ann', 'rollback'), [409, 'environment-frozen'])
    assert.deepEqual(await post(stage, 'ann', 'rollback', { override: 'that was wrong' }), [200, undefined])
  })

  it('does not change in a freeze, but for owners with a reason', async () => {
    const until = new Date(1_700_000_000_000 + 1_000).toISOString()
    const stage = await begin({ frozen: { until, reason: 'A holiday.' } })
    assert.deepEqual(await post(stage, 'owner', 'publish'), [409, 'environment-frozen'])
    assert.deepEqual(await post(stage, 'ann', 'publish', { override: 'please' }), [409, 'environment-frozen'])
    assert.deepEqual(await post(stage, 'owner', 'publish', { override: 'it has to be' }), [200, undefined])
    stage.nowMs += 1_000
    await say(stage, 'two')
    assert.deepEqual(await post(stage, 'ann', 'publish'), [200, undefined])
  })

  it('stands in an environment that nobody removes', async () => {
    const stage = await begin({})
    const remove = async () => (await stage.ask('DELETE /environments/prod')).statusCode
    assert.equal(await remove(), 409)
    await protect(stage)
    assert.equal(await remove(), 204)
  })
})

/** Proves that what waits is done by the rules and rights of the day when it is done, and leaves nothing of what was sent once it has ended. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'

const toPerson = (name: string, role: string, team = '*'): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role, team }] },
]
const PEOPLE = ['ann', 'bob', 'eve', 'dan'].map((name) => toPerson(name, 'owner'))
const DAY_MS = 24 * 3_600_000
const LIMIT = (limit: number) => ({ policy: 'rate-limit', options: { limit, windowSeconds: 60 } })
const UPSTREAM = 'http://127.0.0.1:9001'

await describeOnStores('a change that waits', (open) => {
  /** `orders` is live in `prod`, with a policy list and a secret. */
  async function begin({ approvals = 1, more = [] as readonly (readonly [string, object])[] } = {}) {
    const people = new Map(PEOPLE)
    const stage = new AdminStage(await open(), { people })
    const ask = async (line: string, as: string, body: object = {}) => {
      const answer = await stage.ask(line, { as, ...(!line.startsWith('GET') && { body }) })
      const said = answer.json()
      return { status: answer.statusCode, said, code: String(said.type ?? '').replace(/^.*:/, '') }
    }
    const policies = [
      { policy: 'key-auth' },
      { use: 'defaults' },
      { policy: 'set-headers', options: { set: { 'X-Token': '${secret:TOKEN}' } } },
    ]
    const orders = { basePath: '/orders', upstream: UPSTREAM, policies }
    for (const [line, body] of [
      ['PUT /environments/prod', {}],
      ['PUT /environments/prod/secrets/TOKEN', { value: 'one' }],
      ['PUT /policy-lists/main/defaults', { policies: [LIMIT(5)] }],
      ['PUT /apis/main/orders', orders],
      ['POST /environments/prod/apis/main/orders/publish', {}],
      ...more,
      ['PUT /environments/prod', { protection: { approvals } }],
    ] as const) {
      const { status, said } = await ask(line, 'ann', body)
      assert.ok(status < 300 && status !== 202, `${line}: ${JSON.stringify(said)}`)
    }
    const approve = async (as: string, number: number, at = '') => {
      const { status, said, code } = await ask(`POST /environments/prod${at}/changes/${number}/approve`, as)
      return { came: status === 200 ? said.change.state : code, detail: said.detail, change: said.change }
    }
    return { stage, people, ask, approve }
  }
  const readWishes = (stage: AdminStage) =>
    stage.services.store.read((db) => db.selectFrom('changes').select(['state', 'wish']).orderBy('number').execute())

  it('is not done where this version takes no such request any more, and says what does not fit', async () => {
    const { stage, ask, approve } = await begin()
    assert.equal((await ask('PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(6)] })).status, 202)
    const [{ wish } = { wish: '' }] = await readWishes(stage)
    const asked = JSON.parse(wish)
    const older = { ...asked, input: { ...asked.input, body: { ...asked.input.body, before: [] } } }
    await stage.services.store.write(({ db }) =>
      db
        .updateTable('changes')
        .set({ wish: JSON.stringify(older) })
        .execute(),
    )
    const { came, detail } = await approve('bob', 1)
    assert.deepEqual(
      [came, /body: .*"before"/.test(detail), /Refuse it/.test(detail)],
      ['conflict', true, true],
      `${detail}`,
    )
    assert.equal((await ask('POST /environments/prod/changes/1/refuse', 'bob')).status, 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('leaves nothing of what was sent when it has ended, however it ends', async () => {
    const { stage, ask, approve } = await begin()
    for (const value of ['done-one', 'refused-one', 'withdrawn-one', 'expired-one'])
      assert.equal((await ask('PUT /environments/prod/secrets/TOKEN', 'ann', { value })).status, 202)
    assert.equal((await ask('PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(4711)] })).status, 202)
    const before = await readWishes(stage)
    assert.ok(before.slice(0, 4).every(({ wish }) => /"sealed"/.test(wish)))
    assert.equal((await approve('bob', 1)).came, 'done')
    assert.equal((await ask('POST /environments/prod/changes/2/refuse', 'bob')).status, 200)
    assert.equal((await ask('POST /environments/prod/changes/3/withdraw', 'ann')).status, 200)
    assert.equal((await ask('POST /environments/prod/changes/5/refuse', 'bob')).status, 200)
    stage.nowMs += 15 * DAY_MS
    assert.equal((await ask('PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(7)] })).said.number, 6)
    const ended = (await readWishes(stage)).slice(0, 5)
    assert.deepEqual(
      ended.map(({ state }) => state),
      ['done', 'refused', 'withdrawn', 'expired', 'refused'],
    )
    for (const { wish } of ended) {
      const { sealed, fingerprint, input } = JSON.parse(wish)
      assert.deepEqual([sealed, fingerprint, input.body], [undefined, '', undefined], wish)
    }
    const { items } = (await ask('GET /changes', 'ann')).said
    const shown = items.map(({ number, state, changes }: Record<string, unknown>) => [number, state, changes])
    assert.deepEqual(
      shown.find(([number]: [number]) => number === 5),
      [5, 'refused', ['policies[0].options.limit: 5 → 4711']],
    )
    const expired = (await ask('GET /changes?state=expired', 'ann')).said.items
    assert.deepEqual(
      expired.map(({ number }: { number: number }) => number),
      [4],
    )
    assert.equal((await approve('bob', 4)).came, 'conflict')
    assert.deepEqual(stage.mistakes, [])
  })

  it('moves no subscriptions for whom may not approve them any more', async () => {
    const next = { basePath: '/next', upstream: UPSTREAM, policies: [{ policy: 'key-auth' }] }
    const { stage, people, ask, approve } = await begin({
      more: [
        ['PUT /roles/seller', { permissions: ['api:read', 'api:publish', 'subscription:approve'] }],
        ['PUT /roles/no-seller', { permissions: ['api:read', 'api:publish'] }],
        ['PUT /apis/main/next', next],
        ['POST /environments/prod/apis/main/next/publish', {}],
        ['PUT /plans/main/all', {}],
        ['PUT /apps/main/phone', {}],
        ['POST /apps/main/phone/subscriptions', { api: 'orders', plan: 'all' }],
      ],
    })
    people.set(...toPerson('sam', 'seller'))
    const at = '/apis/main/orders'
    const wanted = { by: 'next', moveSubscriptions: true }
    const { status, said } = await ask(`POST /environments/prod${at}/supersede`, 'sam', wanted)
    assert.equal(status, 202, JSON.stringify(said))
    people.set(...toPerson('sam', 'no-seller'))
    const refused = await approve('bob', said.change, at)
    assert.deepEqual(
      [refused.came, /subscription:approve/.test(refused.detail)],
      ['not-allowed', true],
      `${refused.detail}`,
    )
    const readApi = async () => (await ask('GET /subscriptions', 'ann')).said.items[0].api.id
    assert.equal(await readApi(), 'orders')
    people.set(...toPerson('sam', 'seller'))
    assert.equal((await approve('bob', said.change, at)).came, 'done')
    assert.equal(await readApi(), 'next')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is let through by those alone who may do so still when it is done', async () => {
    const { stage, people, ask, approve } = await begin({ approvals: 2 })
    assert.equal((await ask('PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(6)] })).status, 202)
    const at = '/apis/main/orders'
    const title = { basePath: '/orders', upstream: UPSTREAM, title: 'Two' }
    assert.equal((await ask('PUT /apis/main/orders', 'ann', title)).status, 200)
    const acknowledge = { codes: ['all'], reason: 'Nobody calls it.' }
    const published = await ask(`POST /environments/prod${at}/publish`, 'ann', { acknowledge })
    assert.equal(published.status, 202)
    const approveBoth = async (as: string) => [
      (await approve(as, 1)).came,
      (await approve(as, published.said.change, at)).came,
    ]
    assert.deepEqual(await approveBoth('bob'), ['waiting', 'waiting'])
    people.set(...toPerson('bob', 'viewer'))
    assert.deepEqual(await approveBoth('eve'), ['waiting', 'waiting'], 'what bob has said counts no more')
    people.delete('eve')
    people.set(...toPerson('bob', 'owner'))
    assert.deepEqual(await approveBoth('bob'), ['waiting', 'waiting'], 'who has left counts no more')
    assert.deepEqual(await approveBoth('dan'), ['done', 'done'])
    assert.deepEqual(stage.mistakes, [])
  })
})

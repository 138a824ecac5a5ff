/** Proves that nothing that a protected environment runs is changed by one person, whatever it is about, and that it is done as it was asked once others approve it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from '../access/decide-access.ts'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { listAudit } from '../audit/audit-log.ts'
import { PublicationReader } from '../publish/publication-reader.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import { MOST_WAITING } from './ask-once.ts'

const toPerson = (name: string, role: string, team: string): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role, team }] },
]
const PEOPLE = new Map([
  toPerson('ann', 'owner', '*'),
  toPerson('bob', 'owner', '*'),
  toPerson('eve', 'publisher', 'main'),
  toPerson('dev', 'editor', 'main'),
  [
    'mia',
    {
      actor: 'user:mia',
      name: 'Mia',
      user: 'mia',
      grants: [
        { role: 'viewer', team: 'main' },
        { role: 'publisher', team: 'other' },
      ],
    },
  ] as [string, Principal],
  ['robot', { actor: 'token:robot', name: 'Robot', grants: [{ role: 'owner', team: '*' }] }] as [string, Principal],
])
const LIMIT = (limit: number) => ({ policy: 'rate-limit', options: { limit, windowSeconds: 60 } })
const TARGET = (port: number) => ({ targets: [{ url: `http://127.0.0.1:${port}` }] })
const PROD = { pathPrefix: '/prod', protection: { approvals: 1 } }
const ORDERS = {
  basePath: '/orders',
  upstream: 'shop',
  policies: [{ policy: 'key-auth' }, { use: 'defaults' }],
  routes: [
    {
      id: 'all',
      path: '/{rest+}',
      policies: [{ policy: 'set-headers', options: { set: { 'X-A': 'a' } } }],
    },
  ],
}

/** Of what there is. */
const IDS: Readonly<Record<string, string>> = {
  upstreams: 'shop',
  'policy-lists': 'defaults',
  plans: 'gold',
  products: 'all',
  apps: 'phone',
  apis: 'orders',
}

function toAddress(path: string): string {
  const kind = Object.keys(IDS).find((plural) => path.includes(`/${plural}/{team}`)) ?? ''
  const values = { environment: 'prod', team: 'main', number: '1', name: 'TOKEN', id: IDS[kind] ?? 'prod' }
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (values as Readonly<Record<string, string>>)[name] ?? 'x')
}

await describeOnStores('what protected environments run', (open) => {
  /** An API with all that it may use, live in `dev` and, as others have approved, in `prod`. */
  async function begin(protection: object = { approvals: 1 }, people = PEOPLE): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    const asked: readonly (readonly [string, object])[] = [
      ['PUT /environments/dev', { pathPrefix: '/dev' }],
      ['PUT /environments/prod', { ...PROD, protection }],
      ['PUT /environments/dev/secrets/TOKEN', { value: 'of-dev' }],
      ['PUT /environments/prod/secrets/TOKEN', { value: 'of-prod' }],
      ['PUT /upstreams/main/shop', TARGET(9001)],
      ['PUT /upstreams/main/idle', TARGET(9002)],
      ['PUT /policy-lists/main/defaults', { policies: [LIMIT(5)] }],
      ['PUT /apis/main/orders', withSecret],
      ['PUT /plans/main/gold', { policies: [LIMIT(9)], apis: [{ api: 'orders' }] }],
      ['PUT /plans/main/bronze', { apis: [{ api: 'orders' }] }],
      ['PUT /apps/main/phone', {}],
      ['POST /environments/dev/apis/main/orders/publish', {}],
      ['POST /environments/prod/apis/main/orders/publish', {}],
    ]
    for (const [line, body] of asked) {
      const answer = await stage.ask(line, { as: 'ann', body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    const approved = await stage.ask('POST /environments/prod/apis/main/orders/changes/1/approve', {
      as: 'bob',
      body: {},
    })
    assert.equal(approved.statusCode, 200, approved.body)
    return stage
  }
  const withSecret = {
    ...ORDERS,
    policies: [...ORDERS.policies, { policy: 'set-headers', options: { set: { 'X-Token': '${secret:TOKEN}' } } }],
  }
  const look = async (stage: AdminStage, environment = 'prod') => {
    const reader = new PublicationReader({ nowMs: () => stage.nowMs, secretKey: stage.services.secretKey })
    return (await stage.services.store.read((db) => reader.peekEnvironments(db, new Set([environment])))).get(
      environment,
    )
  }
  const ask = async (stage: AdminStage, line: string, as: string, body?: object, headers = {}) => {
    const answer = await stage.ask(line, { as, headers, ...(body !== undefined && { body }) })
    const said = answer.body === '' ? undefined : answer.json()
    return {
      status: answer.statusCode,
      said,
      headers: answer.headers,
      code: String(said?.type ?? '').replace(/^.*:/, ''),
    }
  }

  /** Each on its own, in this order. */
  const CHANGES: readonly (readonly [string, object?])[] = [
    ['PUT /environments/prod', { ...PROD, policies: [LIMIT(3)] }],
    ['PUT /environments/prod', { ...PROD, upstreams: [{ id: 'shop', ...TARGET(9009) }] }],
    ['PUT /environments/prod', { ...PROD, variables: { a: 'b' } }],
    ['PUT /environments/prod', { ...PROD, pathPrefix: '/p' }],
    ['PUT /environments/prod', { pathPrefix: '/prod' }],
    ['PUT /environments/prod', { ...PROD, protection: {} }],
    ['PUT /environments/prod', { ...PROD, protection: { approvals: 1, approvers: ['ann'] } }],
    ['PUT /environments/prod/secrets/TOKEN', { value: 'another' }],
    ['PUT /upstreams/main/shop', TARGET(9009)],
    ['PUT /policy-lists/main/defaults', { policies: [LIMIT(6)] }],
    ['PUT /plans/main/gold', { policies: [LIMIT(10)], apis: [{ api: 'orders' }] }],
    ['PUT /plans/main/silver', { policies: [LIMIT(1)] }],
    ['DELETE /plans/main/bronze'],
    ['PUT /products/main/all', { apis: ['orders'], plans: ['gold'] }],
    ['PUT /apps/main/phone', { overrides: { gold: { 'rate-limit': { limit: 99 } } } }],
  ]

  it('is changed by nobody alone, whatever it is about', async () => {
    const stage = await begin()
    const before = await look(stage)
    for (const [index, [line, body]] of CHANGES.entries()) {
      const { status, said, headers } = await ask(stage, line, 'ann', body)
      assert.equal(status, 202, `${line}: ${JSON.stringify(said)}`)
      assert.deepEqual([said.number, said.state, said.environments], [index + 1, 'waiting', ['prod']])
      assert.equal(headers.location, `/api/v1/environments/prod/changes/${index + 1}`)
      assert.deepEqual(await look(stage), before, line)
    }
    assert.deepEqual(stage.mistakes, [])
  })

  it('is changed by no route of the admin API in the hands of one person', async () => {
    const stage = await begin()
    // What is live in dev is another than in prod: to promote it changes something.
    await ask(stage, 'PUT /apis/main/orders', 'ann', { ...withSecret, title: 'Two' })
    assert.equal((await ask(stage, 'POST /environments/dev/apis/main/orders/publish', 'ann', {})).status, 200)
    const before = await look(stage)
    const some: readonly object[] = [
      {},
      { from: 'dev' },
      { share: 5 },
      { releases: [] },
      { sunsetAt: '2033-01-01T00:00:00Z' },
    ]
    const done = new Set<string>()
    const waiting = new Set<string>()
    for (const route of ADMIN_ROUTES.filter(({ kind }) => kind === 'changing')) {
      const line = `${route.method} ${toAddress(route.path)}`
      const own = CHANGES.flatMap(([said, body]) => (said === line && body !== undefined ? [body] : []))
      for (const body of route.method === 'DELETE' ? [undefined] : [...some, ...own]) {
        const { status, said } = await ask(stage, line, 'ann', body)
        if (status >= 300) continue
        ;(status === 202 || said?.change !== undefined ? waiting : done).add(route.name)
        assert.deepEqual(await look(stage), before, `${route.name}: ${line} ${JSON.stringify(body)}`)
      }
      assert.deepEqual(await look(stage), before, `${route.name}: ${line}, where it is refused`)
    }
    const waits = 'putEnvironment putUpstream putPolicyList putPlan removePlan putProduct putApp putSecret'
    // That they were asked at all, and not refused for what they were sent.
    for (const name of [...waits.split(' '), 'promote', 'takeOut', 'deprecate', 'retire'])
      assert.ok(waiting.has(name), `${name} waits`)
    for (const name of ['putApi', 'makeRevision', 'removeApp']) assert.ok(done.has(name), `${name} is done`)
    assert.deepEqual(stage.mistakes, [])
  })

  it('is done as it was asked when others approve it, and both are told', async () => {
    const stage = await begin()
    for (const [index, [line, body]] of CHANGES.entries()) {
      const before = await look(stage)
      await ask(stage, line, 'ann', body)
      const own = await ask(stage, `POST /environments/prod/changes/${index + 1}/approve`, 'ann', {})
      assert.equal(own.code, 'not-allowed')
      const { status, said } = await ask(stage, `POST /environments/prod/changes/${index + 1}/approve`, 'bob', {
        note: 'ok',
      })
      assert.deepEqual([status, said.change?.state], [200, 'done'], `${line}: ${JSON.stringify(said)}`)
      assert.notDeepEqual(await look(stage), before, line)
      const [told] = await stage.services.store.read((db) => listAudit(db, { limit: 1 }))
      const { askedBy, approvedBy } = (told?.details ?? {}) as Record<string, unknown>
      assert.deepEqual([askedBy, approvedBy], ['user:ann', ['user:bob']])
      // What was protected no more is so again.
      await stage.services.store.write(async ({ db }) => {
        await db
          .updateTable('resources')
          .set({ body: JSON.stringify(PROD) })
          .where('id', '=', 'prod')
          .execute()
      })
    }
    assert.deepEqual(stage.mistakes, [])
  })

  it('waits for nobody where it is not protected, or stays as it is', async () => {
    const stage = await begin()
    for (const [line, body, status] of [
      ['PUT /environments/dev', { pathPrefix: '/dev', policies: [LIMIT(3)] }, 200],
      ['PUT /environments/dev/secrets/TOKEN', { value: 'another' }, 200],
      ['PUT /upstreams/main/idle', TARGET(9009), 200],
      ['PUT /policy-lists/main/other', { policies: [LIMIT(6)] }, 201],
      ['PUT /environments/prod', { ...PROD, title: 'Production' }, 200],
      ['PUT /environments/prod', { ...PROD, title: 'Production', protection: { approvals: 2 } }, 200],
      ['PUT /apis/main/orders', { ...withSecret, title: 'two' }, 200],
      ['PUT /environments/prod/secrets/UNUSED', { value: 'x' }, 201],
    ] as const) {
      assert.equal((await ask(stage, line, 'ann', body)).status, status, line)
    }
    const { items } = (await ask(stage, 'GET /changes?state=waiting', 'ann')).said
    assert.deepEqual(items, [])
  })

  it('is shown to those who approve, line by line, and no secret with it', async () => {
    const stage = await begin()
    await ask(stage, 'PUT /policy-lists/main/defaults', 'dev', { policies: [LIMIT(6)] })
    await ask(stage, 'PUT /environments/prod/secrets/TOKEN', 'ann', { value: 'never-to-be-shown' })
    const { said } = await ask(stage, 'GET /environments/prod/changes/1', 'eve')
    assert.match(said.changes.join('\n'), /limit: 5 → 6/)
    assert.deepEqual(said.about, { kind: 'policy-list', id: 'defaults', action: 'putPolicyList' })
    assert.deepEqual([said.team, said.needed, said.of], ['main', 1, 1])
    assert.equal((await ask(stage, 'GET /environments/prod/changes/1', 'stranger')).status, 404)
    const listed = await ask(stage, 'GET /changes?state=waiting', 'eve')
    assert.deepEqual(
      listed.said.items.map(({ about }: { about: { id: string } }) => about.id),
      ['defaults'],
    )
    const { items } = (await ask(stage, 'GET /changes?state=waiting', 'bob')).said
    assert.deepEqual(items[0].about, { kind: 'secret', id: 'TOKEN', action: 'putSecret' })
    const kept = await stage.services.store.read((db) => db.selectFrom('changes').selectAll().execute())
    assert.doesNotMatch(JSON.stringify([items, kept]), /never-to-be-shown/)
  })

  it('is let through by people who may, in its team, and whom the environment names', async () => {
    const stage = await begin({ approvals: 1, approvers: ['bob', 'eve'] })
    await ask(stage, 'PUT /policy-lists/main/defaults', 'dev', { policies: [LIMIT(6)] })
    await ask(stage, 'PUT /environments/prod', 'ann', {
      pathPrefix: '/p',
      protection: { approvals: 1, approvers: ['bob', 'eve'] },
    })
    const approve = async (number: number, as: string) =>
      (await ask(stage, `POST /environments/prod/changes/${number}/approve`, as, {})).status
    assert.equal(await approve(1, 'dev'), 403)
    const { code, said } = await ask(stage, 'POST /environments/prod/changes/1/approve', 'mia', {})
    assert.deepEqual([code, /"api:approve" in the team "main"/.test(said.detail)], ['not-allowed', true], said.detail)
    assert.equal(await approve(1, 'ann'), 403)
    assert.equal(await approve(1, 'robot'), 403)
    assert.equal(await approve(2, 'eve'), 404, 'what belongs to no team needs a grant everywhere')
    assert.equal(await approve(1, 'eve'), 200)
    assert.equal(await approve(1, 'bob'), 409)
    assert.equal(await approve(2, 'bob'), 200)
  })

  it('is not done where somebody was faster', async () => {
    const stage = await begin({ approvals: 1 })
    for (const limit of [6, 7]) await ask(stage, 'PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(limit)] })
    for (const value of ['one', 'two']) await ask(stage, 'PUT /environments/prod/secrets/TOKEN', 'ann', { value })
    const approve = async (number: number) => {
      const { status, code } = await ask(stage, `POST /environments/prod/changes/${number}/approve`, 'bob', {})
      return [status, code]
    }
    const results = await Promise.all([approve(1), approve(2)])
    assert.deepEqual(results.toSorted(), [
      [200, ''],
      [412, 'changed-meanwhile'],
    ])
    assert.deepEqual(await approve(4), [200, ''])
    assert.deepEqual(await approve(3), [412, 'changed-meanwhile'])
    const again = await ask(stage, 'PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(7)] })
    assert.ok(again.status === 202 || again.status === 200)
  })

  it('is not changed by what goes with a deployment elsewhere', async () => {
    const stage = await begin()
    const next = { basePath: '/next', upstream: 'shop', policies: [{ policy: 'key-auth' }] }
    for (const [line, body] of [
      ['PUT /apis/main/next', next],
      ['POST /environments/dev/apis/main/next/publish', {}],
      ['POST /environments/prod/apis/main/next/publish', {}],
      ['PUT /products/main/all', { apis: ['orders'], plans: ['bronze'] }],
    ] as const)
      assert.ok((await ask(stage, line, 'ann', body)).status < 300, line)
    const approve = (at: string) => ask(stage, `POST /environments/prod/${at}/approve`, 'bob', {})
    assert.equal((await approve('apis/main/next/changes/1')).status, 200)
    assert.equal((await approve('changes/1')).status, 200)
    const before = await look(stage)
    const supersede = () =>
      ask(stage, 'POST /environments/dev/apis/main/orders/supersede', 'ann', { by: 'next', moveSubscriptions: true })
    const { code, said } = await supersede()
    assert.deepEqual([code, /"all".*what prod runs/.test(said.detail)], ['environment-protected', true], said.detail)
    assert.deepEqual(await look(stage), before)
    const both = { apis: ['orders', 'next'], plans: ['bronze'] }
    assert.equal((await ask(stage, 'PUT /products/main/all', 'ann', both)).status, 202)
    assert.equal((await approve('changes/2')).status, 200)
    assert.equal((await supersede()).status, 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('is not hidden by what is live elsewhere at its names, at or below its paths', async () => {
    const stage = await begin()
    const named = { pathPrefix: '/prod', hosts: ['api.example.com', '*.shop.example.com'] }
    assert.equal((await ask(stage, 'PUT /environments/side', 'ann', {})).status, 201)
    const acknowledge = { codes: ['all'], reason: 'Nobody calls it.' }
    const publish = async (body: object) => {
      assert.ok((await ask(stage, 'PUT /apis/main/evil', 'ann', { upstream: 'idle', ...body })).status < 300)
      return (await ask(stage, 'POST /environments/side/apis/main/evil/publish', 'ann', { acknowledge })).code
    }
    assert.equal(await publish({ basePath: '/prod/orders/pay' }), 'environment-protected')
    assert.equal(await publish({ basePath: '/prod/orders', hosts: ['x.example.com'] }), 'environment-protected')
    assert.equal(await publish({ basePath: '/prod/orders2' }), '')
    assert.equal((await ask(stage, 'PUT /environments/prod', 'ann', { ...PROD, ...named })).status, 202)
    assert.equal((await ask(stage, 'POST /environments/prod/changes/1/approve', 'bob', {})).status, 200)
    for (const host of ['API.example.com', 'a.shop.example.com'])
      assert.equal(await publish({ basePath: '/prod/orders/pay', hosts: [host] }), 'environment-protected', host)
    assert.equal(await publish({ basePath: '/prod/orders/pay', hosts: ['dev.example.com'] }), '')
    assert.equal(await publish({ basePath: '/other', hosts: ['api.example.com'] }), '')
    assert.deepEqual(stage.mistakes, [])
  })

  it('is not shown with a certificate of another environment before others approve it', async () => {
    const stage = await begin()
    const named = { ...PROD, hosts: ['api.example.com'] }
    assert.equal((await ask(stage, 'PUT /environments/prod', 'ann', named)).status, 202)
    assert.equal((await ask(stage, 'POST /environments/prod/changes/1/approve', 'bob', {})).status, 200)
    const put = (id: string, host: string) =>
      ask(stage, `PUT /certificates/${id}`, 'ann', {
        environment: 'dev',
        acme: { hosts: [host], directory: 'https://ca.example.com/directory' },
      })
    assert.equal((await put('own', 'dev.example.com')).status, 201)
    const { status, said } = await put('other', 'API.example.com')
    assert.deepEqual([status, said.environments], [202, ['prod']], JSON.stringify(said))
    assert.deepEqual(stage.mistakes, [])
  })

  it('is not done for whom may not any more, or is gone, nor is anything deployed for them', async () => {
    const people = new Map(PEOPLE)
    const stage = await begin({ approvals: 1 }, people)
    const change = { ...withSecret, title: 'two' }
    assert.equal((await ask(stage, 'PUT /apis/main/orders', 'eve', change)).status, 200)
    const published = await ask(stage, 'POST /environments/prod/apis/main/orders/publish', 'eve', {})
    assert.equal(published.status, 202)
    assert.equal((await ask(stage, 'PUT /policy-lists/main/defaults', 'dev', { policies: [LIMIT(6)] })).status, 202)
    const before = await look(stage)
    const approve = async () => [
      (await ask(stage, 'POST /environments/prod/changes/1/approve', 'bob', {})).code,
      (await ask(stage, 'POST /environments/prod/apis/main/orders/changes/2/approve', 'bob', {})).code,
    ]
    for (const [name, principal] of PEOPLE)
      people.set(name, { ...principal, grants: [{ role: 'viewer', team: 'main' }] })
    people.set('bob', { ...PEOPLE.get('bob'), actor: 'user:bob', name: 'bob', grants: [{ role: 'owner', team: '*' }] })
    assert.deepEqual(await approve(), ['not-allowed', 'not-allowed'])
    people.delete('dev')
    people.delete('eve')
    assert.deepEqual(await approve(), ['conflict', 'conflict'])
    assert.deepEqual(await look(stage), before)
    for (const name of ['dev', 'eve']) people.set(name, PEOPLE.get(name) as Principal)
    assert.deepEqual(await approve(), ['', ''])
  })

  it('is not done where something else would come of it than was shown', async () => {
    const stage = await begin()
    for (const [line, body] of [
      ['PUT /policy-lists/main/later', { policies: [LIMIT(2)] }],
      ['PUT /apis/main/two', { basePath: '/two', upstream: 'idle' }],
      ['PUT /apis/main/three', { basePath: '/three', upstream: 'idle' }],
    ] as const)
      assert.equal((await ask(stage, line, 'ann', body)).status, 201, line)
    const publish = async (id: string) =>
      (await ask(stage, `POST /environments/prod/apis/main/${id}/publish`, 'ann', {})).said.change
    const approve = async (at: string) => (await ask(stage, `POST /environments/prod/${at}/approve`, 'bob', {})).code
    assert.deepEqual([await publish('two'), await publish('three')], [1, 1])
    assert.equal(
      (await ask(stage, 'PUT /environments/prod', 'ann', { ...PROD, policies: [{ use: 'later' }] })).status,
      202,
    )
    const before = await look(stage)
    await ask(stage, 'PUT /policy-lists/main/later', 'ann', { policies: [LIMIT(99)] })
    await ask(stage, 'PUT /upstreams/main/idle', 'ann', TARGET(9066))
    assert.equal(await approve('changes/1'), 'changed-meanwhile')
    assert.equal(await approve('apis/main/two/changes/1'), 'changed-meanwhile')
    assert.deepEqual(await look(stage), before)
    await ask(stage, 'PUT /policy-lists/main/later', 'ann', { policies: [LIMIT(2)] })
    await ask(stage, 'PUT /upstreams/main/idle', 'ann', TARGET(9002))
    // One after the other: what others have let through meanwhile stands in the way of none.
    for (const at of ['apis/main/two/changes/1', 'apis/main/three/changes/1']) assert.equal(await approve(at), '', at)
    assert.deepEqual(stage.mistakes, [])
  })

  it('is not done where it would touch more than was approved', async () => {
    const stage = await begin()
    await ask(stage, 'PUT /upstreams/main/shop', 'ann', TARGET(9009))
    await ask(stage, 'PUT /environments/dev', 'ann', { pathPrefix: '/dev', protection: { approvals: 1 } })
    const { status, said } = await ask(stage, 'POST /environments/prod/changes/1/approve', 'bob', {})
    assert.deepEqual([status, /what dev runs as well/.test(said.detail)], [412, true], said.detail)
  })

  it('needs the most that any environment asks for, where it touches several', async () => {
    const stage = await begin()
    await ask(stage, 'PUT /environments/dev', 'ann', { pathPrefix: '/dev', protection: { approvals: 2 } })
    const { said } = await ask(stage, 'PUT /upstreams/main/shop', 'ann', TARGET(9009))
    assert.deepEqual([said.environments.toSorted(), said.needed], [['dev', 'prod'], 2])
    const approve = async (as: string) =>
      (await ask(stage, `POST /environments/${said.environment}/changes/1/approve`, as, {})).said.change.state
    assert.deepEqual([await approve('bob'), await approve('eve')], ['waiting', 'done'])
  })

  it('does not change in a freeze, but for owners with a reason; and to end it is to protect less', async () => {
    const stage = await begin()
    const frozen = { ...PROD, protection: { approvals: 1, frozen: { reason: 'A holiday.' } } }
    assert.equal((await ask(stage, 'PUT /environments/prod', 'ann', frozen)).status, 200)
    const put = (as: string, headers = {}) =>
      ask(stage, 'PUT /policy-lists/main/defaults', as, { policies: [LIMIT(6)] }, headers)
    assert.equal((await put('ann')).code, 'environment-frozen')
    assert.equal((await put('dev', { 'gatewright-override': 'please' })).code, 'environment-frozen')
    const { status, said } = await put('ann', { 'gatewright-override': 'it leaks' })
    assert.deepEqual([status, said.message], [202, 'it leaks'])
    assert.equal((await ask(stage, 'POST /environments/prod/changes/1/approve', 'eve', {})).code, 'environment-frozen')
    assert.equal((await ask(stage, 'POST /environments/prod/changes/1/approve', 'bob', {})).status, 200)
    assert.equal((await ask(stage, 'PUT /environments/prod', 'ann', PROD)).status, 202)
    assert.equal((await ask(stage, 'POST /environments/prod/changes/2/approve', 'bob', {})).status, 200)
    assert.equal((await put('ann')).status, 200, 'it is that already')
  })

  it('is refused, withdrawn by who asked, and asked for once by who asks twice', async () => {
    const stage = await begin()
    const put = async (limit: number, headers = {}) =>
      (await ask(stage, 'PUT /policy-lists/main/defaults', 'dev', { policies: [LIMIT(limit)] }, headers)).said.number
    assert.deepEqual([await put(6), await put(6), await put(7)], [1, 1, 2])
    const headers = { 'idempotency-key': 'once-and-no-more' }
    assert.deepEqual([await put(8, headers), await put(8, headers)], [3, 3])
    const end = async (number: number, verb: string, as: string) =>
      (await ask(stage, `POST /environments/prod/changes/${number}/${verb}`, as, {})).status
    assert.deepEqual(await end(1, 'withdraw', 'eve'), 403)
    assert.deepEqual(await end(1, 'withdraw', 'dev'), 200)
    assert.deepEqual(await end(2, 'refuse', 'dev'), 403)
    assert.deepEqual(await end(2, 'refuse', 'eve'), 200)
    assert.deepEqual(await end(2, 'approve', 'eve'), 409)
  })

  it('waits as long as not too many of one person wait', async () => {
    const stage = await begin()
    await ask(stage, 'PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(6)] })
    await stage.services.store.write(async ({ db }) => {
      const row = await db.selectFrom('changes').selectAll().where('api', '=', '').executeTakeFirstOrThrow()
      const rows = Array.from({ length: MOST_WAITING - 1 }, (_, at) => ({ ...row, number: at + 2 }))
      await db.insertInto('changes').values(rows).execute()
    })
    const put = async (as: string, limit: number) => {
      const { status, code } = await ask(stage, 'PUT /policy-lists/main/defaults', as, { policies: [LIMIT(limit)] })
      return [status, code]
    }
    assert.deepEqual(await put('ann', 6), [202, ''])
    assert.deepEqual(await put('ann', 7), [503, 'too-busy'])
    assert.deepEqual(await put('dev', 7), [202, ''])
    const end = await ask(stage, 'POST /environments/prod/changes/1/withdraw', 'ann', {})
    assert.equal(end.status, 200)
    assert.deepEqual(await put('ann', 7), [202, ''])
  })

  it('is told by a dry run, which keeps nothing', async () => {
    const stage = await begin()
    const { status, said } = await ask(stage, 'PUT /policy-lists/main/defaults?dryRun=true', 'ann', {
      policies: [LIMIT(6)],
    })
    assert.deepEqual([status, said.status], [200, 202])
    assert.match(said.changes.join('\n'), /limit: 5 → 6[\s\S]*waits for 1 approval: it changes what prod runs/)
    assert.deepEqual((await ask(stage, 'GET /changes', 'ann')).said.items.length, 1, 'that of the publication alone')
  })

  it('is refused at once where gateways could not run it', async () => {
    const stage = await begin()
    assert.equal(
      (await ask(stage, 'PUT /policy-lists/main/defaults', 'ann', { policies: [LIMIT(0)] })).code,
      'cannot-be-live',
    )
  })
})

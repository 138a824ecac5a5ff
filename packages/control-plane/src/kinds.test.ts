import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Principal } from './access/decide-access.ts'
import { AdminStage } from './testing/admin-stage.ts'
import { describeOnStores } from './testing/describe-on-stores.ts'

const developer = (name: string, team = 'main'): [string, Principal] => [
  name,
  { actor: `user:${name}`, name, user: name, grants: [{ role: 'app-developer', team }] },
]
const people = new Map<string, Principal>([
  developer('dora'),
  developer('dave'),
  [
    'mobile',
    {
      actor: 'user:m',
      name: 'M',
      user: 'm',
      grants: [
        { role: 'editor', team: 'mobile' },
        { role: 'app-developer', team: 'main' },
      ],
    },
  ],
  // What programs bring is nobody's.
  ['program', { actor: 'token:p', name: 'P', grants: [{ role: 'app-developer', team: 'main' }] }],
  ['manager', { actor: 'user:g', name: 'G', user: 'g', grants: [{ role: 'only-apps', team: 'main' }] }],
])
const KEYS = [{ policy: 'key-auth' }]
const LIMIT = { policy: 'rate-limit', options: { limit: 5, windowSeconds: 60 } }

await describeOnStores('what a catalogue is made of', (open) => {
  /** With an API that is live. */
  async function begin(): Promise<AdminStage> {
    const stage = new AdminStage(await open(), { people })
    const asked: readonly (readonly [string, object])[] = [
      ['PUT /environments/dev', {}],
      ['PUT /teams/mobile', {}],
      ['PUT /roles/only-apps', { permissions: ['app:read', 'app:edit', 'app:manage'] }],
      ['PUT /upstreams/main/shop', { targets: [{ url: 'http://127.0.0.1:9001' }] }],
      [
        'PUT /apis/main/orders',
        { basePath: '/orders', upstream: 'shop', policies: KEYS, routes: [{ id: 'all', path: '/**' }] },
      ],
      ['PUT /plans/main/gold', { policies: [LIMIT], apis: [{ api: 'orders' }] }],
      ['PUT /products/main/shop', { apis: ['orders'], plans: ['gold'] }],
      ['POST /environments/dev/apis/main/orders/publish', {}],
    ]
    for (const [line, body] of asked) {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    return stage
  }
  const status = async (stage: AdminStage, line: string, body?: object, as = 'owner') => {
    const answer = await stage.ask(line, { as, ...(body !== undefined && { body }) })
    return answer.statusCode < 300 ? answer.statusCode : `${answer.statusCode} ${answer.json().type.split(':').at(-1)}`
  }

  it('names nothing that is not there', async () => {
    const stage = await begin()
    for (const [line, body] of [
      ['PUT /plans/main/silver', { apis: [{ api: 'nobody' }] }],
      ['PUT /products/main/other', { apis: ['nobody'], plans: ['gold'] }],
      ['PUT /products/main/other', { apis: [], plans: ['nobody'] }],
      ['PUT /apps/main/phone', { overrides: { nobody: { 'rate-limit': { limit: 1 } } } }],
      ['PUT /apis/main/orders', { upstream: 'nobody' }],
    ] as const) {
      const answer = await stage.ask(line, { body })
      assert.equal(answer.statusCode, 400, answer.body)
      assert.match(answer.json().errors[0].message, /There is no .+ "nobody"/)
    }
    assert.deepEqual(stage.mistakes, [])
  })

  it('keeps what others need', async () => {
    const stage = await begin()
    for (const line of [
      'DELETE /apis/main/orders',
      'DELETE /environments/dev',
      'DELETE /upstreams/main/shop',
      'DELETE /plans/main/gold',
    ]) {
      const answer = await stage.ask(line)
      assert.deepEqual([answer.statusCode, answer.json().type], [409, 'urn:gatewright:problem:in-use'], line)
      assert.ok(answer.json().namers.length > 0, line)
    }
    await stage.ask('PUT /apps/mobile/phone', { body: {} })
    assert.equal(await status(stage, 'DELETE /teams/mobile'), '409 in-use')
    for (const line of [
      'DELETE /apps/mobile/phone',
      'DELETE /teams/mobile',
      'DELETE /products/main/shop',
      'DELETE /plans/main/gold',
    ]) {
      assert.equal(await status(stage, line), 204, line)
    }
    assert.equal(await status(stage, 'POST /environments/dev/apis/main/orders/take-out', {}), 200)
    for (const line of ['DELETE /apis/main/orders', 'DELETE /upstreams/main/shop', 'DELETE /environments/dev']) {
      assert.equal(await status(stage, line), 204, line)
    }
    assert.deepEqual(stage.mistakes, [])
  })

  it('refuses what gateways could not run, and goes on as if nobody had said it', async () => {
    const stage = await begin()
    await stage.ask('PUT /apps/main/phone', { body: { title: 'Phone' } })
    const off = { overrides: { gold: { 'rate-limit': { limit: -1 } } } }
    for (const [line, body] of [
      ['PUT /plans/main/gold', { apis: [{ api: 'orders', routes: ['nobody'] }] }],
      ['PUT /plans/main/gold', { policies: [{ policy: 'rate-limit', options: { limit: 'many' } }] }],
      ['PUT /environments/dev', { policies: [{ policy: 'nobody' }] }],
      ['PUT /upstreams/main/shop', { targets: [{ url: 'http://127.0.0.1:9001' }], tls: { caFiles: 7 } }],
      ['PUT /apps/main/phone', off],
      ['PUT /apps/main/new', off],
    ] as const) {
      const answer = await stage.ask(line, { body })
      assert.ok([400, 422].includes(answer.statusCode), `${line}: ${answer.statusCode} ${answer.body}`)
    }
    // What was refused is not what the next one is judged by.
    assert.equal(await status(stage, 'PUT /plans/main/gold', { title: 'Gold', policies: [LIMIT] }), 200)
    const good = { overrides: { gold: { 'rate-limit': { limit: 50 } } } }
    assert.equal(await status(stage, 'PUT /apps/main/phone?dryRun=true', good), 200)
    assert.equal(await status(stage, 'PUT /apps/main/phone', good), 200)
    assert.equal(await status(stage, 'PUT /apps/main/phone', off), '422 cannot-be-live')
    assert.equal(await status(stage, 'POST /environments/dev/apis/main/orders/publish', {}), 200)
    assert.deepEqual(stage.mistakes, [])
  })

  it('leaves apps to those whose they are', async () => {
    const stage = await begin()
    const mine = { owner: 'user:dora' }
    assert.equal(await status(stage, 'PUT /apps/main/doras', mine, 'dora'), 201)
    assert.equal(await status(stage, 'PUT /apps/main/doras', { ...mine, title: 'D' }, 'dora'), 200)
    const refused: readonly (readonly [string, string, string, object?])[] = [
      ["another's", 'dave', 'PUT /apps/main/doras', mine],
      ["taking another's", 'dave', 'PUT /apps/main/doras', { owner: 'user:dave' }],
      ["removing another's", 'dave', 'DELETE /apps/main/doras'],
      ['giving away', 'dora', 'PUT /apps/main/doras', { owner: 'user:dave' }],
      ['making one for another', 'dave', 'PUT /apps/main/daves', { owner: 'user:dora' }],
      ["the team's", 'dora', 'PUT /apps/main/teams', {}],
      ["the team's, said", 'dora', 'PUT /apps/main/teams', { owner: 'team:main' }],
      [
        'numbers of plans',
        'dora',
        'PUT /apps/main/doras',
        { ...mine, overrides: { gold: { 'rate-limit': { limit: 99 } } } },
      ],
      [
        'numbers of plans, to who manages apps',
        'manager',
        'PUT /apps/main/x',
        { overrides: { gold: { 'rate-limit': { limit: 99 } } } },
      ],
      ['a program', 'program', 'PUT /apps/main/x', {}],
      ['a program', 'program', 'PUT /apps/main/doras', mine],
    ]
    for (const [name, as, line, body] of refused) {
      assert.equal(await status(stage, line, body, as), '403 not-allowed', name)
    }
    assert.equal(await status(stage, 'PUT /apps/main/ours', { owner: 'team:mobile' }), 201)
    assert.equal(await status(stage, 'PUT /apps/main/ours', { owner: 'team:mobile', title: 'O' }, 'mobile'), 200)
    assert.equal(await status(stage, 'PUT /apps/main/doras', { owner: 'user:dave' }, 'editor'), 200)
    assert.equal(await status(stage, 'DELETE /apps/main/doras', undefined, 'dora'), '403 not-allowed')
    assert.equal(await status(stage, 'DELETE /apps/main/doras', undefined, 'dave'), 204)
    assert.equal(await status(stage, 'PUT /apps/main/x', {}, 'manager'), 201)
  })
})

/** Ways by which somebody could come to more than was given to them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { signUp } from '../testing/account-stage.ts'
import { AdminStage, type Told } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import type { Principal } from './decide-access.ts'

await describeOnStores('nobody comes to more', (open) => {
  it('by a role: what is added to one is had everywhere by who adds it', async () => {
    const clerk = { actor: 'user:clerk', name: 'C', user: 'clerk', grants: [{ role: 'clerk', team: '*' }] } as const
    const people = new Map<string, Principal>([
      ['clerk', clerk],
      ['program', { actor: 'token:p', name: 'P', grants: [{ role: 'owner', team: '*' }], scopes: ['role:edit'] }],
    ])
    const stage = new AdminStage(await open(), { people })
    const put = async (as: string, id: string, permissions: readonly string[]) =>
      (await stage.ask(`PUT /roles/${id}`, { as, body: { permissions } })).statusCode
    assert.equal(await put('owner', 'clerk', ['role:edit', 'role:read', 'api:read']), 201)
    assert.equal(await put('clerk', 'clerk', ['role:*', 'user:*', 'token:*']), 403, 'to what one is oneself')
    assert.equal(await put('clerk', 'other', ['setting:edit']), 403)
    assert.equal(await put('program', 'other', ['setting:edit']), 403, 'scopes are a bound here too')
    assert.equal(await put('clerk', 'other', ['api:read']), 201)
    assert.equal(await put('owner', 'other', ['api:read', 'setting:edit']), 200)
    assert.equal(await put('clerk', 'other', ['setting:edit']), 200, 'what stands there may stay, and less is less')
    assert.equal(await put('clerk', 'other', ['role:read']), 200)
    assert.equal(await put('clerk', 'other', ['setting:edit']), 403)
  })

  it('by a token of the team: who made it does not let through what it asks for', async () => {
    const { stage, browser } = await signUp(await open())
    const done = async (line: string, told: Told): Promise<LightMyRequestResponse> => {
      const answer = await stage.ask(line, { body: {}, ...told })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
      return answer
    }
    const issue = async (told: Told, role: string): Promise<Told> => {
      const body = { name: role, grants: [{ role, team: 'main' }] }
      const { value } = (await done('POST /tokens/main', { ...told, body })).json()
      return { as: value }
    }
    await done('PUT /environments/prod', { ...browser, body: { protection: { approvals: 1 } } })
    await done('PUT /apis/main/orders', { ...browser, body: { basePath: '/', upstream: 'http://127.0.0.1:9001' } })
    const first = await issue(browser, 'owner')
    const robots = [first, await issue(first, 'publisher')]
    for (const [index, robot] of robots.entries()) {
      const asked = await done('POST /environments/prod/apis/main/orders/publish', robot)
      const at = `/environments/prod/apis/main/orders/changes/${asked.json().change}`
      assert.equal((await stage.ask(`POST ${at}/approve`, { ...browser, body: {} })).statusCode, 403, String(index))
      await done(`POST ${at}/withdraw`, robot)
    }
    assert.deepEqual(stage.mistakes, [])
  })

  it('by a token that ends: it makes none that goes on after it', async () => {
    const { stage, browser } = await signUp(await open())
    const toEnd = (days: number): string => new Date(stage.nowMs + days * 86_400_000).toISOString()
    const grants = [{ role: 'viewer', team: 'main' }]
    const issue = (told: Told, path: string, body: object) =>
      stage.ask(`POST ${path}`, { ...told, body: { name: 'a', ...body } })
    const [own, robot] = await Promise.all([
      issue(browser, '/me/tokens', { expiresAt: toEnd(1) }),
      issue(browser, '/tokens/main', { grants: [{ role: 'owner', team: 'main' }], expiresAt: toEnd(1) }),
    ])
    const ways = [
      [own, '/me/tokens', {}],
      [own, '/tokens/main', { grants }],
      [robot, '/tokens/main', { grants }],
    ] as const
    for (const [by, path, rest] of ways) {
      const told = { as: by.json().value }
      assert.equal((await issue(told, path, rest)).statusCode, 403)
      assert.equal((await issue(told, path, { ...rest, expiresAt: toEnd(2) })).statusCode, 403)
      assert.equal((await issue(told, path, { ...rest, expiresAt: toEnd(1) })).statusCode, 201)
    }
  })

  it('by a list: who is let in to some of a team sees those alone', async () => {
    const by = (grants: Principal['grants']): Principal => ({ actor: 'user:x', name: 'X', user: 'x', grants })
    const people = new Map<string, Principal>([
      ['ofOrders', by([{ role: 'owner', team: 'main', apis: ['orders'] }])],
      ['everywhere', by([{ role: 'owner', team: '*', apis: ['orders'] }])],
      ['inDev', by([{ role: 'owner', team: 'main', environments: ['dev'] }])],
      ['ofOrdersInDev', by([{ role: 'owner', team: 'main', apis: ['orders'], environments: ['dev'] }])],
    ])
    const stage = new AdminStage(await open(), { people })
    const done = async (line: string, body: object = {}): Promise<void> => {
      const answer = await stage.ask(line, { body })
      assert.ok(answer.statusCode < 300, `${line}: ${answer.body}`)
    }
    await done('PUT /teams/other')
    for (const environment of ['dev', 'test'])
      await done(`PUT /environments/${environment}`, { pathPrefix: `/${environment}` })
    for (const api of ['main/orders', 'main/secret', 'other/orders']) {
      await done(`PUT /apis/${api}`, { basePath: `/${api}`, upstream: 'http://127.0.0.1:9001' })
      for (const environment of ['dev', 'test']) await done(`POST /environments/${environment}/apis/${api}/publish`)
    }
    // Before others have to approve what is live.
    await done('PUT /plans/main/gold', { apis: [{ api: 'orders' }, { api: 'secret' }] })
    for (const environment of ['dev', 'test'])
      await done(`PUT /environments/${environment}`, { pathPrefix: `/${environment}`, protection: { approvals: 1 } })
    for (const api of ['main/orders', 'main/secret']) {
      await done(`PUT /apis/${api}`, { basePath: `/${api}`, title: 'Two', upstream: 'http://127.0.0.1:9001' })
      for (const environment of ['dev', 'test']) await done(`POST /environments/${environment}/apis/${api}/publish`)
    }
    await done('PUT /apps/main/phone')
    for (const api of ['orders', 'secret']) await done('POST /apps/main/phone/subscriptions', { api, plan: 'gold' })
    const list = async (as: string, path: string): Promise<unknown> => {
      const answer = await stage.ask(`GET ${path}`, { as })
      assert.equal(answer.statusCode, 200, `${path}: ${answer.body}`)
      const items: { team?: string; id?: string; api?: string; environment?: string }[] = answer.json().items
      return items
        .map(({ team, id, api, environment }) => [team, id, api, environment].filter(Boolean).join(' '))
        .toSorted()
    }
    assert.deepEqual(await list('ofOrders', '/apis'), ['main orders'])
    assert.deepEqual(await list('ofOrders', '/apis?team=other'), [])
    assert.deepEqual(await list('everywhere', '/apis'), ['main orders', 'other orders'])
    assert.deepEqual(await list('everywhere', '/apis?team=other'), ['other orders'])
    assert.deepEqual(await list('inDev', '/apis'), [])
    assert.deepEqual(await list('ofOrders', '/environments/test/live'), ['main orders'])
    assert.deepEqual(await list('inDev', '/environments/test/live'), [])
    assert.deepEqual(await list('inDev', '/environments/dev/live'), ['main orders', 'main secret'])
    assert.deepEqual(await list('ofOrdersInDev', '/environments/dev/live'), ['main orders'])
    assert.deepEqual(await list('ofOrders', '/changes'), ['main orders dev', 'main orders test'])
    assert.deepEqual(await list('inDev', '/changes'), ['main orders dev', 'main secret dev'])
    assert.deepEqual(await list('ofOrdersInDev', '/changes'), ['main orders dev'])
    assert.equal((await stage.ask('GET /subscriptions', { as: 'ofOrders' })).json().items.length, 1)
    for (const path of ['/plans', '/apps', '/tokens', '/audit'])
      assert.deepEqual(await list('ofOrders', path), [], path)
    assert.equal((await stage.ask('GET /audit/export', { as: 'inDev' })).body, '')
    const ask = async (query: string) => (await stage.ask(`GET /subscriptions?${query}`, { as: 'ofOrders' })).json()
    for (const at of ['main/secret', 'main/none'])
      assert.deepEqual(await ask(`api=${at}`), { items: [] }, 'nor whether a name is taken')
    assert.deepEqual(stage.mistakes, [])
  })
})

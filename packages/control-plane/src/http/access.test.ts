import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Demand, Principal } from '../access/decide-access.ts'
import type { Grant } from '../access/grant.ts'
import { PERMISSIONS, type Permission } from '../access/permission.ts'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { PLACE_PATH } from '../deployments/deployment-place.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import type { Route } from './route.ts'

/** Every parameter that a path may have, as something that could be there. */
const VALUES: Readonly<Record<string, string>> = {
  team: 'main',
  id: 'orders',
  environment: 'dev',
  number: '1',
  group: 'edge',
}

function toPath({ path }: Route): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? 'x')
}

/** What a route asks for, in the words of a grant. */
function toDemand({ access, path }: Route): Demand | undefined {
  if (access.kind === 'some-team') return { permission: access.permission, team: 'main' }
  if (access.kind !== 'demand') return undefined
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  return access.toDemand(Object.fromEntries(names.map((name) => [name, VALUES[name] ?? 'x'])) as never)
}

describe('each route of the admin API', () => {
  let folder: string
  let stage: AdminStage
  let store: SqliteStore
  const people = new Map<string, Principal>()

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatewright-access-'))
    store = await SqliteStore.open({ file: join(folder, 'control.db'), onFault() {} })
    stage = new AdminStage(store, { people })
    await stage.ask('PUT /roles/only', { body: { permissions: ['api:read'] } })
  })
  after(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  /** Who has exactly these permissions, there. */
  async function become(permissions: readonly Permission[], team: string, part: Partial<Grant> = {}): Promise<string> {
    const answer = await stage.ask('PUT /roles/only', { body: { permissions } })
    assert.ok(answer.statusCode < 300, answer.body)
    people.set('someone', { actor: 'user:someone', name: 'S', grants: [{ role: 'only', team, ...part }] })
    return 'someone'
  }

  async function ask(route: Route, as: string): Promise<{ readonly status: number; readonly said: string }> {
    const answer = await stage.ask(`${route.method} ${toPath(route)}`, { as })
    return { status: answer.statusCode, said: answer.body }
  }

  const isRefused = (said: string): boolean => /:(?:not-allowed|not-signed-in)"|that you may see/.test(said)

  for (const route of ADMIN_ROUTES) {
    const demand = toDemand(route)
    const name = `${route.method} ${route.path}`
    if (route.access.kind === 'anybody') continue

    it(`${name} is for nobody who is not known`, async () => {
      for (const as of ['', 'nobody']) assert.equal((await ask(route, as)).status, 401)
    })
    if (demand === undefined) continue

    it(`${name} needs ${demand.permission} and nothing else`, async () => {
      const others = PERMISSIONS.filter((permission) => permission !== demand.permission)
      const without = await ask(route, await become(others, '*'))
      assert.ok(isRefused(without.said), `with all others: ${without.status} ${without.said}`)
      const elsewhere = await ask(route, await become([demand.permission], 'elsewhere'))
      if (route.access.kind === 'demand')
        assert.ok(isRefused(elsewhere.said), `in another team: ${elsewhere.status} ${elsewhere.said}`)
      const allowed = await ask(route, await become([demand.permission], demand.team))
      assert.ok(!isRefused(allowed.said), `with it: ${allowed.status} ${allowed.said}`)
    })
    const { api, environment } = demand
    if (route.access.kind !== 'demand' || (api === undefined && environment === undefined)) continue

    it(`${name} is for those whose grant reaches ${Object.values({ api, environment }).filter(Boolean).join(' in ')}`, async () => {
      const elsewhere = [
        ...(api === undefined ? [] : [{ apis: ['other'] }]),
        ...(environment === undefined ? [] : [{ environments: ['other'] }]),
      ]
      for (const part of elsewhere) {
        const { said } = await ask(route, await become(PERMISSIONS, demand.team, part))
        assert.ok(isRefused(said) || /:not-found"/.test(said), `${JSON.stringify(part)}: ${said}`)
        assert.ok(!/"There is none of the kind|never published/.test(said), `it was looked at: ${said}`)
      }
      const here = {
        ...(api !== undefined && { apis: [api] }),
        ...(environment !== undefined && { environments: [environment] }),
      }
      const allowed = await ask(route, await become([demand.permission], demand.team, here))
      assert.ok(!isRefused(allowed.said), `with a grant for it alone: ${allowed.said}`)
    })
  }
})

it('each change of what is live, and of its end, asks for the API in the environment', () => {
  const changes = ADMIN_ROUTES.filter(({ kind, path }) => kind === 'changing' && path.startsWith(PLACE_PATH))
  const verbs = changes.map(({ path }) => path.slice(PLACE_PATH.length + 1))
  for (const verb of ['publish', 'deprecate', 'supersede', 'retire', 'revive', 'take-out'])
    assert.ok(verbs.includes(verb), verb)
  for (const route of changes) {
    const { permission, ...place } = toDemand(route) ?? {}
    assert.match(permission ?? '', /^api:(?:publish|approve)$/, route.name)
    assert.deepEqual(place, { team: 'main', api: 'orders', environment: 'dev' }, route.name)
  }
})

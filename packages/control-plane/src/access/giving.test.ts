/** That no row of calls, whichever of them are allowed, gives anybody more than they had: as themselves, or as whomever they made or took over. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import fc from 'fast-check'
import { readRoles } from '../http/assert-allowed.ts'
import { Identity } from '../http/identity.ts'
import { listGivenGrants, providerBodySchema } from '../identity-providers/provider-body.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Doing } from '../store/doing.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { toUserPrincipal } from '../users/user.ts'
import { createUser, findUser } from '../users/user-store.ts'
import { decideAccess, type Principal } from './decide-access.ts'
import type { Grant } from './grant.ts'
import { PERMISSIONS } from './permission.ts'
import { BUILT_IN_ROLES } from './role.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatewright-giving-'))
const opened: SqliteStore[] = []
after(async () => {
  for (const store of opened) await store.close()
  rmSync(folder, { recursive: true })
})

const OWN_ROLES = ['first', 'second', 'third']
const ROLES = [...BUILT_IN_ROLES.map(({ id }) => id), ...OWN_ROLES]
/** What giving needs is among them more often, or nothing would ever be tried. */
const GIVING = ['role:edit', 'user:edit', 'token:edit', 'identity-provider:edit', 'team:edit'] as const
const permissions = fc.uniqueArray(fc.oneof(fc.constantFrom(...PERMISSIONS), fc.constantFrom(...GIVING)), {
  minLength: 1,
  maxLength: 8,
})
/** Of who tries: enough for something to be allowed. */
const givingPermissions = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...GIVING), { minLength: 3 }), permissions)
  .map(([giving, more]) => [...new Set([...giving, ...more])])
const some = <Value>(...values: Value[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 })
const memberGrant = fc.record(
  {
    role: fc.oneof(fc.constantFrom(...OWN_ROLES), fc.constantFrom(...ROLES)),
    apis: some('orders', 'carts'),
    environments: some('dev', 'prod'),
  },
  { requiredKeys: ['role'] },
)
const grant = fc.tuple(memberGrant, fc.constantFrom('main', 'other', '*')).map(([of, team]) => ({ ...of, team }))
const grants = fc.array(grant, { minLength: 1, maxLength: 2 })
const team = fc.constantFrom('main', 'other')
const whom = fc.nat(5)
const kept = <Kind extends string, Parts extends object>(kind: Kind, parts: fc.Arbitrary<Parts>) =>
  fc.tuple(parts, fc.nat(7)).map(([of, by]) => ({ kind, by, ...of }))
const step = fc.oneof(
  kept('role', fc.record({ id: fc.constantFrom(...OWN_ROLES), permissions })),
  kept('remove-role', fc.record({ id: fc.constantFrom(...OWN_ROLES) })),
  kept('invite', fc.record({ grants })),
  kept('put-user', fc.record({ whom, grants, isLinked: fc.boolean() })),
  kept('member', fc.record({ whom, team, grants: fc.array(memberGrant, { maxLength: 2 }) })),
  kept('reset', fc.record({ whom })),
  kept('own-token', fc.record({ scopes: fc.option(permissions, { nil: undefined }) })),
  kept('token', fc.record({ team, grants, scopes: fc.option(permissions, { nil: undefined }) })),
  kept('federation', fc.record({ team, grants })),
  kept('provider', fc.record({ grants, groups: grants })),
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Everything that may be done somewhere, as texts. */
type Power = ReadonlySet<string>

class Play {
  readonly store: SqliteStore
  readonly stage: AdminStage
  /** What is said to come as each of those whom the one who tries has in hand: themselves first. */
  readonly hands: string[]
  /** Uids: theirs, and of two others. */
  readonly users: string[]
  /** What others may who come by what was made. */
  readonly given: Principal[] = []
  #count = 0

  constructor(store: SqliteStore, users: string[]) {
    this.store = store
    this.users = users
    this.hands = [`person:${users[0]}`]
    const identity = new Identity(store, () => this.stage.nowMs)
    this.stage = new AdminStage(store, {
      async identify(db, credentials) {
        const uid = /^person:(.*)$/.exec(credentials.token ?? '')?.[1]
        const user = uid === undefined ? undefined : await findUser(db, uid)
        return user === undefined ? await identity.identify(db, credentials) : toUserPrincipal(user)
      },
    })
  }

  async ask(line: string, by: number, body?: object) {
    const as = this.hands[by % this.hands.length] ?? ''
    const answer = await this.stage.ask(line, { as, ...(body !== undefined && { body }) })
    assert.ok(answer.statusCode < 500, answer.body)
    return answer.statusCode < 300 && answer.body !== '' ? answer.json() : undefined
  }

  toUser(whom: number): string {
    return this.users[whom % this.users.length] ?? ''
  }

  hold(uid: string): void {
    this.users.push(uid)
    this.hands.push(`person:${uid}`)
  }

  async take(step: Step): Promise<void> {
    const { by } = step
    switch (step.kind) {
      case 'role':
        await this.ask(`PUT /roles/${step.id}`, by, { permissions: step.permissions })
        return
      case 'remove-role':
        await this.ask(`DELETE /roles/${step.id}`, by)
        return
      case 'invite': {
        const body = { email: `${this.#count++}@example.com`, name: 'X', grants: step.grants }
        const made = await this.ask('POST /users', by, body)
        if (made !== undefined) this.hold(made.user.uid)
        return
      }
      case 'put-user': {
        const uid = this.toUser(step.whom)
        const sso = { issuer: 'https://login.example.com', subject: String(this.#count++) }
        const facts = { email: `${uid}@example.com`, name: 'X', grants: step.grants }
        const made = await this.ask(`PUT /users/${uid}`, by, { ...facts, ...(step.isLinked && { sso }) })
        if (made !== undefined && step.isLinked) this.hold(uid)
        return
      }
      case 'member': {
        const uid = this.toUser(step.whom)
        const user = await this.store.read((db) => findUser(db, uid))
        const email = step.whom === 5 ? `${this.#count++}@example.com` : user?.email
        const made = await this.ask(`PUT /teams/${step.team}/members`, by, { email, name: 'X', grants: step.grants })
        if (made?.link !== undefined) this.hold(made.member.uid)
        return
      }
      case 'reset': {
        const uid = this.toUser(step.whom)
        if ((await this.ask(`POST /users/${uid}/reset`, by, {})) !== undefined) this.hold(uid)
        return
      }
      case 'own-token':
      case 'token':
        await this.#issue(step)
        return
      case 'federation': {
        const rest = { issuer: 'https://ci.example.com', audience: 'x', conditions: [{ claim: 'sub', is: 'me' }] }
        await this.ask(`PUT /federations/${step.team}/ci`, by, { ...rest, grants: step.grants })
        return
      }
      case 'provider': {
        const rest = { issuer: 'https://login.example.com', clientId: 'x', groups: { all: step.groups } }
        await this.ask('PUT /identity-providers/mine', by, { ...rest, grants: step.grants })
      }
    }
  }

  async #issue(step: Extract<Step, { kind: 'own-token' | 'token' }>): Promise<void> {
    const terms = { name: 'x', ...(step.scopes !== undefined && { scopes: step.scopes }) }
    const made =
      step.kind === 'token'
        ? await this.ask(`POST /tokens/${step.team}`, step.by, { ...terms, grants: step.grants })
        : await this.ask('POST /me/tokens', step.by, terms)
    if (made !== undefined) this.hands.push(made.value)
  }

  /** Of all that they have in hand, and whom they let in. */
  async measure(): Promise<Power> {
    const { store, stage } = this
    return await store.read(async (db) => {
      const roles = await readRoles(db)
      const asked = this.hands.map((token) => stage.services.identify(db, { token, sessionSecret: undefined }))
      const known = (await Promise.all(asked)).filter((principal) => principal !== undefined)
      const lent: Grant[] = []
      for (const { body } of await listAllResources(db, 'identity-provider'))
        lent.push(...listGivenGrants(providerBodySchema.parse(body)))
      for (const { body } of await listAllResources(db, 'federation'))
        lent.push(...(body as { readonly grants: readonly Grant[] }).grants)
      const all: readonly Principal[] = [...known, { actor: 'system', name: 'lent', grants: lent }]
      const power = new Set<string>()
      for (const permission of PERMISSIONS) {
        for (const place of PLACES) {
          const demand = { permission, ...place }
          if (all.some((each) => decideAccess(each, demand, roles) === 'granted')) power.add(JSON.stringify(demand))
        }
      }
      return power
    })
  }
}

const PLACES = ['main', 'other', '*'].flatMap((of) =>
  [undefined, 'orders', 'carts'].flatMap((api) =>
    [undefined, 'dev', 'prod'].map((environment) => ({
      team: of,
      ...(api !== undefined && { api }),
      ...(environment !== undefined && { environment }),
    })),
  ),
)

interface Beginning {
  readonly roles: readonly (readonly (typeof PERMISSIONS)[number][])[]
  readonly own: readonly Grant[]
  readonly others: readonly (readonly Grant[])[]
}

async function begin({ roles, own, others }: Beginning): Promise<Play> {
  const store = await SqliteStore.open({ file: join(folder, `${opened.length}.db`), onFault: assert.fail })
  opened.push(store)
  const owner = new AdminStage(store)
  await owner.ask('PUT /teams/other', { body: {} })
  for (const [index, id] of OWN_ROLES.entries())
    await owner.ask(`PUT /roles/${id}`, { body: { permissions: roles[index] } })
  const users = await store.write(async (change) => {
    const doing: Doing = { ...change, by: 'system', nowMs: owner.nowMs }
    const uids: string[] = []
    // One who may everything is always there: else nobody could be taken from the last one.
    for (const [index, of] of [own, ...others, [{ role: 'owner', team: '*' }]].entries())
      uids.push((await createUser(doing, { email: `u${index}@example.com`, name: 'U', grants: of })).uid)
    return uids
  })
  return new Play(store, users)
}

const beginning: fc.Arbitrary<Beginning> = fc.record({
  roles: fc.tuple(givingPermissions, permissions, permissions),
  own: fc
    .tuple(fc.constantFrom('*', '*', '*', 'main'), fc.array(grant, { maxLength: 1 }))
    .map(([of, more]) => [{ role: 'first', team: of }, ...more]) as fc.Arbitrary<readonly Grant[]>,
  others: fc.tuple(grants) as fc.Arbitrary<readonly (readonly Grant[])[]>,
})

it('nobody ends with more than they began with, whatever they give, make, change or take over', async () => {
  let done = 0
  const isMore = async (given: Beginning, steps: readonly Step[]) => {
    const play = await begin(given)
    const before = await play.measure()
    for (const each of steps) await play.take(each)
    done += play.hands.length - 1
    const more = [...(await play.measure())].filter((power) => !before.has(power))
    assert.deepEqual(more, [])
    assert.deepEqual(play.stage.mistakes, [])
  }
  const steps = fc.array(step, { minLength: 4, maxLength: 14 })
  await fc.assert(fc.asyncProperty(beginning, steps, isMore), { numRuns: 60 })
  assert.ok(done > 20, `what was tried is allowed now and then: ${done}`)
})

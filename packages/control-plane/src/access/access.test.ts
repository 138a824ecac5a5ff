import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Demand,
  decideAccess,
  listReadableParts,
  listReadableTeams,
  mayGive,
  type Principal,
} from './decide-access.ts'
import { type Grant, grantSchema } from './grant.ts'
import { expandPermissions, PERMISSIONS, type Permission } from './permission.ts'
import { BUILT_IN_ROLES, createRoles, roleBodySchema, toRole } from './role.ts'

const ROLES = createRoles([toRole('key-clerk', { permissions: ['key:*', 'app:read'] })])
const principal = (grants: readonly Grant[], scopes?: readonly Permission[]): Principal => ({
  actor: 'user:1',
  name: 'Ann',
  grants,
  ...(scopes && { scopes }),
})
const may = (role: string, permission: Permission) =>
  decideAccess(principal([{ role, team: 'shop' }]), { permission, team: 'shop' }, ROLES)
const EDITOR = { role: 'editor', team: 'shop' }

describe('permissions', () => {
  it('cannot be added to, and stand there once', () => {
    assert.ok(Object.isFrozen(PERMISSIONS))
    assert.equal(new Set(PERMISSIONS).size, PERMISSIONS.length)
  })

  it('of a kind are meant by its star, and of no other kind', () => {
    assert.deepEqual(expandPermissions(['api:*', 'api:read']), ['api:read', 'api:edit', 'api:publish', 'api:approve'])
    assert.deepEqual(expandPermissions(['audit:*']), ['audit:read', 'audit:erase'])
  })
})

describe('a role', () => {
  for (const [role, allowed, refused] of [
    ['owner', [...PERMISSIONS], []],
    ['editor', ['api:edit', 'secret:read', 'secret:edit'], ['api:publish', 'audit:read', 'user:read', 'token:read']],
    ['editor', ['environment:read'], ['environment:edit', 'role:edit', 'user:edit', 'key:issue']],
    ['publisher', ['api:edit', 'api:publish', 'api:approve'], ['environment:freeze', 'user:edit']],
    ['viewer', ['api:read', 'node:read'], ['api:edit', 'secret:read', 'user:read', 'token:read', 'audit:read']],
    ['app-developer', ['app:edit', 'key:issue', 'subscription:request'], ['subscription:approve', 'api:edit']],
    ['key-clerk', ['key:read', 'key:issue', 'app:read'], ['app:edit']],
  ] as const) {
    it(`${role} may ${allowed.slice(0, 3).join(', ')}…, and not ${refused.join(', ') || 'less than everything'}`, () => {
      for (const permission of allowed) assert.equal(may(role, permission), 'granted', permission)
      for (const permission of refused) assert.equal(may(role, permission), 'refused', permission)
    })
  }

  it('that nobody knows allows nothing, and shows nothing', () => assert.equal(may('nobody', 'api:read'), 'hidden'))

  it('that is built in is replaced by none of its name', () => {
    const roles = createRoles([toRole('viewer', { permissions: ['user:edit'] })])
    const viewer = BUILT_IN_ROLES.find(({ id }) => id === 'viewer')
    assert.deepEqual(roles.get('viewer'), viewer)
  })

  for (const permissions of [['*'], ['api'], ['api:delete'], ['*:read'], ['__proto__:*'], []]) {
    it(`has no permissions ${JSON.stringify(permissions)}`, () =>
      assert.equal(roleBodySchema.safeParse({ permissions }).success, false))
  }
})

describe('access', () => {
  const limited: Grant = { role: 'publisher', team: 'shop', apis: ['orders'], environments: ['dev'] }
  const ofApi: Grant = { ...EDITOR, apis: ['orders'] }
  const rows: readonly (readonly [string, readonly Grant[], Demand, string])[] = [
    ['in its team', [EDITOR], { permission: 'api:edit', team: 'shop' }, 'granted'],
    ['in another team', [EDITOR], { permission: 'api:read', team: 'bank' }, 'hidden'],
    ['in every team', [{ ...EDITOR, team: '*' }], { permission: 'api:edit', team: 'bank' }, 'granted'],
    ['on all teams at once, with one', [EDITOR], { permission: 'role:read', team: '*' }, 'hidden'],
    ['on all teams, with all', [{ ...EDITOR, team: '*' }], { permission: 'role:read', team: '*' }, 'granted'],
    ['to its API', [ofApi], { permission: 'api:edit', team: 'shop', api: 'orders' }, 'granted'],
    ['to an API beside it', [ofApi], { permission: 'api:read', team: 'shop', api: 'carts' }, 'hidden'],
    ['to the team around its API', [ofApi], { permission: 'plan:edit', team: 'shop' }, 'refused'],
    [
      'to an API beside it that another grant shows',
      [ofApi, { role: 'viewer', team: 'shop' }],
      { permission: 'api:edit', team: 'shop', api: 'carts' },
      'refused',
    ],
    [
      'in its environment',
      [limited],
      { permission: 'api:publish', team: 'shop', api: 'orders', environment: 'dev' },
      'granted',
    ],
    [
      'in another environment',
      [limited],
      { permission: 'api:publish', team: 'shop', api: 'orders', environment: 'prod' },
      'hidden',
    ],
    ['in no environment', [limited], { permission: 'api:publish', team: 'shop', api: 'orders' }, 'refused'],
    [
      'where one grant has the API and another the verb',
      [ofApi, { role: 'publisher', team: 'shop', apis: ['carts'] }],
      { permission: 'api:publish', team: 'shop', api: 'orders' },
      'refused',
    ],
    ['without grants', [], { permission: 'api:read', team: 'shop' }, 'hidden'],
  ]
  for (const [name, grants, demand, decision] of rows) {
    it(`${name}: ${decision}`, () => assert.equal(decideAccess(principal(grants), demand, ROLES), decision))
  }

  it('by a token is what both its scopes and its user may', () => {
    const token = principal([EDITOR], ['api:read', 'user:edit'])
    const decide = (permission: Permission) => decideAccess(token, { permission, team: 'shop' }, ROLES)
    assert.deepEqual((['api:read', 'api:edit', 'user:edit'] as const).map(decide), ['granted', 'refused', 'refused'])
    assert.equal(decideAccess(principal([EDITOR], []), { permission: 'api:read', team: 'shop' }, ROLES), 'hidden')
  })

  it('to lists is to those of the teams in which something may be read', () => {
    const grants = [EDITOR, { ...EDITOR, team: 'bank', apis: ['loans'] }, EDITOR, { role: 'key-clerk', team: 'post' }]
    const list = (permission: Permission) => listReadableTeams(principal(grants), permission, ROLES)
    assert.deepEqual(list('api:read'), ['shop'])
    assert.deepEqual(list('app:read'), ['post', 'shop'])
    const parts = listReadableParts(principal(grants), 'api:read', ROLES)
    assert.deepEqual(
      parts.map(({ team, apis }) => [team, apis]),
      [['bank', ['loans']]],
    )
    assert.deepEqual(list('audit:read'), [])
    assert.deepEqual(listReadableTeams(principal(grants, ['app:read']), 'api:read', ROLES), [])
    const everywhere = principal([{ role: 'viewer', team: '*' }, EDITOR])
    assert.equal(listReadableTeams(everywhere, 'api:read', ROLES), 'all')
    assert.deepEqual(listReadableTeams(everywhere, 'secret:read', ROLES), ['shop'])
  })

  it('is given by those alone who have it', () => {
    const give = (own: Grant, given: Grant) => mayGive(principal([own]), given, ROLES)
    const owner = { role: 'owner', team: 'shop' }
    assert.ok(give(owner, EDITOR))
    assert.ok(give(owner, { ...owner, apis: ['orders'], environments: ['dev', 'prod'] }))
    assert.ok(!give(owner, { role: 'viewer', team: '*' }))
    assert.ok(!give(owner, { role: 'viewer', team: 'bank' }))
    assert.ok(!give(EDITOR, { role: 'publisher', team: 'shop' }))
    assert.ok(give(ofApi, ofApi))
    assert.ok(!give(ofApi, EDITOR))
    assert.ok(!give(ofApi, { ...ofApi, apis: ['orders', 'carts'] }))
    assert.ok(!give(owner, { role: 'nobody', team: 'shop' }))
  })
})

describe('a grant', () => {
  it('says a role and a team', () => {
    const grants: readonly Grant[] = [EDITOR, { ...EDITOR, team: '*' }, { ...EDITOR, apis: ['a'], environments: ['b'] }]
    for (const grant of grants) assert.deepEqual(grantSchema.parse(grant), grant)
  })

  for (const wrong of [{ role: 'a' }, { ...EDITOR, team: 'a.b' }, { ...EDITOR, apis: [] }, { ...EDITOR, user: 'x' }]) {
    it(`is none: ${JSON.stringify(wrong)}`, () => assert.equal(grantSchema.safeParse(wrong).success, false))
  }
})

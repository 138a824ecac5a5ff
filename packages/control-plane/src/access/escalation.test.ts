/** Ways by which somebody could come to more than was given to them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AdminStage } from '../testing/admin-stage.ts'
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
})

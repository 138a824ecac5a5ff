/** Proves that what policies are tested with, and what serves them, keep credentials alike; and what users are in the index. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { App, AppId, PlanId, User } from '@gatewright/model'
import { MemoryCredentials } from '@gatewright/policies/testing'
import { describeCredentials, type KeptCredentials, type Why } from './credentials.contract.ts'
import { CredentialsIndex, openCredentials } from './credentials-index.ts'

const NOW_MS = 1_800_000_000_000
const HASH = '$2b$04$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'

const VALIDITY: Readonly<Record<Why, Partial<User>>> = {
  disabled: { enabled: false },
  expired: { expires: NOW_MS },
  'not-yet-valid': { notBefore: NOW_MS + 1 },
}

function toApps({ keys, apps, users }: KeptCredentials): App[] {
  const toFacts = ({ app, plan, isRefusedAs }: KeptCredentials['keys'][string]) => ({
    app: app as AppId,
    ...(plan !== undefined && { plan: plan as PlanId }),
    ...(isRefusedAs !== undefined && VALIDITY[isRefusedAs]),
  })
  return Object.entries(apps).map(([id, { plan, isEnabled }]) => ({
    id: id as AppId,
    ...(plan !== undefined && { plan: plan as PlanId }),
    ...(isEnabled === false && { enabled: false }),
    keys: Object.entries(keys).map(([key, facts]) => ({ hash: hash('sha256', key), ...toFacts(facts) })),
    users: Object.entries(users).map(([name, facts]) => ({
      name,
      passwordHash: facts.passwordHash,
      ...toFacts(facts),
    })),
  }))
}

describeCredentials('the shared index', (kept) => {
  const index = new CredentialsIndex()
  index.replace(toApps(kept))
  return openCredentials(index.descriptor(), { now: () => NOW_MS })
})

describeCredentials('what tests of policies use', ({ keys, apps, users }) => {
  const credentials = new MemoryCredentials(keys)
  for (const [id, facts] of Object.entries(apps)) credentials.setApp(id, facts)
  for (const [name, user] of Object.entries(users)) credentials.setUser(name, user)
  return credentials
})

const toUser = (name: string, facts: Partial<User> = {}): User => ({
  name,
  app: 'acme' as AppId,
  passwordHash: HASH,
  ...facts,
})

function open(users: readonly User[], facts: Partial<App> = {}) {
  const index = new CredentialsIndex()
  index.replace([{ id: 'acme' as AppId, keys: [], users, ...facts }])
  return { index, reader: openCredentials(index.descriptor(), { now: () => NOW_MS }) }
}

describe('users in the index', () => {
  it('have the plan of their app, and are disabled with it', () => {
    const { reader } = open([toUser('ann')], { plan: 'gold' as PlanId })
    const found = reader.findUser('ann')
    assert.equal(found.found && found.user.plan, 'gold')
    const off = open([toUser('ann')], { enabled: false }).reader.findUser('ann')
    assert.equal(off.found || off.why, 'disabled')
  })

  it('change at once, with the number of the feed', () => {
    const { index, reader } = open([toUser('ann'), toUser('ben'), toUser('cid')])
    const revision = index.revision + 1
    const other = `${HASH.slice(0, -1)}b`
    const outcome = index.apply({
      revision,
      changes: [
        { kind: 'put-user', user: toUser('ann', { passwordHash: other, plan: 'silver' as PlanId }) },
        { kind: 'put-user', user: toUser('ben', { enabled: false }) },
        { kind: 'remove-user', name: 'cid' },
        { kind: 'put-user', user: toUser('dan') },
      ],
    })
    assert.deepEqual([outcome, reader.revision()], ['applied', revision])
    const ann = reader.findUser('ann')
    assert.deepEqual(ann.found && [ann.user.passwordHash, ann.user.plan], [other, 'silver'])
    const whys = ['ben', 'cid', 'dan'].map((name) => {
      const lookup = reader.findUser(name)
      return lookup.found ? 'found' : lookup.why
    })
    assert.deepEqual(whys, ['disabled', 'unknown', 'found'])
    assert.equal(index.size, 0)
  })

  it('are revoked in the old table until threads have the new one', () => {
    const { index, reader } = open([toUser('ann'), toUser('ben')])
    index.replace([{ id: 'acme' as AppId, keys: [], users: [toUser('ben', { enabled: false })] }])
    assert.deepEqual(
      ['ann', 'ben'].map((name) => reader.findUser(name).found),
      [false, false],
    )
  })

  it('keep what is checked for strangers through a move to a larger table', () => {
    const { index } = open([])
    const users = Array.from({ length: 500 }, (_, at) => toUser(`user ${at}`, { passwordHash: `${HASH}${at}` }))
    for (const user of users) {
      index.apply({ revision: index.revision + 1, changes: [{ kind: 'put-user', user }] })
    }
    const reader = openCredentials(index.descriptor(), { now: () => NOW_MS })
    for (const { name, passwordHash } of users) {
      const lookup = reader.findUser(name)
      assert.equal(lookup.found && lookup.user.passwordHash, passwordHash)
    }
    const stranger = reader.findUser('nobody')
    assert.ok(!stranger.found && users.some(({ passwordHash }) => passwordHash === stranger.decoy))
  })

  it('stay bounded when one password changes for ever', () => {
    const { index } = open([toUser('ann')])
    for (let at = 0; at < 5000; at++) {
      const user = toUser('ann', { passwordHash: `${HASH.slice(0, -4)}${at}`.padEnd(HASH.length, 'x') })
      index.apply({ revision: index.revision + 1, changes: [{ kind: 'put-user', user }] })
    }
    assert.ok(index.descriptor().memory.byteLength < 20_000)
  })

  it('belong to one app each', () => {
    const { index, reader } = open([toUser('ann')])
    const apps = ['a', 'b'].map((id) => ({ id: id as AppId, keys: [], users: [toUser('eve', { app: id as AppId })] }))
    assert.throws(() => index.replace(apps), /User "eve" belongs to app a and to app b/)
    assert.equal(reader.findUser('ann').found, true)
  })

  it('say until when they are let in, for what stays open', () => {
    const { reader } = open([toUser('ann', { expires: NOW_MS + 5 }), toUser('ben', { enabled: false })])
    assert.equal(reader.getRightEnd({ kind: 'password', id: 'ann' }), NOW_MS + 5)
    assert.equal(reader.getRightEnd({ kind: 'password', id: 'ben' }), 0)
    assert.equal(reader.getRightEnd({ kind: 'password', id: 'cid' }), 0)
    assert.equal(reader.getRightEnd({ kind: 'token', id: 'ann' }), Number.POSITIVE_INFINITY)
    assert.equal(reader.getRightEnd(undefined), Number.POSITIVE_INFINITY)
  })
})

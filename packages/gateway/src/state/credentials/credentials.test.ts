/** Proves that what policies are tested with, and what serves them, keep credentials alike; and what users are in the index. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { App, AppId, PlanChoice, PlanId, User } from '@gatewright/model'
import type { CallerCredential } from '@gatewright/policies'
import { MemoryCredentials } from '@gatewright/policies/testing'
import { describeCredentials, type KeptCredentials, lookUpWeak, type Why } from './credentials.contract.ts'
import { CredentialsIndex, openCredentials } from './credentials-index.ts'
import { Pepper, PROCESS_PEPPER } from './pepper.ts'

const NOW_MS = 1_800_000_000_000
const HASH = '$2b$04$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'

const VALIDITY: Readonly<Record<Why, Partial<User>>> = {
  disabled: { enabled: false },
  expired: { expires: NOW_MS },
  'not-yet-valid': { notBefore: NOW_MS + 1 },
}

function toApps({ keys, apps, users }: KeptCredentials): App[] {
  const toChoice = ({ plan, plans }: KeptCredentials['apps'][string]): PlanChoice => ({
    ...(plan !== undefined && { plan: plan as PlanId }),
    ...(plans !== undefined && { plans: plans as Record<string, PlanId> }),
  })
  const toFacts = ({ app, isRefusedAs, ...choice }: KeptCredentials['keys'][string]) => ({
    app: app as AppId,
    ...toChoice(choice),
    ...(isRefusedAs !== undefined && VALIDITY[isRefusedAs]),
  })
  const ofApp = <Facts extends { readonly app: string }>(all: Readonly<Record<string, Facts>>, id: string) =>
    Object.entries(all).filter(([, { app }]) => app === id)
  return Object.entries(apps).map(([id, { isEnabled, ...choice }]) => ({
    id: id as AppId,
    ...toChoice(choice),
    ...(isEnabled === false && { enabled: false }),
    keys: ofApp(keys, id).map(([key, facts]) => ({
      hash: facts.isWeak ? PROCESS_PEPPER.hashKey(key) : hash('sha256', key),
      ...toFacts(facts),
    })),
    users: ofApp(users, id).map(([name, facts]) => ({
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

describe('keys in the index', () => {
  const secret = 'key-of-somebody-else-4711-4f6c'
  const apps = (hashes: readonly string[]): App[] => [
    { id: 'acme' as AppId, keys: hashes.map((text) => ({ hash: text, app: 'acme' as AppId })) },
  ]
  const openKeys = (...hashes: string[]) => {
    const index = new CredentialsIndex()
    index.replace(apps(hashes))
    return { index, reader: openCredentials(index.descriptor()) }
  }

  for (const algorithm of ['sha384', 'sha512'] as const) {
    it(`are found by ${algorithm}, and named by it`, () => {
      const name = `${algorithm}:${hash(algorithm, secret)}`
      const { index, reader } = openKeys(hash('sha256', 'another'), name)
      for (let round = 0; round < 2; round++) {
        const lookup = reader.lookUp(secret, 'any')
        assert.equal(lookup.found && lookup.key.hash, name)
      }
      assert.equal(reader.lookUp('another', 'any').found, true)
      assert.equal(reader.lookUp('anybody', 'any').found, false)
      assert.equal(reader.getKeyEnd(name), Number.POSITIVE_INFINITY)
      index.apply({ revision: index.revision + 1, changes: [{ kind: 'remove', hash: name }] })
      assert.equal(reader.lookUp(secret, 'any').found, false)
      assert.equal(reader.getKeyEnd(name), 0)
    })

    it(`are found by ${algorithm} when the first such key comes by the feed`, () => {
      const { index, reader } = openKeys(hash('sha256', 'another'))
      const key = { hash: `${algorithm}:${hash(algorithm, secret)}`, app: 'acme' as AppId }
      assert.equal(reader.lookUp(secret, 'any').found, false)
      assert.equal(index.apply({ revision: index.revision + 1, changes: [{ kind: 'put', key }] }), 'applied')
      assert.equal(reader.lookUp(secret, 'any').found, true)
    })
  }

  it('are never found by what stands for an app or a user', () => {
    const index = new CredentialsIndex()
    const sha512 = `sha512:${hash('sha512', secret)}`
    index.replace([{ id: 'acme' as AppId, keys: [{ hash: sha512, app: 'acme' as AppId }], users: [toUser('ann')] }])
    const reader = openCredentials(index.descriptor())
    for (const key of ['acme', 'app acme', 'ann', 'user ann']) assert.equal(reader.lookUp(key, 'any').found, false, key)
  })

  it('that could be guessed move the table when the first one comes by the feed: threads need the pepper', async () => {
    const { index, reader } = openKeys(hash('sha256', 'another'))
    const put = (key: string) => {
      const change = { kind: 'put', key: { hash: PROCESS_PEPPER.hashKey(key), app: 'acme' as AppId } } as const
      return index.apply({ revision: index.revision + 1, changes: [change] })
    }
    assert.equal(put('hunter2'), 'moved')
    assert.equal((await lookUpWeak(reader, 'hunter2', 'any')).found, false)
    reader.reopen(index.descriptor())
    assert.equal((await lookUpWeak(reader, 'hunter2', 'any')).found, true)
    assert.equal(put('hunter3'), 'applied')
    assert.equal((await lookUpWeak(reader, 'hunter3', 'any')).found, true)
    assert.notEqual(typeof reader.lookUpWeak('hunter2', 'any'), 'function')
  })

  it('that could be guessed are not found when another pepper is there', async () => {
    const hashed = PROCESS_PEPPER.hashKey('hunter2')
    const index = new CredentialsIndex(new Pepper({ env: { GATEWRIGHT_PEPPER: 'x'.repeat(32) } }))
    index.replace(apps([hashed]))
    assert.equal((await lookUpWeak(openCredentials(index.descriptor()), 'hunter2', 'any')).found, false)
  })

  it('that look strong are never hashed slowly, whatever is sent', () => {
    const { reader } = openKeys(PROCESS_PEPPER.hashKey('hunter2'))
    assert.equal(typeof reader.lookUpWeak('hunter9', 'any'), 'function')
    for (let at = 0; at < 1000; at++) {
      assert.deepEqual(reader.lookUpWeak(hash('sha256', `${at}`), 'any'), { found: false, why: 'unknown' })
    }
  })

  it('are refused where the hash is none, before anything is changed', () => {
    const { index, reader } = openKeys(hash('sha256', secret))
    for (const text of [
      '',
      'sha1:aa',
      `sha512:${'a'.repeat(64)}`,
      `argon2id:${'A'.repeat(64)}`,
      `__proto__:${'a'.repeat(64)}`,
    ]) {
      assert.throws(() => index.replace(apps([text])), /64 hexadecimal digits/, text)
      assert.equal(reader.getKeyEnd(text), 0)
    }
    assert.equal(reader.lookUp(secret, 'any').found, true)
  })
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
    const found = reader.findUser('ann', 'any')
    assert.equal(found.found && found.user.plan, 'gold')
    const off = open([toUser('ann')], { enabled: false }).reader.findUser('ann', 'any')
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
    const ann = reader.findUser('ann', 'any')
    assert.deepEqual(ann.found && [ann.user.passwordHash, ann.user.plan], [other, 'silver'])
    const whys = ['ben', 'cid', 'dan'].map((name) => {
      const lookup = reader.findUser(name, 'any')
      return lookup.found ? 'found' : lookup.why
    })
    assert.deepEqual(whys, ['disabled', 'unknown', 'found'])
    assert.equal(index.size, 0)
  })

  it('are revoked in the old table until threads have the new one', () => {
    const { index, reader } = open([toUser('ann'), toUser('ben')])
    index.replace([{ id: 'acme' as AppId, keys: [], users: [toUser('ben', { enabled: false })] }])
    assert.deepEqual(
      ['ann', 'ben'].map((name) => reader.findUser(name, 'any').found),
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
      const lookup = reader.findUser(name, 'any')
      assert.equal(lookup.found && lookup.user.passwordHash, passwordHash)
    }
    const stranger = reader.findUser('nobody', 'any')
    assert.ok(!stranger.found && users.some(({ passwordHash }) => passwordHash === stranger.decoy))
  })

  it('whose password changes, or who are put switched off, change nothing for strangers', () => {
    const { index, reader } = open([toUser('ann')])
    const decoyOf = (name: string): string | undefined => {
      const lookup = reader.findUser(name, 'any')
      return lookup.found ? undefined : lookup.decoy
    }
    const put = (user: User) => index.apply({ revision: index.revision + 1, changes: [{ kind: 'put-user', user }] })
    put(toUser('ann', { passwordHash: `${HASH.slice(0, -1)}b` }))
    put(toUser('off', { passwordHash: HASH.replace('$04$', '$12$'), enabled: false }))
    const names = Array.from({ length: 30 }, (_, at) => `nobody-${at}`)
    assert.deepEqual(new Set(names.map(decoyOf)), new Set([HASH]))
    const costly = HASH.replace('$04$', '$10$')
    put(toUser('ben', { passwordHash: costly }))
    assert.deepEqual(new Set(names.map(decoyOf)), new Set([HASH, costly]))
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
    assert.equal(reader.findUser('ann', 'any').found, true)
  })

  it('say until when they are let in, for what stays open', () => {
    const { reader } = open([toUser('ann', { expires: NOW_MS + 5 }), toUser('ben', { enabled: false })])
    const endOf = (...[credential, ...otherCredentials]: [CallerCredential, ...CallerCredential[]]) =>
      reader.getRightEnd({ id: 'somebody', credential, otherCredentials })
    assert.equal(endOf({ kind: 'password', id: 'ann' }), NOW_MS + 5)
    assert.equal(endOf({ kind: 'password', id: 'ben' }), 0)
    assert.equal(endOf({ kind: 'password', id: 'cid' }), 0)
    assert.equal(endOf({ kind: 'token', id: 'ann' }), Number.POSITIVE_INFINITY)
    assert.equal(endOf({ kind: 'token', id: 'ann', endsAtMs: NOW_MS + 9 }), NOW_MS + 9)
    assert.equal(endOf({ kind: 'token', id: 'ann', endsAtMs: NOW_MS + 9 }, { kind: 'password', id: 'ann' }), NOW_MS + 5)
    assert.equal(endOf({ kind: 'token', id: 'ann' }, { kind: 'key', id: 'sha256:00' }), 0)
    assert.equal(endOf({ kind: 'session', id: 'ann', endsAtMs: NOW_MS + 9, isEnded: () => false }), NOW_MS + 9)
    assert.equal(endOf({ kind: 'session', id: 'ann', endsAtMs: NOW_MS + 9, isEnded: () => true }), 0)
    assert.equal(reader.getRightEnd(undefined), Number.POSITIVE_INFINITY)
  })
})

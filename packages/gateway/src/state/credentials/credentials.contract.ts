/** Owns what every implementation of the `Credentials` port promises; each one's test runs it. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Credentials } from '@gatewright/policies'

export type Why = 'disabled' | 'expired' | 'not-yet-valid'

interface Kept {
  readonly app: string
  readonly plan?: string
  /** Why it is refused; a good one if absent. */
  readonly isRefusedAs?: Why
  /** Of keys: it could be guessed, and is kept under a slow hash. */
  readonly isWeak?: boolean
}

/** What there is to be found, by key, by id and by name. */
export interface KeptCredentials {
  readonly keys: Readonly<Record<string, Kept>>
  readonly apps: Readonly<Record<string, { readonly plan?: string; readonly isEnabled?: boolean }>>
  readonly users: Readonly<Record<string, Kept & { readonly passwordHash: string }>>
}

export type CreateCredentials = (kept: KeptCredentials) => Credentials

const WHYS = ['disabled', 'expired', 'not-yet-valid'] as const
const HASH = '$2b$04$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga'

/** What policies may rely on, whoever keeps credentials. */
export function describeCredentials(name: string, create: CreateCredentials): void {
  describe(`${name} keeps the contract of credentials`, () => {
    describeKeys(create)
    describeApps(create)
    describeUsers(create)
  })
}

function describeKeys(create: CreateCredentials): void {
  const keys = {
    one: { app: 'acme', plan: 'gold' },
    two: { app: 'acme' },
    ...Object.fromEntries(WHYS.map((why) => [why, { app: 'acme', isRefusedAs: why }])),
  }
  const credentials = create({ keys, apps: { acme: {} }, users: {} })

  it('finds a key, whose it is and on which plan, and names it by its hash', () => {
    const found = credentials.lookUp('one')
    assert.ok(found.found)
    assert.deepEqual([found.key.app, found.key.plan, found.key.hash], ['acme', 'gold', hash('sha256', 'one')])
    const planless = credentials.lookUp('two')
    assert.ok(planless.found)
    assert.equal(planless.key.plan, undefined)
  })

  it('says why a key is not let in', () => {
    for (const why of WHYS) assert.deepEqual(credentials.lookUp(why), { found: false, why })
    for (const key of ['', 'On', 'ONE', 'one ', '__proto__', 'constructor']) {
      assert.deepEqual(credentials.lookUp(key), { found: false, why: 'unknown' }, key)
    }
  })

  it('finds what could be guessed by the other look-up alone, later, and then for longer', async () => {
    const weak = {
      hunter2: { app: 'acme', isWeak: true },
      hunter3: { app: 'acme', isWeak: true, isRefusedAs: 'disabled' },
    } as const
    const kept = create({ keys: { ...weak, strong: { app: 'acme' } }, apps: { acme: {} }, users: {} })
    assert.deepEqual(kept.lookUp('hunter2'), { found: false, why: 'unknown' })
    const found = await kept.lookUpWeak('hunter2')
    assert.equal(found.found && found.key.app, 'acme')
    assert.ok(found.found && /^(?:argon2id:)?[0-9a-f]{64}$/.test(found.key.hash))
    assert.deepEqual(await kept.lookUpWeak('hunter3'), { found: false, why: 'disabled' })
    for (const key of ['hunter4', 'strong', '', '__proto__']) {
      assert.deepEqual(await kept.lookUpWeak(key), { found: false, why: 'unknown' }, key)
    }
  })

  it('answers at once where no key could be guessed', () => {
    assert.deepEqual(credentials.lookUpWeak('hunter2'), { found: false, why: 'unknown' })
  })

  it('takes no hash of a key for the key', () => {
    assert.deepEqual(credentials.lookUp(hash('sha256', 'one')), { found: false, why: 'unknown' })
  })
}

function describeApps(create: CreateCredentials): void {
  const credentials = create({ keys: {}, users: {}, apps: { acme: { plan: 'gold' }, off: { isEnabled: false } } })

  it('finds an app by its id', () => {
    assert.deepEqual(credentials.findApp('acme'), { plan: 'gold', isEnabled: true })
    assert.deepEqual(credentials.findApp('off'), { plan: undefined, isEnabled: false })
    for (const id of ['', 'Acme', 'acme ', '__proto__']) assert.equal(credentials.findApp(id), undefined, id)
  })

  it('takes no app for a key, and none for a user', () => {
    assert.equal(credentials.lookUp('acme').found, false)
    assert.equal(credentials.findUser('acme').found, false)
  })
}

function describeUsers(create: CreateCredentials): void {
  const users = {
    ann: { app: 'acme', plan: 'gold', passwordHash: HASH },
    'Ängström café': { app: 'acme', passwordHash: `${HASH.slice(0, -1)}b` },
    ...Object.fromEntries(WHYS.map((why) => [why, { app: 'acme', isRefusedAs: why, passwordHash: HASH }])),
  }
  const credentials = create({ keys: {}, apps: { acme: {} }, users })

  it('finds a user, whose it is, on which plan, and what a password is checked against', () => {
    assert.deepEqual(credentials.findUser('ann'), {
      found: true,
      user: { app: 'acme', plan: 'gold', passwordHash: HASH },
    })
    const found = credentials.findUser('Ängström café')
    assert.ok(found.found)
    assert.deepEqual([found.user.plan, found.user.passwordHash], [undefined, `${HASH.slice(0, -1)}b`])
  })

  it('gives something to check for those who are not let in, and says why', () => {
    for (const why of WHYS) {
      assert.deepEqual(credentials.findUser(why), { found: false, why, decoy: HASH })
    }
    for (const name of ['', 'Ann', 'ann ', 'bob', '__proto__', 'constructor', 'toString']) {
      assert.deepEqual(credentials.findUser(name), { found: false, why: 'unknown', decoy: HASH }, name)
    }
  })

  it('takes no name for another that looks like it', () => {
    assert.equal(credentials.findUser('Ängström café'.normalize('NFD')).found, false)
    assert.equal(credentials.findUser('\u0430nn').found, false)
  })

  it('has nothing to check where there are no users', () => {
    const empty = create({ keys: {}, apps: { acme: {} }, users: {} })
    assert.deepEqual(empty.findUser('ann'), { found: false, why: 'unknown' })
  })

  it('takes no user for a key, and none for an app', () => {
    assert.equal(credentials.lookUp('ann').found, false)
    assert.equal(credentials.findApp('ann'), undefined)
  })
}

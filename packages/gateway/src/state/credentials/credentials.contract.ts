/** Owns what every implementation of the `Credentials` port promises; each one's test runs it. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Credentials, KeyLookup } from '@gatewright/policies'

/** Makes the slow hash where one has to be made. */
export async function lookUpWeak(credentials: Credentials, key: string, api: string): Promise<KeyLookup> {
  const lookup = credentials.lookUpWeak(key, api)
  return typeof lookup === 'function' ? await lookup() : lookup
}

export type Why = 'disabled' | 'expired' | 'not-yet-valid'

interface Kept {
  readonly app: string
  readonly plan?: string
  readonly plans?: Readonly<Record<string, string>>
  /** Why it is refused; a good one if absent. */
  readonly isRefusedAs?: Why
  /** Of keys: it could be guessed, and is kept under a slow hash. */
  readonly isWeak?: boolean
}

/** What there is to be found, by key, by id and by name. */
export interface KeptCredentials {
  readonly keys: Readonly<Record<string, Kept>>
  readonly apps: Readonly<
    Record<string, Omit<Kept, 'app' | 'isRefusedAs' | 'isWeak'> & { readonly isEnabled?: boolean }>
  >
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
    describePlansByApi(create)
  })
}

function describePlansByApi(create: CreateCredentials): void {
  const PLANS = { plan: 'gold', plans: { orders: 'free', billing: 'flat' } }
  const ONLY = { plans: { orders: 'free' } }
  const PLANS_OF = [
    ['orders', 'free', 'free'],
    ['billing', 'flat', undefined],
    ['other', 'gold', undefined],
    ['', 'gold', undefined],
    ['constructor', 'gold', undefined],
  ] as const

  it('finds the plan of the API that is called: of keys, weak ones too, of apps and of users', async () => {
    const credentials = create({
      keys: {
        both: { app: 'acme', ...PLANS },
        only: { app: 'small', ...ONLY },
        hunter2: { app: 'acme', isWeak: true, ...PLANS },
      },
      apps: { acme: PLANS, small: ONLY },
      users: {
        ann: { app: 'acme', passwordHash: HASH, ...PLANS },
        ben: { app: 'small', passwordHash: HASH, ...ONLY },
      },
    })
    // A second time: what was found is remembered.
    for (const [api, plan, ofOnly] of [...PLANS_OF, ...PLANS_OF]) {
      const plans = [
        credentials.lookUp('both', api),
        credentials.lookUp('only', api),
        await lookUpWeak(credentials, 'hunter2', api),
      ]
      assert.deepEqual(
        plans.map((found) => found.found && found.key.plan),
        [plan, ofOnly, plan],
        api,
      )
      assert.deepEqual(
        [credentials.findApp('acme', api)?.plan, credentials.findApp('small', api)?.plan],
        [plan, ofOnly],
      )
      const users = [credentials.findUser('ann', api), credentials.findUser('ben', api)]
      assert.deepEqual(
        users.map((found) => found.found && [found.user.plan, found.user.passwordHash]),
        [
          [plan, HASH],
          [ofOnly, HASH],
        ],
      )
    }
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
    const found = credentials.lookUp('one', 'any')
    assert.ok(found.found)
    assert.deepEqual([found.key.app, found.key.plan, found.key.hash], ['acme', 'gold', hash('sha256', 'one')])
    const planless = credentials.lookUp('two', 'any')
    assert.ok(planless.found)
    assert.equal(planless.key.plan, undefined)
  })

  it('says why a key is not let in', () => {
    for (const why of WHYS) assert.deepEqual(credentials.lookUp(why, 'any'), { found: false, why })
    for (const key of ['', 'On', 'ONE', 'one ', '__proto__', 'constructor']) {
      assert.deepEqual(credentials.lookUp(key, 'any'), { found: false, why: 'unknown' }, key)
    }
  })

  it('finds what could be guessed by the other look-up alone, later, and then for longer', async () => {
    const weak = {
      hunter2: { app: 'acme', isWeak: true },
      hunter3: { app: 'acme', isWeak: true, isRefusedAs: 'disabled' },
    } as const
    const kept = create({ keys: { ...weak, strong: { app: 'acme' } }, apps: { acme: {} }, users: {} })
    assert.deepEqual(kept.lookUp('hunter2', 'any'), { found: false, why: 'unknown' })
    const found = await lookUpWeak(kept, 'hunter2', 'any')
    assert.equal(found.found && found.key.app, 'acme')
    assert.ok(found.found && /^(?:argon2id:)?[0-9a-f]{64}$/.test(found.key.hash))
    assert.deepEqual(await lookUpWeak(kept, 'hunter3', 'any'), { found: false, why: 'disabled' })
    for (const key of ['hunter4', 'strong', '', '__proto__']) {
      assert.deepEqual(await lookUpWeak(kept, key, 'any'), { found: false, why: 'unknown' }, key)
    }
  })

  it('answers at once where no key could be guessed, and for a key that looks as if it could not', () => {
    assert.deepEqual(credentials.lookUpWeak('hunter2', 'any'), { found: false, why: 'unknown' })
    const kept = create({ keys: { hunter2: { app: 'acme', isWeak: true } }, apps: { acme: {} }, users: {} })
    assert.deepEqual(kept.lookUpWeak('kT5-Zq8vWm2_xR7cLp4Y', 'any'), { found: false, why: 'unknown' })
  })

  it('takes its time for all that look as if they could be guessed, whether they are known or not', () => {
    const kept = create({ keys: { hunter2: { app: 'acme', isWeak: true } }, apps: { acme: {} }, users: {} })
    for (const key of ['hunter2', 'hunter4']) assert.equal(typeof kept.lookUpWeak(key, 'any'), 'function', key)
  })

  it('takes no hash of a key for the key', () => {
    assert.deepEqual(credentials.lookUp(hash('sha256', 'one'), 'any'), { found: false, why: 'unknown' })
  })
}

function describeApps(create: CreateCredentials): void {
  const credentials = create({ keys: {}, users: {}, apps: { acme: { plan: 'gold' }, off: { isEnabled: false } } })

  it('finds an app by its id', () => {
    assert.deepEqual(credentials.findApp('acme', 'any'), { plan: 'gold', isEnabled: true })
    assert.deepEqual(credentials.findApp('off', 'any'), { plan: undefined, isEnabled: false })
    for (const id of ['', 'Acme', 'acme ', '__proto__']) assert.equal(credentials.findApp(id, 'any'), undefined, id)
  })

  it('takes no app for a key, and none for a user', () => {
    assert.equal(credentials.lookUp('acme', 'any').found, false)
    assert.equal(credentials.findUser('acme', 'any').found, false)
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
    assert.deepEqual(credentials.findUser('ann', 'any'), {
      found: true,
      user: { app: 'acme', plan: 'gold', passwordHash: HASH },
    })
    const found = credentials.findUser('Ängström café', 'any')
    assert.ok(found.found)
    assert.deepEqual([found.user.plan, found.user.passwordHash], [undefined, `${HASH.slice(0, -1)}b`])
  })

  it('gives something to check for those who are not let in, and says why', () => {
    for (const why of WHYS) {
      assert.deepEqual(credentials.findUser(why, 'any'), { found: false, why, decoy: HASH })
    }
    for (const name of ['', 'Ann', 'ann ', 'bob', '__proto__', 'constructor', 'toString']) {
      assert.deepEqual(credentials.findUser(name, 'any'), { found: false, why: 'unknown', decoy: HASH }, name)
    }
  })

  it('gives strangers something of each cost that users have: always the same for one name', () => {
    const costs = ['04', '05', '06'].map((cost) => HASH.replace('$04$', `$${cost}$`))
    const mixed = Object.fromEntries(costs.map((passwordHash, at) => [`user-${at}`, { app: 'acme', passwordHash }]))
    const off = { app: 'acme', isRefusedAs: 'disabled', passwordHash: HASH.replace('$04$', '$07$') } as const
    const several = create({ keys: {}, apps: { acme: {} }, users: { off, ...mixed } })
    const decoyOf = (name: string): string | undefined => {
      const lookup = several.findUser(name, 'any')
      return lookup.found ? undefined : lookup.decoy
    }
    const names = Array.from({ length: 60 }, (_, at) => `nobody-${at}`)
    assert.deepEqual(new Set(names.map(decoyOf)), new Set(costs))
    assert.deepEqual(names.map(decoyOf), names.map(decoyOf))
  })

  it('takes no name for another that looks like it', () => {
    assert.equal(credentials.findUser('Ängström café'.normalize('NFD'), 'any').found, false)
    assert.equal(credentials.findUser('\u0430nn', 'any').found, false)
  })

  it('has nothing to check where there are no users', () => {
    const empty = create({ keys: {}, apps: { acme: {} }, users: {} })
    assert.deepEqual(empty.findUser('ann', 'any'), { found: false, why: 'unknown' })
  })

  it('takes no user for a key, and none for an app', () => {
    assert.equal(credentials.lookUp('ann', 'any').found, false)
    assert.equal(credentials.findApp('ann', 'any'), undefined)
  })
}

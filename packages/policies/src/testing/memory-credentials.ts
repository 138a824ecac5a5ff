/** Owns the keys that a test's gateway knows. */
import { hash } from 'node:crypto'
import { isWeakKey } from '../keys/key-strength.ts'
import { addDecoy, pickDecoy } from '../passwords/decoys.ts'
import type { AppFacts, Credentials, KeyLookup, UserLookup } from '../services.ts'

interface TestKey {
  readonly app: string
  /** It is kept under a slow hash: found by `lookUpWeak`, later. */
  readonly isWeak?: boolean
  readonly plan?: string
  /** By API; `plan` counts for the others. */
  readonly plans?: Readonly<Record<string, string>>
  /** Says why a look-up does not find it; a good key if absent. */
  readonly isRefusedAs?: 'disabled' | 'expired' | 'not-yet-valid'
}

interface TestUser {
  readonly app: string
  readonly plan?: string
  readonly plans?: Readonly<Record<string, string>>
  readonly passwordHash: string
  readonly isRefusedAs?: 'disabled' | 'expired' | 'not-yet-valid'
}

interface TestApp {
  readonly plan?: string
  readonly plans?: Readonly<Record<string, string>>
  readonly isEnabled?: boolean
}

const UNKNOWN = { found: false, why: 'unknown' } as const

export class MemoryCredentials implements Credentials {
  readonly #keys: Map<string, TestKey>
  readonly #apps = new Map<string, TestApp>()
  readonly #users = new Map<string, TestUser>()

  constructor(keys: Readonly<Record<string, TestKey>> = {}) {
    this.#keys = new Map(Object.entries(keys))
  }

  set(key: string, facts: TestKey): void {
    this.#keys.set(key, facts)
  }

  lookUp(key: string, api: string): KeyLookup {
    const facts = this.#keys.get(key)
    if (facts === undefined || facts.isWeak === true) return UNKNOWN
    return toLookup(key, facts, api)
  }

  lookUpWeak(key: string, api: string): KeyLookup | (() => Promise<KeyLookup>) {
    // As where a slow hash has to be made, which is also for what only looks as if it could be one.
    const mayBeOne = isWeakKey(key) && [...this.#keys.values()].some(({ isWeak }) => isWeak === true)
    if (!mayBeOne) return UNKNOWN
    const facts = this.#keys.get(key)
    return async () => (facts?.isWeak === true ? toLookup(key, facts, api) : UNKNOWN)
  }

  setApp(id: string, app: TestApp = {}): void {
    this.#apps.set(id, app)
  }

  findApp(id: string, api: string): AppFacts | undefined {
    const app = this.#apps.get(id)
    return app && { plan: pickPlan(app, api), isEnabled: app.isEnabled ?? true }
  }

  setUser(name: string, user: TestUser): void {
    this.#users.set(name, user)
  }

  findUser(name: string, api: string): UserLookup {
    const user = this.#users.get(name)
    if (user !== undefined && user.isRefusedAs === undefined) {
      const { app, passwordHash } = user
      return { found: true, user: { app, plan: pickPlan(user, api), passwordHash } }
    }
    const why = user?.isRefusedAs ?? 'unknown'
    const users = [...this.#users.values()]
    const enabled = users.filter(({ isRefusedAs }) => isRefusedAs !== 'disabled')
    if (users.length === 0) return { found: false, why }
    const decoys = (enabled.length > 0 ? enabled : users).reduce((all, each) => addDecoy(all, each.passwordHash), '')
    return { found: false, why, decoy: pickDecoy(decoys, name) }
  }
}

/** Knows these apps, each without a plan, and no key. */
export function withApps(...apps: readonly string[]): MemoryCredentials {
  const credentials = new MemoryCredentials()
  for (const app of apps) credentials.setApp(app)
  return credentials
}

function pickPlan({ plan, plans }: Pick<TestApp, 'plan' | 'plans'>, api: string): string | undefined {
  return plans !== undefined && Object.hasOwn(plans, api) ? plans[api] : plan
}

function toLookup(key: string, facts: TestKey, api: string): KeyLookup {
  const { app, isRefusedAs } = facts
  if (isRefusedAs !== undefined) return { found: false, why: isRefusedAs }
  return { found: true, key: { app, plan: pickPlan(facts, api), hash: hash('sha256', key) } }
}

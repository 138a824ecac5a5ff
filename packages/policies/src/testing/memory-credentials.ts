/** Owns the keys that a test's gateway knows. */
import { hash } from 'node:crypto'
import type { MaybePromise } from '../maybe-promise.ts'
import type { AppFacts, Credentials, KeyLookup, UserLookup } from '../services.ts'

interface TestKey {
  readonly app: string
  /** It is kept under a slow hash: found by `lookUpWeak`, later. */
  readonly isWeak?: boolean
  readonly plan?: string
  /** Says why a look-up does not find it; a good key if absent. */
  readonly isRefusedAs?: 'disabled' | 'expired' | 'not-yet-valid'
}

interface TestUser {
  readonly app: string
  readonly plan?: string
  readonly passwordHash: string
  readonly isRefusedAs?: 'disabled' | 'expired' | 'not-yet-valid'
}

export class MemoryCredentials implements Credentials {
  readonly #keys: Map<string, TestKey>
  readonly #apps = new Map<string, AppFacts>()
  readonly #users = new Map<string, TestUser>()

  constructor(keys: Readonly<Record<string, TestKey>> = {}) {
    this.#keys = new Map(Object.entries(keys))
  }

  set(key: string, facts: TestKey): void {
    this.#keys.set(key, facts)
  }

  lookUp(key: string): KeyLookup {
    const facts = this.#keys.get(key)
    if (facts === undefined || facts.isWeak === true) return { found: false, why: 'unknown' }
    return toLookup(key, facts)
  }

  lookUpWeak(key: string): MaybePromise<KeyLookup> {
    const facts = this.#keys.get(key)
    if (facts?.isWeak !== true) return { found: false, why: 'unknown' }
    return Promise.resolve(toLookup(key, facts))
  }

  setApp(id: string, { plan, isEnabled = true }: { readonly plan?: string; readonly isEnabled?: boolean } = {}): void {
    this.#apps.set(id, { plan, isEnabled })
  }

  findApp(id: string): AppFacts | undefined {
    return this.#apps.get(id)
  }

  setUser(name: string, user: TestUser): void {
    this.#users.set(name, user)
  }

  findUser(name: string): UserLookup {
    const user = this.#users.get(name)
    if (user !== undefined && user.isRefusedAs === undefined) {
      const { app, plan, passwordHash } = user
      return { found: true, user: { app, plan, passwordHash } }
    }
    const [decoy] = this.#users.values()
    const why = user?.isRefusedAs ?? 'unknown'
    return decoy === undefined ? { found: false, why } : { found: false, why, decoy: decoy.passwordHash }
  }
}

function toLookup(key: string, { app, plan, isRefusedAs }: TestKey): KeyLookup {
  if (isRefusedAs !== undefined) return { found: false, why: isRefusedAs }
  return { found: true, key: { app, plan, hash: hash('sha256', key) } }
}

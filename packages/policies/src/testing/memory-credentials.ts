/** Owns the keys that a test's gateway knows. */
import { hash } from 'node:crypto'
import type { Credentials, KeyLookup } from '../services.ts'

interface TestKey {
  readonly app: string
  readonly plan?: string
  /** Says why a look-up does not find it; a good key if absent. */
  readonly isRefusedAs?: 'disabled' | 'expired' | 'not-yet-valid'
}

export class MemoryCredentials implements Credentials {
  readonly #keys: Map<string, TestKey>

  constructor(keys: Readonly<Record<string, TestKey>> = {}) {
    this.#keys = new Map(Object.entries(keys))
  }

  set(key: string, facts: TestKey): void {
    this.#keys.set(key, facts)
  }

  lookUp(key: string): KeyLookup {
    const facts = this.#keys.get(key)
    if (facts === undefined) return { found: false, why: 'unknown' }
    if (facts.isRefusedAs !== undefined) return { found: false, why: facts.isRefusedAs }
    return { found: true, key: { app: facts.app, plan: facts.plan, hash: hash('sha256', key) } }
  }
}

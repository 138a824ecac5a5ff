/** Owns what was revoked, in tests: exact, in one process. */
import type { RevocationList, Revocations } from '../services.ts'

export class MemoryRevocations implements Revocations {
  readonly #atMs = new Map<string, number>()

  list(id: string): RevocationList {
    const toKey = (key: string): string => JSON.stringify([id, key])
    return {
      revoke: (key, atMs) => void this.#atMs.set(toKey(key), Math.max(atMs, this.#find(toKey(key)))),
      isRevoked: (key, beganAtMs) => beganAtMs <= this.#find(toKey(key)),
    }
  }

  #find(key: string): number {
    return this.#atMs.get(key) ?? Number.NEGATIVE_INFINITY
  }
}

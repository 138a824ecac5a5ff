/** Owns what was found out about a credential and holds for a while: bounded, on one thread, and without the credential itself. */
import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '../services.ts'

interface Kept<Value> {
  readonly value: Value
  readonly untilMs: number
}

/** Drawn anew by each process: what stands in memory names no credential to whoever finds it there. */
const HASH_KEY = randomBytes(32).toString('base64')

/**
 * A text that stands for a credential, and from which nobody gets it back. The key stands before it and not in an HMAC,
 * which costs twice as much: nobody outside sees what comes out, so there is nothing to extend.
 */
export function toFingerprint(credential: string): string {
  return hash('sha256', HASH_KEY + credential, 'base64')
}

/** The oldest makes room for the newest. Keys are fingerprints, or what is no secret. */
export class Remembered<Value> {
  readonly #kept = new Map<string, Kept<Value>>()
  readonly #most: number
  readonly #clock: Pick<Clock, 'now'>

  constructor(most: number, clock: Pick<Clock, 'now'>) {
    this.#most = most
    this.#clock = clock
  }

  get(key: string): Value | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (kept.untilMs > this.#clock.now()) return kept.value
    this.#kept.delete(key)
    return undefined
  }

  /** `untilMs`: milliseconds since the epoch. */
  set(key: string, value: Value, untilMs: number): void {
    this.#kept.delete(key)
    if (this.#most === 0 || untilMs <= this.#clock.now()) return
    if (this.#kept.size >= this.#most) {
      const oldest = this.#kept.keys().next()
      if (oldest.done !== true) this.#kept.delete(oldest.value)
    }
    this.#kept.set(key, { value, untilMs })
  }

  forget(key: string): void {
    this.#kept.delete(key)
  }
}

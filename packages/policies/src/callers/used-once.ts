/** Owns what may be used once: nonces, and signatures that must not come again. Known to all threads, for as long as it could be used. */
import { hash } from 'node:crypto'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Counters, Limiter } from '../services.ts'

interface UsedOnceSpec {
  /** Whose these are: equal ids share them, across threads and reloads. */
  readonly id: string
  /** How long something could be used again; up to 2^32 − 1. */
  readonly windowMs: number
}

/**
 * A set that forgets, made of a limit of one in a window: counters are what threads share, and what nodes share where the
 * operator has them do so. A bucket of one token is exact: it is full again after a window, and not before. Where the table of
 * counters is full, something new may be taken for used: too strict, and never too lax. It ends with the process.
 */
export class UsedOnce {
  readonly #limiter: Limiter

  constructor(counters: Counters, { id, windowMs }: UsedOnceSpec) {
    this.#limiter = counters.limiter({ id: `used/${id}/${windowMs}`, algorithm: 'token-bucket', limit: 1, windowMs })
  }

  /** Was it new? It is used from here on. `text` may be as long as a client likes. */
  use(text: string | Uint8Array): MaybePromise<boolean> {
    const decision = this.#limiter.take(toKey(text), 1)
    return decision instanceof Promise ? decision.then(({ allowed }) => allowed) : decision.allowed
  }

  /** Nothing came of it: it may be used again. */
  giveBack(text: string | Uint8Array): void {
    this.#limiter.giveBack(toKey(text), 1)
  }
}

function toKey(text: string | Uint8Array): string {
  return hash('sha256', text, 'base64')
}

/** Owns the slowing of those who try credentials one after the other: so many wrong ones a minute from one address, and for one name. */
import { z } from 'zod'
import { toNetwork } from '../addresses/network.ts'
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import type { Counters, Decision, Limiter } from '../services.ts'

const MINUTE_MS = 60_000
/** What one customer has of IPv6. */
const IPV6_PREFIX_BITS = 64

const perAddress = z.int().min(0).max(1_000_000).default(100).meta({
  description: 'Wrong credentials from one address in a minute; 0 is without limit. An IPv6 address counts as its /64.',
})

/**
 * As `attemptsSchema`, of credentials that do not say whose they are, or that nobody can guess: to count wrong signatures of a
 * key, wherever they come from, would let anybody who knows its name lock its owner out.
 */
export const addressAttemptsSchema = z.strictObject({ perAddress }).prefault({}).meta({
  description:
    'How many wrong credentials are looked at in a minute; beyond, all are refused with 429 until some time has passed.',
})

/** Stands in the options of each policy that checks credentials, as `attempts`. */
export const attemptsSchema = z
  .strictObject({
    perAddress,
    perName: z.int().min(0).max(1_000_000).default(20).meta({
      description: 'Wrong credentials for one user, app or client in a minute, from wherever; 0 is without limit.',
    }),
  })
  .prefault({})
  .meta({
    description:
      'How many wrong credentials are looked at in a minute; beyond, all are refused with 429 until some time has passed.',
  })

export interface Attempts {
  readonly perAddress: number
  /** 0 where credentials have no names. */
  readonly perName?: number
}

/** What is wrong counts once and for all uses of its kind, on all threads; what is right costs nothing. */
export class GuessGuard {
  readonly #byAddress: Limiter | undefined
  readonly #byName: Limiter | undefined

  /** `kind` says whose wrong credentials count together: `key`, `password`, `token`. */
  constructor(counters: Counters, kind: string, { perAddress, perName = 0 }: Attempts) {
    const limiter = (of: string, limit: number): Limiter | undefined =>
      limit === 0
        ? undefined
        : counters.limiter({
            id: `guesses/${kind}/${of}/${limit}`,
            algorithm: 'token-bucket',
            limit,
            windowMs: MINUTE_MS,
          })
    this.#byAddress = limiter('address', perAddress)
    this.#byName = limiter('name', perName)
  }

  /** Before a credential is looked at. `name`: whose it claims to be, where it says so. @throws Problem too-many-attempts */
  admit({ client }: Exchange, name?: string): void {
    if (this.#byAddress !== undefined) assertRoom(this.#byAddress, toNetwork(client.address, IPV6_PREFIX_BITS))
    if (this.#byName !== undefined && name !== undefined) assertRoom(this.#byName, name)
  }

  /** It was wrong. */
  failed({ client }: Exchange, name?: string): void {
    void this.#byAddress?.take(toNetwork(client.address, IPV6_PREFIX_BITS), 1)
    if (name !== undefined) void this.#byName?.take(name, 1)
  }
}

function assertRoom(limiter: Limiter, key: string): void {
  const decision = limiter.take(key, 0)
  // Counters of other machines answer later: whoever comes by then is not kept waiting for it.
  if (decision instanceof Promise || decision.remaining > 0) return
  throw toRefusal(decision)
}

function toRefusal({ retryAfterMs }: Decision): Problem {
  return new Problem('too-many-attempts', {
    detail: 'Too many wrong credentials came from this address, or for this name. Wait, then send the right one.',
    headers: [['Retry-After', `${Math.max(1, Math.ceil(retryAfterMs / 1000))}`]],
  })
}

/** Owns the slowing of those who try credentials one after the other: so many wrong ones a minute from one address, and for one name. */
import { z } from 'zod'
import { toNetwork } from '../addresses/network.ts'
import type { Exchange } from '../exchange.ts'
import { type GuessRoom, type GuessWorld, openGuessRoom } from './guess-room.ts'

/** What one customer has of IPv6. */
const IPV6_PREFIX_BITS = 64

const perAddress = z.int().min(0).max(1_000_000).default(100).meta({
  description:
    'Wrong credentials from one address: so many at once, and then so many a minute; 0 is without limit. An IPv6 address counts as its /64.',
})

/**
 * As `attemptsSchema`, of credentials that do not say whose they are, or that nobody can guess: to count wrong signatures of a
 * key, wherever they come from, would let anybody who knows its name lock its owner out.
 */
export const addressAttemptsSchema = z.strictObject({ perAddress }).prefault({}).meta({
  description: 'How many wrong credentials are looked at; beyond, all are refused with 429 until some time has passed.',
})

/** Stands in the options of each policy that checks credentials, as `attempts`. */
export const attemptsSchema = z
  .strictObject({
    perAddress,
    perName: z.int().min(0).max(1_000_000).default(20).meta({
      description:
        'Wrong credentials for one user, app or client, from wherever: so many at once, and then so many a minute; 0 is without limit.',
    }),
  })
  .prefault({})
  .meta({
    description:
      'How many wrong credentials are looked at; beyond, all are refused with 429 until some time has passed.',
  })

export interface Attempts {
  readonly perAddress: number
  /** 0 where credentials have no names. */
  readonly perName?: number
  /** Looks of one address, or at one name, that a thread has under way at once, where only so many can be: the others wait. */
  readonly mostAtOnce?: number
}

/** Whom guesses are counted for: an address, or a name. */
interface Counted {
  readonly room: GuessRoom
  readonly key: string
}

/** What is wrong counts once and for all uses of its kind, on all threads; what is right costs nothing. */
export class GuessGuard {
  readonly #byAddress: GuessRoom | undefined
  readonly #byName: GuessRoom | undefined
  readonly #mostAtOnce: number

  /** `kind` says whose wrong credentials count together: `key`, `password`, `token`. */
  constructor(world: GuessWorld, kind: string, { perAddress, perName = 0, mostAtOnce }: Attempts) {
    this.#mostAtOnce = mostAtOnce ?? Number.POSITIVE_INFINITY
    if (perAddress > 0) this.#byAddress = openGuessRoom(world, `${kind}/address`, perAddress)
    if (perName > 0) this.#byName = openGuessRoom(world, `${kind}/name`, perName)
  }

  /**
   * Before a credential is looked at. `name`: whose it claims to be, where it says so. Only those that were wrong count here,
   * and none that is being looked at. @throws Problem too-many-attempts
   */
  admit(exchange: Exchange, name?: string): void {
    this.#byAddress?.assertRoom(toAddressKey(exchange))
    if (name !== undefined) this.#byName?.assertRoom(name)
  }

  /** It was wrong. */
  failed(exchange: Exchange, name?: string): void {
    for (const { room, key } of this.#listCounted(exchange, name)) room.charge(key)
  }

  /**
   * A look that takes its time: it counts as wrong from the beginning, until it is known not to be. Else a crowd of guesses would
   * all be looked at while there is room for one. Where there is no room left because of looks that are under way, it waits for
   * one of them: a crowd of right credentials is refused nothing. Whoever leaves gives up the place in line.
   * @rejects with what `look` rejects with, and Problem too-many-attempts
   */
  async watch<Result>(
    guess: { readonly exchange: Exchange; readonly name?: string | undefined },
    look: () => Promise<Result>,
    isWrong: (result: Result) => boolean,
  ): Promise<Result> {
    const entered: Counted[] = []
    let wasWrong = false
    try {
      for (const counted of this.#listCounted(guess.exchange, guess.name)) {
        await counted.room.enter(counted.key, { exchange: guess.exchange, mostAtOnce: this.#mostAtOnce })
        entered.push(counted)
      }
      const result = await look()
      wasWrong = isWrong(result)
      return result
    } finally {
      for (const { room, key } of entered) room.leave(key, wasWrong)
    }
  }

  #listCounted(exchange: Exchange, name: string | undefined): Counted[] {
    return [
      ...(this.#byAddress === undefined ? [] : [{ room: this.#byAddress, key: toAddressKey(exchange) }]),
      ...(this.#byName === undefined || name === undefined ? [] : [{ room: this.#byName, key: name }]),
    ]
  }
}

function toAddressKey({ client }: Exchange): string {
  return toNetwork(client.address, IPV6_PREFIX_BITS)
}

/** Owns how many guesses are open for one address, or one name: those that were wrong, and those that are being looked at. */
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import type { Decision, Limiter, PolicyServices } from '../services.ts'
import { toRetrySeconds } from './retry-after.ts'
import { waitForTurn } from './wait-for-turn.ts'

/** Of one key, on one thread: beyond, somebody floods, and memory is worth more. */
const MOST_WAITING = 1_000
const MINUTE_MS = 60_000
/** Nobody here is told when a look ends on another thread: so often it is seen whether there is room. */
const SECOND_LOOK_MS = 50

export type GuessWorld = Pick<PolicyServices, 'counters' | 'clock'>

/** Looks under way on this thread, and who waits for a place, in the order in which they came. */
interface Line {
  underWay: number
  /** Each with how many looks may be under way for its turn to come. */
  readonly waiting: Map<PromiseWithResolvers<void>, number>
  callOffSecondLook: (() => void) | undefined
}

interface Entrant {
  readonly exchange: Exchange
  /** Looks for this key under way on this thread. */
  readonly mostAtOnce: number
}

/** By id: guards of one kind share their room, as they share what is counted. A thread has one `Counters`. */
const rooms = new WeakMap<PolicyServices['counters'], Map<string, GuessRoom>>()

/** `of`: whose guesses count together. So many at once, and then so many a minute. */
export function openGuessRoom(world: GuessWorld, of: string, limit: number): GuessRoom {
  const id = `guesses/${of}/${limit}`
  const known = rooms.get(world.counters)
  const room = known?.get(id) ?? new GuessRoom(world, id, limit)
  if (known === undefined) rooms.set(world.counters, new Map([[id, room]]))
  else known.set(id, room)
  return room
}

export class GuessRoom {
  /** Wrong ones, and on all threads those that are being looked at: all of them might be wrong. */
  readonly #places: Limiter
  /** Wrong ones alone. Only because of these is anybody refused: what others are looked at for may be right. */
  readonly #wrong: Limiter
  readonly #clock: GuessWorld['clock']
  readonly #lines = new Map<string, Line>()

  constructor({ counters, clock }: GuessWorld, id: string, limit: number) {
    const open = (of: string): Limiter =>
      counters.limiter({ id: `${id}/${of}`, algorithm: 'token-bucket', limit, windowMs: MINUTE_MS })
    this.#places = open('places')
    this.#wrong = open('wrong')
    this.#clock = clock
  }

  /** @throws Problem too-many-attempts */
  assertRoom(key: string): void {
    const refusal = this.#findRefusal(key)
    if (refusal !== undefined) throw refusal
  }

  charge(key: string): void {
    void this.#places.take(key, 1)
    void this.#wrong.take(key, 1)
  }

  /**
   * Takes a place, waiting for one where all that are taken may be given back.
   * @rejects Problem too-many-attempts, and what the exchange is aborted by
   */
  async enter(key: string, { exchange, mostAtOnce }: Entrant): Promise<void> {
    const line = this.#lineOf(key)
    if (line.waiting.size >= MOST_WAITING) throw toRefusal({ retryAfterMs: 1000 })
    const place = Promise.withResolvers<void>()
    line.waiting.set(place, mostAtOnce)
    this.#serve(key, line)
    if (!line.waiting.has(place)) return await place.promise
    await waitForTurn(place, exchange, () => line.waiting.delete(place))
  }

  leave(key: string, wasWrong: boolean): void {
    if (wasWrong) void this.#wrong.take(key, 1)
    else this.#places.giveBack(key, 1)
    const line = this.#lineOf(key)
    line.underWay--
    this.#serve(key, line)
  }

  /** Gives places to those who wait, as long as there are any; where wrong ones have taken all, nobody waits longer. */
  #serve(key: string, line: Line): void {
    line.callOffSecondLook?.()
    line.callOffSecondLook = undefined
    for (const [place, mostAtOnce] of line.waiting) {
      const refusal = this.#findRefusal(key)
      if (refusal !== undefined) {
        line.waiting.delete(place)
        place.reject(refusal)
        continue
      }
      if (line.underWay >= mostAtOnce) break
      const decision = this.#places.take(key, 1)
      if (!(decision instanceof Promise) && !decision.allowed) break
      line.waiting.delete(place)
      line.underWay++
      place.resolve()
    }
    if (line.underWay > 0) return
    if (line.waiting.size === 0) this.#lines.delete(key)
    else line.callOffSecondLook = this.#clock.after(SECOND_LOOK_MS, () => this.#serve(key, line))
  }

  #findRefusal(key: string): Problem | undefined {
    const decision = this.#wrong.take(key, 0)
    // Counters of other machines answer later: whoever comes by then is not kept waiting for it.
    return decision instanceof Promise || decision.remaining > 0 ? undefined : toRefusal(decision)
  }

  #lineOf(key: string): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { underWay: 0, waiting: new Map(), callOffSecondLook: undefined }
      this.#lines.set(key, line)
    }
    return line
  }
}

function toRefusal({ retryAfterMs }: Pick<Decision, 'retryAfterMs'>): Problem {
  return new Problem('too-many-attempts', {
    detail: 'Too many wrong credentials came from this address, or for this name. Wait, then send the right one.',
    headers: [['Retry-After', `${toRetrySeconds(retryAfterMs)}`]],
  })
}

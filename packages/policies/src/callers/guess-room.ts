/** Owns how many guesses are open for one address, or one name: those that were wrong, and those that are being looked at. */
import { Problem } from '../problem.ts'
import type { Counters, Decision, Limiter } from '../services.ts'
import { toRetrySeconds } from './retry-after.ts'

/** Of one key, on one thread: beyond, somebody floods, and memory is worth more. */
const MOST_WAITING = 1_000

/** Looks under way on this thread, and who waits for one of them to end. */
interface Line {
  underWay: number
  readonly waiting: (() => void)[]
}

const MINUTE_MS = 60_000

/** By id: guards of one kind share their room, as they share what is counted. A thread has one `Counters`. */
const rooms = new WeakMap<Counters, Map<string, GuessRoom>>()

/** `of`: whose guesses count together. So many at once, and then so many a minute. */
export function openGuessRoom(counters: Counters, of: string, limit: number): GuessRoom {
  const id = `guesses/${of}/${limit}`
  const known = rooms.get(counters)
  const room =
    known?.get(id) ?? new GuessRoom(counters.limiter({ id, algorithm: 'token-bucket', limit, windowMs: MINUTE_MS }))
  if (known === undefined) rooms.set(counters, new Map([[id, room]]))
  else known.set(id, room)
  return room
}

export class GuessRoom {
  readonly #limiter: Limiter
  readonly #lines = new Map<string, Line>()

  constructor(limiter: Limiter) {
    this.#limiter = limiter
  }

  /** @throws Problem too-many-attempts */
  assertRoom(key: string): void {
    const decision = this.#limiter.take(key, 0)
    // Counters of other machines answer later: whoever comes by then is not kept waiting for it.
    if (decision instanceof Promise || decision.remaining > 0) return
    throw toRefusal(decision)
  }

  /** The same, unless looks are under way on this thread: what they took may come back. */
  assertRoomUnlessWatching(key: string): void {
    if (this.#lines.size === 0 || !this.#lines.has(key)) this.assertRoom(key)
  }

  charge(key: string): void {
    void this.#limiter.take(key, 1)
  }

  /** Takes a place, waiting for one where all that are taken may be given back. @rejects Problem too-many-attempts */
  async enter(key: string): Promise<void> {
    for (;;) {
      const decision = this.#limiter.take(key, 1)
      if (decision instanceof Promise || decision.allowed) {
        this.#lineOf(key).underWay++
        return
      }
      const line = this.#lines.get(key)
      if (line === undefined || line.waiting.length >= MOST_WAITING) throw toRefusal(decision)
      await new Promise<void>((resolve) => line.waiting.push(resolve))
    }
  }

  leave(key: string, wasWrong: boolean): void {
    if (!wasWrong) this.#limiter.giveBack(key, 1)
    const line = this.#lineOf(key)
    line.underWay--
    if (line.underWay === 0) this.#lines.delete(key)
    // All of them where nothing is under way: each finds out whether there is room.
    for (const wake of line.waiting.splice(0, line.underWay === 0 ? line.waiting.length : 1)) wake()
  }

  #lineOf(key: string): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { underWay: 0, waiting: [] }
      this.#lines.set(key, line)
    }
    return line
  }
}

function toRefusal({ retryAfterMs }: Decision): Problem {
  return new Problem('too-many-attempts', {
    detail: 'Too many wrong credentials came from this address, or for this name. Wait, then send the right one.',
    headers: [['Retry-After', `${toRetrySeconds(retryAfterMs)}`]],
  })
}

/** Owns slow work of which only so much may be under way at once: the rest waits in line, and beyond that nothing is taken on. */
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { waitForTurn } from './wait-for-turn.ts'

export interface BottleneckOptions {
  readonly mostAtOnce: number
  /** How much may wait, by `size`. */
  readonly mostWaiting: number
}

interface Entrant {
  /** How much of it this is; 1 unless said. */
  readonly size?: number
  /** With whom it is given up as long as it waits; it is never if absent. */
  readonly asker?: Exchange
}

export class Bottleneck {
  readonly #mostAtOnce: number
  readonly #mostWaiting: number
  /** In the order in which they came, each with its size. */
  readonly #waiting = new Map<PromiseWithResolvers<void>, number>()
  #waitingSize = 0
  #underWay = 0

  constructor({ mostAtOnce, mostWaiting }: BottleneckOptions) {
    this.#mostAtOnce = mostAtOnce
    this.#mostWaiting = mostWaiting
  }

  get underWay(): number {
    return this.#underWay
  }

  /**
   * In the order in which they came.
   * @rejects with what `work` rejects with, what the asker is aborted by, and Problem verifier-unavailable where too much waits
   */
  async run<Result>(work: () => Promise<Result>, { size = 1, asker }: Entrant = {}): Promise<Result> {
    if (this.#underWay < this.#mostAtOnce) this.#underWay++
    else await this.#wait(size, asker)
    try {
      return await work()
    } finally {
      // Whoever is next takes over the place: nobody who comes meanwhile gets it.
      const next = this.#waiting.keys().next()
      if (next.done === true) this.#underWay--
      else {
        this.#leave(next.value)
        next.value.resolve()
      }
    }
  }

  async #wait(size: number, asker: Exchange | undefined): Promise<void> {
    if (this.#waitingSize + size > this.#mostWaiting) {
      throw new Problem('verifier-unavailable', {
        detail: 'Too many credentials are being checked. Try again in a moment.',
        headers: [['Retry-After', '1']],
        reason: 'too-many-checks',
      })
    }
    const turn = Promise.withResolvers<void>()
    this.#waiting.set(turn, size)
    this.#waitingSize += size
    if (asker === undefined) await turn.promise
    else await waitForTurn(turn, asker, () => this.#leave(turn))
  }

  #leave(turn: PromiseWithResolvers<void>): boolean {
    this.#waitingSize -= this.#waiting.get(turn) ?? 0
    return this.#waiting.delete(turn)
  }
}

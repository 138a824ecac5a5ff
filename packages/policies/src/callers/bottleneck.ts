/** Owns slow work of which only so much may be under way at once: the rest waits in line, and beyond that nothing is taken on. */
import { Problem } from '../problem.ts'

export interface BottleneckOptions {
  readonly mostAtOnce: number
  readonly mostWaiting: number
}

export class Bottleneck {
  readonly #mostAtOnce: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor({ mostAtOnce, mostWaiting }: BottleneckOptions) {
    this.#mostAtOnce = mostAtOnce
    this.#mostWaiting = mostWaiting
  }

  get underWay(): number {
    return this.#underWay
  }

  /** In the order in which they came. @rejects with what `work` rejects with, and with Problem verifier-unavailable where too many wait */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay < this.#mostAtOnce) this.#underWay++
    else await this.#wait()
    try {
      return await work()
    } finally {
      // Whoever is next takes over the place: nobody who comes meanwhile gets it.
      const next = this.#waiting.shift()
      if (next === undefined) this.#underWay--
      else next()
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting) {
      throw new Problem('verifier-unavailable', {
        detail: 'Too many credentials are being checked. Try again in a moment.',
        headers: [['Retry-After', '1']],
        reason: 'too-many-checks',
      })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

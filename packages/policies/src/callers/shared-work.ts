/** Owns work that several ask for at once: it is done once, and all of them have what came of it. */

import type { Exchange } from '../exchange.ts'

interface UnderWay<Result> {
  readonly result: Promise<Result>
  readonly beganBy: Exchange | undefined
}

/** A client that begins with a hundred requests at once costs one check of its password, and not a hundred. */
export class SharedWork<Result> {
  readonly #underWay = new Map<string, UnderWay<Result>>()

  /** Is it under way? */
  has(key: string): boolean {
    return this.#underWay.has(key)
  }

  /** `key` holds all that `work` depends on; `asker`, where it may end with whoever began it. @rejects with what `work` rejects with */
  run(key: string, work: () => Promise<Result>, asker?: Exchange): Promise<Result> {
    const underWay = this.#underWay.get(key)
    if (underWay === undefined) return this.#begin(key, work, asker)
    const { result, beganBy } = underWay
    if (beganBy === undefined) return result
    return result.catch((error: unknown) => {
      if (error !== beganBy.abortedBy) throw error
      return this.run(key, work, asker)
    })
  }

  #begin(key: string, work: () => Promise<Result>, beganBy: Exchange | undefined): Promise<Result> {
    const result = work().finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, { result, beganBy })
    return result
  }
}

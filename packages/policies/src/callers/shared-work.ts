/** Owns work that several ask for at once: it is done once, and all of them have what came of it. */

/** A client that begins with a hundred requests at once costs one check of its password, and not a hundred. */
export class SharedWork<Result> {
  readonly #underWay = new Map<string, Promise<Result>>()

  /** Is it under way? */
  has(key: string): boolean {
    return this.#underWay.has(key)
  }

  /** `key` holds all that `work` depends on. @rejects with what `work` rejects with */
  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const underWay = this.#underWay.get(key)
    if (underWay !== undefined) return underWay
    const begun = work().finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, begun)
    return begun
  }
}

/**
 * Owns what one limiter knows of the regions that its use holds. It may be out of date at any moment, and is renewed before
 * anything is concluded from a key's not being found:
 *
 *   a region too few    was added by another thread: a key that stands there is not found
 *   a region too many   was given back, perhaps to another use: nothing of this use's stands there, as tags are wiped first
 */
import { BUCKET_LONGS, type CounterTable } from './counter-table.ts'
import { KeyHasher } from './half-sip-hash.ts'
import { findHolding, growHolding, type Held, takeHolding, type UseHash } from './holdings.ts'

export class UseRegions {
  /** By level: the 64-bit index of the region's first bucket; -1: there is none. */
  readonly at: number[]
  /** By level: what of a hash chooses the bucket. */
  readonly masks: readonly number[]
  readonly #table: CounterTable
  readonly #use: UseHash
  #holding = -1
  #life = 0

  constructor(table: CounterTable, id: string) {
    this.#table = table
    const hasher = new KeyHasher(id, table.hashKey)
    hasher.hash('')
    this.#use = { low: hasher.low || 1, high: hasher.high || 1 }
    this.at = table.levels.map(() => -1)
    this.masks = table.levels.map(({ buckets }) => buckets - 1)
  }

  /** The bucket of level 0, whose lock guards all places of a key; there has to be a holding. */
  homeOf(hashLow: number): number {
    return this.#bucketOf(0, hashLow)
  }

  /** A key's bucket on each level that has a region, the lowest first. */
  bucketsOf(hashLow: number): number[] {
    const buckets: number[] = []
    for (const [level, at] of this.at.entries()) if (at >= 0) buckets.push(this.#bucketOf(level, hashLow))
    return buckets
  }

  /** Looks again, and takes nothing. True: things stand otherwise than before. */
  renew(): boolean {
    if (this.#isCurrent()) return this.#readLinks()
    const before = this.#holding
    this.#enter(findHolding(this.#table, this.#use))
    return this.#holding >= 0 || before >= 0
  }

  /** Makes sure that there is a holding. */
  settle(): void {
    while (!this.#isCurrent()) this.#enter(takeHolding(this.#table, this.#use))
  }

  /**
   * Under the home bucket's lock: brings everything up to date, and what the sweep was about to take is kept. False: the
   * holding is not this use's any more.
   */
  hold(): boolean {
    if (this.#holding < 0) return false
    const { words } = this.#table
    for (let level = 0; level < this.at.length; level++) {
      const linkAt = this.#table.linkAt(this.#holding, level)
      const link = Atomics.load(words, linkAt)
      if (link < 0) Atomics.compareExchange(words, linkAt, link, -link)
    }
    if (!this.#isCurrent()) return false
    this.#readLinks()
    return true
  }

  /** Under the home bucket's lock, after `hold`. True: there is a region more, look again. */
  grow(): boolean {
    return growHolding(this.#table, this.#holding) && this.#readLinks()
  }

  #bucketOf(level: number, hashLow: number): number {
    return (this.at[level] ?? 0) + (hashLow & (this.masks[level] ?? 0)) * BUCKET_LONGS
  }

  #isCurrent(): boolean {
    if (this.#holding < 0) return false
    return Math.abs(Atomics.load(this.#table.words, this.#table.linkAt(this.#holding, 0))) === this.#life
  }

  #enter(held: Held | undefined): void {
    this.#holding = held?.holding ?? -1
    this.#life = held?.life ?? 0
    this.at.fill(-1)
    if (held === undefined) return
    this.at[0] = this.#table.regionAt(0, held.holding)
    this.#readLinks()
  }

  #readLinks(): boolean {
    let isChanged = false
    for (let level = 1; level < this.at.length; level++) {
      const link = Math.abs(Atomics.load(this.#table.words, this.#table.linkAt(this.#holding, level)))
      const at = link === 0 ? -1 : this.#table.regionAt(level, link - 1)
      if (at === this.at[level]) continue
      this.at[level] = at
      isChanged = true
    }
    return isChanged
  }
}

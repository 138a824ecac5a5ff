/**
 * Owns what is kept of pairs of schemas that were compared, where schemas lead back to themselves. A pair that is met again while
 * it is looked at has nothing new; but those on the way back to it lead to all that it leads to, and are told so once it is done
 * (they are a strongly connected component of the graph of pairs, found as Tarjan does).
 */
import type { SchemaChange } from './schema-pair.ts'

const NONE: readonly SchemaChange[] = []

export class PairMemory {
  readonly #found = new Map<string, readonly SchemaChange[]>()
  /** Pairs that are not done → the outermost pair, by depth, that they lead back to. */
  readonly #open = new Map<string, number>()
  /** Those that were looked at, and wait for the pair that they lead back to. */
  #waiting: string[] = []
  #depth = 0
  /** The outermost pair that the current one has led back to so far. */
  #back = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#found.size
  }

  get depth(): number {
    return this.#depth
  }

  find(key: string): readonly SchemaChange[] | undefined {
    const found = this.#found.get(key)
    if (found !== undefined) this.#back = Math.min(this.#back, this.#open.get(key) ?? Number.POSITIVE_INFINITY)
    return found
  }

  /** Keeps what `look` finds; `look` may ask for other pairs, and for this one. */
  keep(key: string, look: () => readonly SchemaChange[]): readonly SchemaChange[] {
    const around = this.#back
    const depth = this.#depth++
    const first = this.#waiting.length
    this.#back = Number.POSITIVE_INFINITY
    this.#open.set(key, depth)
    this.#found.set(key, NONE)
    const found = look()
    this.#depth = depth
    this.#found.set(key, found)
    if (this.#back < depth) {
      this.#open.set(key, this.#back)
      this.#waiting.push(key)
      this.#back = Math.min(around, this.#back)
      return found
    }
    for (const done of [key, ...this.#waiting.slice(first)]) {
      this.#found.set(done, found)
      this.#open.delete(done)
    }
    this.#waiting = this.#waiting.slice(0, first)
    this.#back = around
    return found
  }

  /** Of an attempt that counts for nothing, it is of no interest where it led. */
  attempt(look: () => readonly SchemaChange[]): { readonly changes: readonly SchemaChange[]; count(): void } {
    const around = this.#back
    this.#back = Number.POSITIVE_INFINITY
    const changes = look()
    const back = this.#back
    this.#back = around
    return {
      changes,
      count: () => {
        this.#back = Math.min(this.#back, back)
      },
    }
  }
}

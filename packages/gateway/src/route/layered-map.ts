/**
 * Owns a map of many of which a changed form shares all but what changed: a snapshot of thousands is mostly the one before, and
 * whatever is copied of it for each change, every thread has to collect while it serves.
 */

/** So many others lie above before all is copied once more. */
const MOST_ABOVE = 64

export class LayeredMap<Key, Value> {
  readonly #base: Map<Key, Value>
  /** In the places of some of `#base`. */
  readonly #above: ReadonlyMap<Key, Value> | undefined

  constructor(base = new Map<Key, Value>(), above?: ReadonlyMap<Key, Value>) {
    this.#base = base
    this.#above = above
  }

  get size(): number {
    return this.#base.size
  }

  get(key: Key): Value | undefined {
    return this.#above?.get(key) ?? this.#base.get(key)
  }

  has(key: Key): boolean {
    return this.#base.has(key)
  }

  /** While it is being made only: no changed form shares it yet. */
  add(key: Key, value: Value): void {
    this.#base.set(key, value)
  }

  /** The same keys in the same order, some with other values; this one stays as it is. @throws where there is no such key */
  withReplaced(replacements: ReadonlyMap<Key, Value>): LayeredMap<Key, Value> {
    if (replacements.size === 0) return this
    const above = new Map([...(this.#above ?? []), ...replacements])
    for (const key of replacements.keys()) {
      if (!this.#base.has(key)) throw new Error(`${String(key)} is to be replaced, and is not there`)
    }
    if (above.size <= MOST_ABOVE) return new LayeredMap(this.#base, above)
    const base = new Map(this.#base)
    for (const [key, value] of above) base.set(key, value)
    return new LayeredMap(base)
  }

  *values(): Generator<Value> {
    for (const [key, value] of this.#base) yield this.#above?.get(key) ?? value
  }
}

/** Owns the finding of what belongs to a host name: its own entry first, then that of the wildcard for one label (RFC 6125 §6.4.3). */

export class NameTable<Value> {
  readonly #exact = new Map<string, Value>()
  /** By what stands behind `*.`. */
  readonly #wildcards = new Map<string, Value>()

  /** `name` in any case; `*.example.com` is a wildcard. The first of a name counts. */
  add(name: string, value: Value): void {
    const lower = name.toLowerCase()
    const isWildcard = lower.startsWith('*.')
    const table = isWildcard ? this.#wildcards : this.#exact
    const key = isWildcard ? lower.slice(2) : lower
    if (!table.has(key)) table.set(key, value)
  }

  /** `name` in lower case, without a trailing dot. */
  find(name: string): Value | undefined {
    const exact = this.#exact.get(name)
    if (exact !== undefined || this.#wildcards.size === 0) return exact
    const dot = name.indexOf('.')
    return dot > 0 ? this.#wildcards.get(name.slice(dot + 1)) : undefined
  }
}

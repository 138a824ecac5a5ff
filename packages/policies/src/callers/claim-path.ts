/** Owns the reading of one claim of a caller: by its name, or by a path with dots. */

export class ClaimPath {
  readonly #name: string
  readonly #steps: readonly string[]

  constructor(path: string) {
    this.#name = path
    this.#steps = path.split('.')
  }

  /** undefined: there is none. Names that are inherited name nothing. */
  find(claims: Readonly<Record<string, unknown>> | undefined): unknown {
    if (claims === undefined) return undefined
    // Names may hold dots, those that are URLs do: the whole is tried first.
    if (Object.hasOwn(claims, this.#name)) return claims[this.#name]
    let value: unknown = claims
    for (const step of this.#steps) {
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) {
        return undefined
      }
      value = (value as Record<string, unknown>)[step]
    }
    return value
  }
}

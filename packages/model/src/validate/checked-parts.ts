/** Owns what was checked before without a finding, so that it is not checked again in the same surroundings. */

/** Stands for all that a check looks at beside the part itself: it is the same object while that is the same. */
export type Surroundings = object

export class CheckedParts {
  readonly #checked = new WeakMap<object, Surroundings>()
  #surroundings = new Map<string, Surroundings>()
  #former = new Map<string, Surroundings>()
  #means: readonly unknown[] = []

  /** At the start of a validation. `means` are what it checks with: with others, nothing is known. */
  begin(means: readonly unknown[]): void {
    const isSame = means.length === this.#means.length && means.every((each, index) => each === this.#means[index])
    this.#means = means
    this.#former = isSame ? this.#surroundings : new Map()
    this.#surroundings = new Map()
  }

  /** Those that are said by this text. */
  findSurroundings(text: string): Surroundings {
    const known = this.#surroundings.get(text) ?? this.#former.get(text) ?? {}
    this.#surroundings.set(text, known)
    return known
  }

  isFaultless(part: object, surroundings: Surroundings): boolean {
    return this.#checked.get(part) === surroundings
  }

  keepFaultless(part: object, surroundings: Surroundings): void {
    this.#checked.set(part, surroundings)
  }
}

/** What routes are compared by, as it was made for an API that matches in this manner. */
export interface RouteKeys {
  readonly strictSlash: boolean
  readonly caseSensitive: boolean
  readonly keys: readonly string[]
}

/** Owns what was checked before without a finding, so that it is not checked again in the same context. */

/** Stands for all that a check looks at beside the part itself: it is the same object while that is the same. */
export type CheckContext = object

/** What is listed of a part: policies that it uses, upstreams that it names. */
export type NamesInPart = 'used' | 'upstreams'

function toNames(): Record<NamesInPart, WeakMap<object, ReadonlySet<string>>> {
  return { used: new WeakMap(), upstreams: new WeakMap() }
}

export class CheckedParts {
  readonly #checked = new WeakMap<object, CheckContext>()
  #names = toNames()
  #contexts = new Map<string, CheckContext>()
  #former = new Map<string, CheckContext>()
  #means: readonly unknown[] = []

  /** At the start of a validation. `means` are what it checks with: with others, nothing is known. */
  begin(means: readonly unknown[]): void {
    const isSame = means.length === this.#means.length && means.every((each, index) => each === this.#means[index])
    this.#means = means
    this.#former = isSame ? this.#contexts : new Map()
    this.#contexts = new Map()
    if (!isSame) this.#names = toNames()
  }

  /** `find` looks at the part and at the means alone. */
  listOnce(what: NamesInPart, part: object, find: () => ReadonlySet<string>): ReadonlySet<string> {
    const known = this.#names[what].get(part)
    if (known !== undefined) return known
    const found = find()
    this.#names[what].set(part, found)
    return found
  }

  /** The same object for the same text, in this validation and the one before. */
  toContext(text: string): CheckContext {
    const known = this.#contexts.get(text) ?? this.#former.get(text) ?? {}
    this.#contexts.set(text, known)
    return known
  }

  isFaultless(part: object, context: CheckContext): boolean {
    return this.#checked.get(part) === context
  }

  keepFaultless(part: object, context: CheckContext): void {
    this.#checked.set(part, context)
  }
}

/** What routes are compared by, as it was made for an API that matches in this manner. */
export interface RouteKeys {
  readonly strictSlash: boolean
  readonly caseSensitive: boolean
  readonly keys: readonly string[]
}

/** Owns what parts of a file became in the model, so that an unchanged part becomes the same object again. */
import type { Path } from '../finding.ts'
import type { Api, Upstream } from '../gateway-model.ts'

/** An API that depends on its own words alone, and in which nothing is wrong. */
export interface ResolvedApi {
  readonly made: Api
  /** What it names upstreams by, and where below it in the model. */
  readonly upstreams: readonly { readonly reference: string; readonly below: Path }[]
}

export class ResolvedParts {
  readonly #made = new WeakMap<object, object>()
  readonly #filled = new WeakMap<object, { readonly given: string; readonly made: object }>()
  /** By what a file says of them. */
  readonly apis = new WeakMap<object, ResolvedApi>()
  /** By URL; those of the last reading. */
  implicit: ReadonlyMap<string, Upstream> = new Map()

  /** `make` depends on the part alone, and on nothing around it. Both are never changed. */
  once<Part extends object, Made extends object>(part: Part, make: (part: Part) => Made): Made {
    const known = this.#made.get(part)
    if (known !== undefined) return known as Made
    const made = make(part)
    this.#made.set(part, made)
    return made
  }

  /** `make` depends on the part and on what `given` says, and on nothing else. The last of each part is known. */
  onceGiven<Part extends object, Made extends object>(part: Part, given: string, make: (part: Part) => Made): Made {
    const known = this.#filled.get(part)
    if (known?.given === given) return known.made as Made
    const made = make(part)
    this.#filled.set(part, { given, made })
    return made
  }
}

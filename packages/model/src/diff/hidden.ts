/** Owns what a comparison does not show: secrets, and what came from outside of the files. It is compared as what it is, and shown as a mark. */
import type { Path } from '../finding.ts'
import { toCanonicalJson } from '../hash.ts'
import type { Sources } from '../resolve/sources.ts'

/** A value that has a mark in its place wherever it is shown. */
export class Hidden {
  readonly #value: unknown
  readonly #mark: string

  constructor(value: unknown, mark: string) {
    this.#value = value
    this.#mark = mark
  }

  reveal(): unknown {
    return this.#value
  }

  toString(): string {
    return this.#mark
  }

  toJSON(): string {
    return this.#mark
  }
}

/** The same mark for the same value on both sides, and for no other one. */
export class HiddenMarks {
  readonly #byValue = new Map<unknown, Hidden>()
  readonly #taken = new Set<string>()

  /** `written`: as a file writes it. */
  hide(value: unknown, written?: string): Hidden {
    const known = this.#byValue.get(value)
    if (known !== undefined) return known
    const mark = written === undefined || this.#taken.has(written) ? `[redacted ${this.#taken.size + 1}]` : written
    const hidden = new Hidden(value, mark)
    this.#byValue.set(value, hidden)
    this.#taken.add(mark)
    return hidden
  }

  /** `data` with marks for all in it that came from outside. */
  hidePutIn<Data>(data: Data, sources: Sources, path: Path = []): Data {
    return sources.hasPutIn ? (this.#hideIn(data, sources, path) as Data) : data
  }

  #hideIn(value: unknown, sources: Sources, path: Path): unknown {
    if (value instanceof Hidden) return value
    if (Array.isArray(value)) return value.map((item, index) => this.#hideIn(item, sources, [...path, index]))
    if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value)
      return Object.fromEntries(members.map(([name, member]) => [name, this.#hideIn(member, sources, [...path, name])]))
    }
    if (value === undefined || value === null) return value
    const text = String(value)
    const shown = sources.hide(text)
    if (shown !== text) return this.hide(value, shown)
    return sources.isSecret(path) ? this.hide(value) : value
  }
}

/** What is compared: values themselves. */
export function toComparable(value: unknown): string {
  return toCanonicalJson(revealAll(value))
}

function revealAll(value: unknown): unknown {
  if (value instanceof Hidden) return value.reveal()
  if (Array.isArray(value)) return value.map(revealAll)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealAll(member)]))
}

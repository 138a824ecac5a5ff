/** Owns walking one OpenAPI document: members, references, and the pointer of each. Nothing in it throws. */
import { toPointer } from './breaking-change.ts'

/** A value of the document, and where it stands: never a reference to it. */
export interface Located {
  readonly value: unknown
  readonly pointer: string
}

/** Definitions have two or three in a row; more than these lead nowhere. */
const REFERENCES_MAX = 20

const NOTHING: Located = { value: undefined, pointer: '' }

export class ContractDocument {
  readonly root: Located
  readonly isSwagger: boolean
  /** JSON Schema 2020-12: members beside `$ref` count, and `nullable` does not. */
  readonly isModern: boolean

  /** `content`: the JSON of a document that was read already. */
  constructor(content: string | undefined) {
    const value = content === undefined ? {} : parse(content)
    this.root = { value, pointer: '' }
    const { swagger, openapi } = isMap(value) ? value : {}
    this.isSwagger = swagger !== undefined
    this.isModern = /^3\.[1-9]/.test(String(openapi))
  }

  /** What references at its end lead to; nothing where they lead nowhere. */
  follow(start: Located): Located {
    let located = start
    for (let count = 0; count <= REFERENCES_MAX; count++) {
      if (!isMap(located.value) || typeof located.value.$ref !== 'string') return located
      located = this.find(located.value.$ref)
    }
    return NOTHING
  }

  find(reference: string): Located {
    if (!reference.startsWith('#')) return NOTHING
    const path = decode(reference.slice(1))
      .split('/')
      .slice(1)
      .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    let value = this.root.value
    for (const segment of path) value = get(value, segment)
    return { value, pointer: toPointer(path) }
  }

  /** The member, where references at its end lead. */
  member(of: Located, ...path: readonly (string | number)[]): Located {
    let located = of
    for (const segment of path) located = this.follow(stepInto(located, segment))
    return located
  }

  /** Members of a map, or items of a list, where references at their ends lead. */
  members(of: Located): (Located & { readonly key: string })[] {
    if (typeof of.value !== 'object' || of.value === null) return []
    return Object.keys(of.value).map((key) => ({ key, ...this.follow(stepInto(of, key)) }))
  }
}

/** As it stands there: a reference stays one. */
export function stepInto(of: Located, segment: string | number): Located {
  return { value: get(of.value, String(segment)), pointer: of.pointer + toPointer([segment]) }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function get(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

function parse(content: string): unknown {
  try {
    return JSON.parse(content)
  } catch {
    return {}
  }
}

/** RFC 6901 §6; what is malformed is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

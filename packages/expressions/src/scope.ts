/** What an expression may read: a scope of named values, and how their fields are looked up without computing the others. */

/** A record whose fields are not known beforehand (headers, query, variables). A `Map` is one. */
export interface ScopeRecord {
  /** The field's value, `undefined` where there is none. */
  get(name: string): unknown
  keys(): Iterable<string>
}

/**
 * The values of one exchange by name. Fields may be getters (own, or of a class): they run only when an expression
 * touches them. Values are strings, booleans, numbers (safe integers are CEL's `int`, others `double`), bigints,
 * `Uint8Array`, `Date`, `null`, arrays, plain objects, class instances with getters, and `ScopeRecord`s.
 */
export type Scope = object

/** What a source may speak of. Other names in it are faults, found when it is compiled. */
export interface Vocabulary {
  /** The top-level names of the scope. */
  readonly names: readonly string[]
  /** Names whose records have fixed fields, and these; a name that is not here has any. */
  readonly members?: Readonly<Record<string, readonly string[]>>
  /** CEL's names of types that values always have, by path: `request.method`, or `request.headers.*` for every field. */
  readonly types?: Readonly<Record<string, string>>
}

/** What is wanted of an expression: `condition` means true or false. */
export type Purpose = 'value' | 'condition'

/** The fields of a name; undefined where it may have any. */
export function findMembers({ members = {} }: Vocabulary, name: string): readonly string[] | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined
}

/** The type of what this path leads to; undefined where it may have any. */
export function findType({ types = {} }: Vocabulary, path: readonly string[]): string | undefined {
  const places = [path, [...path.slice(0, -1), '*']].map((names) => names.join('.'))
  const known = places.find((place) => Object.hasOwn(types, place))
  return known === undefined ? undefined : types[known]
}

const accessorsByPrototype = new WeakMap<object, ReadonlySet<string>>()

/** The field of a record, or `undefined`: for a missing field, a method, and what is no record. Never `Object.prototype`'s. */
export function findField(record: unknown, name: string): unknown {
  if (!isRecord(record)) return undefined
  if (isScopeRecord(record)) return toValue(record.get(name))
  if (!Object.hasOwn(record, name) && !accessorsOf(record).has(name)) return undefined
  return toValue((record as Record<string, unknown>)[name])
}

/** The names of a record's fields; their values are not touched. */
export function fieldNames(record: object): string[] {
  if (isScopeRecord(record)) return [...record.keys()]
  return [...Object.keys(record), ...accessorsOf(record)]
}

/** True for what an expression may look fields up in: no array, no bytes, no date. */
export function isRecord(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Date)
  )
}

function isScopeRecord(record: object): record is ScopeRecord {
  const { get, keys } = record as Partial<ScopeRecord>
  return typeof get === 'function' && typeof keys === 'function'
}

/** The getters that an instance's classes declare, once per class. */
function accessorsOf(record: object): ReadonlySet<string> {
  const prototype: object | null = Object.getPrototypeOf(record)
  if (prototype === null || prototype === Object.prototype) return NO_ACCESSORS
  const known = accessorsByPrototype.get(prototype)
  if (known !== undefined) return known
  const names = new Set<string>(accessorsOf(prototype))
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (property.get !== undefined) names.add(name)
  }
  accessorsByPrototype.set(prototype, names)
  return names
}

const NO_ACCESSORS: ReadonlySet<string> = new Set()

function toValue(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? undefined : value
}

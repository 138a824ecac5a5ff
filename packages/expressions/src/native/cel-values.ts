/** Values on their way into CEL (lazily, field by field) and out of it (as plain JavaScript values). */
import { fieldNames, findField, isRecord } from '../scope.ts'
import type { CelInput, CelLibrary, CelMap, CelValue } from './cel-library.ts'
import { MAX_RESULT_CHARS } from './limits.ts'
import { LimitExceeded, type Meter } from './meter.ts'

/**
 * What an expression results in. CEL's `int` and `uint` are numbers while those are exact, else decimal texts, and
 * timestamps and durations are texts, as CEL's conversion to JSON has it.
 */
export type ExpressionValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | ExpressionValue[]
  | { [field: string]: ExpressionValue }

/** What a value inside of a list or map counts beside its text. */
const CHARS_PER_VALUE = 16

/** Brings a scope's value into CEL. Records stay lazy; `undefined` (and what CEL has no type for) is a missing field. */
export function toCelInput(value: unknown, library: CelLibrary, meter: Meter): CelInput | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      // CEL tells `int` from `double`. Statuses, ports, sizes and JSON's whole numbers are `int`s to those who write them.
      return Number.isSafeInteger(value) ? BigInt(value) : value
    case 'object':
      break
    default:
      return undefined
  }
  if (value === null || value instanceof Uint8Array) return value
  if (value instanceof Date) return library.toTimestamp(value)
  if (Array.isArray(value)) {
    meter.spendOnReading(value.length * CHARS_PER_VALUE)
    return library.cel.celList(value.map((element) => toCelInput(element, library, meter) ?? null))
  }
  return library.cel.celMap(new RecordView(value, library, meter) as ReadonlyMap<string, CelInput>) as CelMap
}

/** A scope's record as the map that CEL reads: a field is converted when it is asked for. */
class RecordView implements ReadonlyMap<string, CelInput> {
  readonly #record: object
  readonly #library: CelLibrary
  readonly #meter: Meter

  constructor(record: object, library: CelLibrary, meter: Meter) {
    this.#record = record
    this.#library = library
    this.#meter = meter
  }

  get size(): number {
    return this.#names().length
  }

  get(name: string): CelInput | undefined {
    // CEL asks maps for keys of any type; a record has texts only.
    if (typeof name !== 'string') return undefined
    return toCelInput(findField(this.#record, name), this.#library, this.#meter)
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  keys(): MapIterator<string> {
    return this.#names().values()
  }

  *entries(): MapIterator<[string, CelInput]> {
    for (const name of this.#names()) yield [name, this.get(name) ?? null]
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): MapIterator<[string, CelInput]> {
    return this.entries()
  }

  forEach(visit: (value: CelInput, name: string, map: ReadonlyMap<string, CelInput>) => void): void {
    for (const [name, value] of this.entries()) visit(value, name, this)
  }

  #names(): string[] {
    const names = fieldNames(this.#record)
    this.#meter.spendOnReading(names.length * CHARS_PER_VALUE)
    return names
  }
}

/** Brings CEL's result out. Throws `LimitExceeded` for a result beyond `MAX_RESULT_CHARS`. */
export function fromCel(value: CelValue, library: CelLibrary): ExpressionValue {
  const { isCelList, isCelMap, isCelUint, isCelType } = library.cel
  const take = createAllowance()
  function convert(inner: CelValue): ExpressionValue {
    if (typeof inner !== 'object' || inner === null || inner instanceof Uint8Array) return take(inner)
    take(null)
    if (isCelList(inner)) return Array.from(inner, convert)
    if (isCelMap(inner)) {
      return Object.fromEntries(Array.from(inner, ([key, field]) => [String(convert(key)), convert(field)]))
    }
    if (isCelUint(inner)) return toNumber(inner.value)
    if (isCelType(inner)) return inner.name
    return toTimeText(inner.message)
  }
  return convert(value)
}

/** A scope's value as a result, where an expression only names it: what `fromCel(toCelInput(value))` gives. */
export function fromScope(value: unknown): ExpressionValue {
  const take = createAllowance()
  function convert(inner: unknown): ExpressionValue {
    switch (typeof inner) {
      case 'string':
      case 'boolean':
      case 'bigint':
        return take(inner)
      case 'number':
        // -0 would enter CEL as the `int` 0.
        return take(inner === 0 ? 0 : inner)
      case 'object':
        break
      default:
        return null
    }
    if (inner === null || inner instanceof Uint8Array) return take(inner)
    take(null)
    if (inner instanceof Date) return inner.toISOString().replace('.000Z', 'Z')
    if (Array.isArray(inner)) return inner.map(convert)
    if (!isRecord(inner)) return null
    return Object.fromEntries(fieldNames(inner).map((name) => [name, convert(findField(inner, name))]))
  }
  return convert(value)
}

type Scalar = null | boolean | number | bigint | string | Uint8Array

function createAllowance(): (value: Scalar) => ExpressionValue {
  let left = MAX_RESULT_CHARS
  return function take(value) {
    left -= typeof value === 'string' || value instanceof Uint8Array ? value.length + CHARS_PER_VALUE : CHARS_PER_VALUE
    if (left + CHARS_PER_VALUE < 0) {
      throw new LimitExceeded(
        `the result of an expression has at most ${MAX_RESULT_CHARS} characters, this one has more`,
      )
    }
    return typeof value === 'bigint' ? toNumber(value) : value
  }
}

function toNumber(integer: bigint): number | string {
  const number = Number(integer)
  return Number.isSafeInteger(number) ? number : integer.toString()
}

/** RFC 3339 for a timestamp, seconds with `s` for a duration, as their JSON form is. */
function toTimeText(message: object): string {
  const { $typeName, seconds, nanos } = message as { $typeName: string; seconds: bigint; nanos: number }
  const fraction =
    nanos === 0
      ? ''
      : `.${String(Math.abs(nanos))
          .padStart(9, '0')
          .replace(/(?:000){1,2}$/, '')}`
  if ($typeName === 'google.protobuf.Timestamp') {
    return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', `${fraction}Z`)
  }
  const sign = seconds < 0n || nanos < 0 ? '-' : ''
  return `${sign}${String(seconds).replace('-', '')}${fraction}s`
}

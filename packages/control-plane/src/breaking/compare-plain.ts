/** Owns the comparison of two schemas without choices: types, values, bounds, properties, items. */
import { compareObjects } from './compare-objects.ts'
import { type SchemaChange, type SchemaPair, toSchemaChange } from './schema-pair.ts'
import { BOUNDS, type Bound, hasType, isSame, isTighter, type SchemaView } from './schema-view.ts'

export function comparePlain(pair: SchemaPair): readonly SchemaChange[] {
  const { inner, outer } = pair
  if (inner.isNever) return []
  const type = compareTypes(pair)
  if (type !== undefined) return [type, ...compareNull(pair)]
  return [
    ...compareNull(pair),
    ...compareValues(pair),
    ...(inner.values === undefined ? [...compareBounds(pair), ...compareForms(pair)] : []),
    ...(allows(inner, 'object') && allows(outer, 'object') ? compareObjects(pair) : []),
    ...(allows(inner, 'array') && allows(outer, 'array') ? compareItems(pair) : []),
  ]
}

/** Where no type is said, only what speaks of that type would count: people rarely mean more. */
function allows({ types }: SchemaView, type: string): boolean {
  return types === undefined || types.has(type)
}

function compareTypes(pair: SchemaPair): SchemaChange | undefined {
  const { inner, outer } = pair
  if (outer.types === undefined && !outer.isNever) return undefined
  const allowed = outer.isNever ? new Set<string>() : (outer.types ?? new Set<string>())
  const excess = inner.types === undefined ? ['any'] : [...inner.types].filter((type) => !hasType(allowed, type))
  if (excess.length === 0) return undefined
  return toSchemaChange(pair, {
    taken: 'type-narrowed',
    given: 'type-widened',
    says: `has another type: ${toChangeText(pair, toTypeText(inner), toTypeText(outer))}.`,
    inner: toTypeText(inner),
    outer: toTypeText(outer),
  })
}

function toTypeText({ types, isNever }: SchemaView): string {
  if (isNever) return 'nothing'
  return types === undefined ? 'any' : [...types].toSorted().join(', ') || 'null'
}

/** In the order of time. */
function toChangeText({ subject }: SchemaPair, inner: string, outer: string): string {
  return subject === 'response' ? `${outer} → ${inner}` : `${inner} → ${outer}`
}

function compareNull(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, subject } = pair
  // A schema without types allows null as well, and nobody relies on that.
  if (!inner.isNullable || outer.isNullable || inner.types === undefined) return []
  const says = subject === 'response' ? 'may be null now.' : 'may not be null any more.'
  return [toSchemaChange(pair, { taken: 'null-refused', given: 'null-added', says })]
}

function compareValues(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, subject } = pair
  if (outer.values === undefined) return []
  const isGiven = subject === 'response'
  const told = { taken: 'enum-narrowed', given: 'enum-widened', inner: inner.values, outer: outer.values }
  if (inner.values === undefined) {
    // RFC 8259 §3: a boolean has two values, and a list of both says nothing.
    if (toTypeText(inner) === 'boolean' && outer.values.length === 2) return []
    const says = isGiven ? 'is no longer one of a few values.' : `is only one of ${toValueText(outer.values)} now.`
    return [toSchemaChange(pair, { ...told, says })]
  }
  const excess = inner.values.filter((value) => !outer.values?.some((other) => isSame(other, value)))
  if (excess.length === 0) return []
  const says = isGiven ? `may be ${toValueText(excess)} now.` : `may not be ${toValueText(excess)} any more.`
  return [toSchemaChange(pair, { ...told, says })]
}

const SHOWN_MAX = 10

function toValueText(values: readonly unknown[]): string {
  const shown = values.slice(0, SHOWN_MAX).map((value) => JSON.stringify(value))
  return `${shown.join(', ')}${values.length > SHOWN_MAX ? '…' : ''}`
}

function compareBounds(pair: SchemaPair): SchemaChange[] {
  const { inner, outer } = pair
  return BOUNDS.flatMap(([name, side, type]) => {
    const [had, has] = [inner.bounds.get(name), outer.bounds.get(name)]
    if (has === undefined || !speaksOf(inner, type)) return []
    // Nothing is shorter than 0.
    const natural = side === 'lower' && type !== 'number' ? { value: 0, exclusive: false } : undefined
    const known = had ?? natural
    if (known !== undefined && !isTighter(has, known, side)) return []
    const texts = [toBoundText(had), toBoundText(has)] as const
    const says = `has another \`${name}\`: ${toChangeText(pair, ...texts)}.`
    return [toSchemaChange(pair, { ...BOUND, says, inner: had?.value, outer: has.value })]
  })
}

const BOUND = { taken: 'bound-narrowed', given: 'bound-widened' }

function speaksOf({ types }: SchemaView, type: string): boolean {
  return types === undefined || types.has(type) || (type === 'number' && types.has('integer'))
}

function toBoundText(bound: Bound | undefined): string {
  return bound === undefined ? 'none' : `${bound.value}${bound.exclusive ? ' (exclusive)' : ''}`
}

function compareForms(pair: SchemaPair): SchemaChange[] {
  return [
    ...compareFormats(pair),
    ...comparePatterns(pair),
    ...compareMultiples(pair),
    ...compareUnique(pair),
    ...compareExceptions(pair),
  ]
}

/** OpenAPI 3.0.3 §4.4: formats whose values are all values of another. */
const WIDER = new Map([
  ['int32', 'int64'],
  ['float', 'double'],
])
const WIDEST = new Set(WIDER.values())

function compareFormats(pair: SchemaPair): SchemaChange[] {
  const { inner, outer } = pair
  if (outer.format === undefined || inner.format === outer.format || inner.types === undefined) return []
  // The widest formats say no more than the type does.
  const isWider = inner.format === undefined ? WIDEST.has(outer.format) : WIDER.get(inner.format) === outer.format
  if (isWider) return []
  const says = `has another \`format\`: ${toChangeText(pair, inner.format ?? 'none', outer.format)}.`
  const told = { taken: 'format-narrowed', given: 'format-widened', inner: inner.format, outer: outer.format }
  return [toSchemaChange(pair, { ...told, says })]
}

/** Of what is given, a pattern is a description: whether another one is wider, nobody can tell. */
function comparePatterns(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, subject } = pair
  if (subject === 'response' || !speaksOf(inner, 'string')) return []
  return outer.patterns
    .filter((pattern) => !inner.patterns.includes(pattern))
    .map((pattern) => {
      const before = inner.patterns.length === 0 ? undefined : inner.patterns.join(', ')
      const told = { taken: 'pattern-narrowed', given: 'pattern-widened', inner: before, outer: pattern }
      return toSchemaChange(pair, { ...told, says: `has to match \`${pattern}\` now.` })
    })
}

function compareMultiples(pair: SchemaPair): SchemaChange[] {
  const { inner, outer } = pair
  if (!speaksOf(inner, 'number')) return []
  return outer.multiplesOf
    .filter((multiple) => !inner.multiplesOf.some((known) => Number.isInteger(known / multiple)))
    .map((multiple) => {
      const texts = [inner.multiplesOf.join(', ') || 'none', String(multiple)] as const
      const says = `has another \`multipleOf\`: ${toChangeText(pair, ...texts)}.`
      return toSchemaChange(pair, { ...BOUND, says, inner: inner.multiplesOf[0], outer: multiple })
    })
}

function compareUnique(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, subject } = pair
  if (!outer.isUnique || inner.isUnique || !speaksOf(inner, 'array')) return []
  const says =
    subject === 'response' ? 'may hold the same item twice now.' : 'may not hold the same item twice any more.'
  return [toSchemaChange(pair, { ...BOUND, says, inner: false, outer: true })]
}

function compareExceptions(pair: SchemaPair): SchemaChange[] {
  const { inner, outer, subject } = pair
  if (subject === 'response') return []
  return outer.exceptions
    .filter((exception) => !inner.exceptions.some((known) => isSame(known, exception)))
    .map((exception) => {
      const says = 'may not be what its `not` says.'
      return toSchemaChange(pair, { taken: 'exception-added', given: 'exception-removed', says, outer: exception })
    })
}

function compareItems({ inner, outer, compare }: SchemaPair): readonly SchemaChange[] {
  if (outer.items === undefined || (inner.types === undefined && inner.items === undefined)) return []
  return compare(inner.items ?? anything(`${inner.pointer}/items`), outer.items)
}

/** With a pointer of its own, since what is found for a pair is kept by their pointers. */
function anything(pointer: string) {
  return { parts: [{ value: true, pointer }] }
}

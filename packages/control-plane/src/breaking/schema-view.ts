/** Owns what a schema says once its references and `allOf` are put together: what both sides of a comparison look at. */
import { type ContractDocument, isMap, type Located, stepInto, toTexts } from './contract-document.ts'

/** Schemas that all have to hold. None: anything. */
export interface SchemaNode {
  readonly parts: readonly SchemaPart[]
}

export interface SchemaPart extends Located {
  /** Groups of choices (`oneOf`, `anyOf`) that one choice stands for already. */
  readonly chosen?: readonly string[]
}

export interface ChoiceGroup {
  /** The node without this group; a choice is put beside its parts. */
  readonly rest: SchemaNode
  readonly choices: readonly SchemaPart[]
}

export const BOUNDS = [
  ['minimum', 'lower', 'number'],
  ['maximum', 'upper', 'number'],
  ['minLength', 'lower', 'string'],
  ['maxLength', 'upper', 'string'],
  ['minItems', 'lower', 'array'],
  ['maxItems', 'upper', 'array'],
  ['minProperties', 'lower', 'object'],
  ['maxProperties', 'upper', 'object'],
] as const

export type BoundName = (typeof BOUNDS)[number][0]

export interface Bound {
  readonly value: number
  readonly exclusive: boolean
}

export interface SchemaView {
  /** Of the first part. */
  readonly pointer: string
  readonly isNever: boolean
  /** Undefined: every type. Without null, which `isNullable` says. */
  readonly types: ReadonlySet<string> | undefined
  readonly isNullable: boolean
  /** The only values, where they are listed. */
  readonly values: readonly unknown[] | undefined
  readonly bounds: ReadonlyMap<BoundName, Bound>
  readonly format: string | undefined
  readonly patterns: readonly string[]
  readonly multiplesOf: readonly number[]
  readonly isUnique: boolean
  readonly exceptions: readonly unknown[]
  readonly properties: ReadonlyMap<string, SchemaNode>
  readonly required: ReadonlySet<string>
  /** What other properties are: undefined where nothing is said, `false` where there are none. */
  readonly additional: SchemaNode | false | undefined
  readonly hasPatternProperties: boolean
  readonly items: SchemaNode | undefined
  readonly group: ChoiceGroup | undefined
}

/** Parts of one schema; beyond, it is a maze, and what is left out says nothing. */
const PARTS_MAX = 100
const GROUPS = ['oneOf', 'anyOf'] as const

export function toKey({ parts }: SchemaNode): string {
  return parts.map(({ pointer, chosen = [] }) => `${pointer}${chosen.map((group) => `!${group}`).join('')}`).join('&')
}

export function viewSchema(document: ContractDocument, node: SchemaNode): SchemaView {
  const parts = flatten(document, node)
  const maps = parts.filter((part): part is MapPart => isMap(part.value))
  const types = intersect(maps.map((part) => readTypes(part, document)).filter((found) => found !== undefined))
  const wrapper = node.parts[0]?.value
  const saysNull = isMap(wrapper) && !document.isModern && (wrapper.nullable === true || wrapper['x-nullable'] === true)
  const values = intersectValues(maps.flatMap(readValues))
  const kinds = types ?? inferTypes(maps, values)
  return {
    pointer: node.parts[0]?.pointer ?? '',
    isNever: parts.some(({ value }) => value === false),
    types: kinds && new Set([...kinds].filter((type) => type !== 'null')),
    isNullable: saysNull || kinds?.has('null') !== false,
    values,
    bounds: readBounds(maps),
    format: maps.map(({ value }) => value.format).find((format) => typeof format === 'string') as string | undefined,
    patterns: maps.flatMap(({ value }) => (typeof value.pattern === 'string' ? [value.pattern] : [])),
    multiplesOf: maps.flatMap(({ value }) => (typeof value.multipleOf === 'number' ? [value.multipleOf] : [])),
    isUnique: maps.some(({ value }) => value.uniqueItems === true),
    exceptions: maps.flatMap(({ value }) => (value.not === undefined ? [] : [value.not])),
    ...readObject(maps),
    items: toNode(maps.map((part) => stepInto(part, 'items')).filter(({ value }) => isSchema(value))),
    group: findGroup(parts),
  }
}

type MapPart = SchemaPart & { readonly value: Record<string, unknown> }

/** References followed, `allOf` opened; each part once, so that a schema within itself ends. */
function flatten(document: ContractDocument, node: SchemaNode): SchemaPart[] {
  const found: SchemaPart[] = []
  const seen = new Set<string>()
  const waiting = [...node.parts]
  for (let part = waiting.shift(); part !== undefined && found.length < PARTS_MAX; part = waiting.shift()) {
    const key = toKey({ parts: [part] })
    if (seen.has(key)) continue
    seen.add(key)
    const { value } = part
    if (isMap(value) && typeof value.$ref === 'string') {
      waiting.unshift(document.find(value.$ref))
      // JSON Schema 2020-12, Core §8.2.3.1: what stands beside a reference counts as well; before, it did not.
      if (!document.isModern) continue
    }
    found.push(part)
    if (isMap(value) && Array.isArray(value.allOf)) {
      waiting.unshift(...value.allOf.map((_, index) => stepInto(stepInto(part, 'allOf'), index)))
    }
  }
  return found
}

function readTypes({ value }: MapPart, document: ContractDocument): Set<string> | undefined {
  const listed = typeof value.type === 'string' ? [value.type] : toTexts(value.type)
  if (listed.length === 0) return undefined
  const isNullable = !document.isModern && (value.nullable === true || value['x-nullable'] === true)
  return new Set(isNullable ? [...listed, 'null'] : listed)
}

/** An integer is a number; a wrapper that says nothing takes nothing away. */
function intersect(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> | undefined {
  const [first] = sets
  if (first === undefined) return undefined
  const named = sets.flatMap((set) => [...set])
  return new Set(named.filter((type) => sets.every((set) => hasType(set, type))))
}

export function hasType(types: ReadonlySet<string>, type: string): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'))
}

function readValues({ value }: MapPart): (readonly unknown[])[] {
  const lists: (readonly unknown[])[] = []
  if (Array.isArray(value.enum)) lists.push(value.enum)
  if (Object.hasOwn(value, 'const')) lists.push([value.const])
  return lists
}

function intersectValues(lists: readonly (readonly unknown[])[]): readonly unknown[] | undefined {
  const [first, ...others] = lists
  if (first === undefined) return undefined
  return first.filter((value) => others.every((list) => list.some((other) => isSame(other, value))))
}

export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** People leave `type` out where the rest says it. */
function inferTypes(maps: readonly MapPart[], values: readonly unknown[] | undefined): Set<string> | undefined {
  if (values !== undefined) return new Set(values.map(toType))
  const has = (...keys: string[]): boolean => maps.some(({ value }) => keys.some((key) => value[key] !== undefined))
  if (has('properties', 'required', 'additionalProperties')) return new Set(['object'])
  return has('items') ? new Set(['array']) : undefined
}

function toType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value
}

/** The tightest of each. */
function readBounds(maps: readonly MapPart[]): Map<BoundName, Bound> {
  const bounds = new Map<BoundName, Bound>()
  for (const [name, side] of BOUNDS) {
    for (const { value } of maps) {
      for (const bound of listBounds(value, name)) {
        const known = bounds.get(name)
        if (known === undefined || isTighter(bound, known, side)) bounds.set(name, bound)
      }
    }
  }
  return bounds
}

/** `exclusiveMinimum` is true in OpenAPI 3.0, and a number since. */
function listBounds(value: Record<string, unknown>, name: BoundName): Bound[] {
  const plain = value[name]
  const exclusive = value[`exclusive${name[0]?.toUpperCase()}${name.slice(1)}`]
  const bounds: Bound[] = []
  if (typeof plain === 'number') bounds.push({ value: plain, exclusive: exclusive === true })
  if (typeof exclusive === 'number') bounds.push({ value: exclusive, exclusive: true })
  return bounds
}

export function isTighter(one: Bound, than: Bound, side: 'lower' | 'upper'): boolean {
  if (one.value === than.value) return one.exclusive && !than.exclusive
  return side === 'lower' ? one.value > than.value : one.value < than.value
}

function readObject(
  maps: readonly MapPart[],
): Pick<SchemaView, 'properties' | 'required' | 'additional' | 'hasPatternProperties'> {
  const properties = new Map<string, SchemaPart[]>()
  for (const part of maps) {
    const all = stepInto(part, 'properties')
    for (const name of isMap(all.value) ? Object.keys(all.value) : []) {
      const property = stepInto(all, name)
      properties.set(name, [...(properties.get(name) ?? []), property])
    }
  }
  const additional = maps.map((part) => stepInto(part, 'additionalProperties')).filter(({ value }) => isSchema(value))
  return {
    properties: new Map([...properties].map(([name, parts]) => [name, { parts }])),
    // A parameter of Swagger 2.0, which is its own schema, has `required: true` instead of a list.
    required: new Set(maps.flatMap(({ value }) => toTexts(value.required))),
    additional: additional.some(({ value }) => value === false) ? false : toNode(additional),
    hasPatternProperties: maps.some(({ value }) => isMap(value.patternProperties)),
  }
}

function isSchema(value: unknown): boolean {
  return isMap(value) || typeof value === 'boolean'
}

function toNode(parts: readonly SchemaPart[]): SchemaNode | undefined {
  return parts.length === 0 ? undefined : { parts }
}

/** The first that no choice stands for yet. */
function findGroup(parts: readonly SchemaPart[]): ChoiceGroup | undefined {
  for (const [index, part] of parts.entries()) {
    const { value, chosen = [] } = part
    if (!isMap(value)) continue
    for (const group of GROUPS) {
      const list = value[group]
      if (!Array.isArray(list) || list.length === 0 || chosen.includes(group)) continue
      const holder = stepInto(part, group)
      const without = closed({ ...part, chosen: [...chosen, group] })
      return {
        rest: { parts: [...parts.slice(0, index), without, ...parts.slice(index + 1)].map(closed) },
        choices: list.map((_, at) => stepInto(holder, at)),
      }
    }
  }
  return undefined
}

/** Its `allOf` and reference stand beside it already. */
function closed(part: SchemaPart): SchemaPart {
  if (!isMap(part.value) || (part.value.allOf === undefined && part.value.$ref === undefined)) return part
  const { allOf: _, $ref: __, ...value } = part.value
  return { ...part, value, chosen: [...(part.chosen ?? []), 'allOf'] }
}

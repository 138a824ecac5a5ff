/** Owns looking into a Zod schema: which part of it speaks about one place of a value. */
import type { z } from 'zod'
import { globalRegistry, safeParse } from 'zod/v4/core'
import type { Path } from '../finding.ts'

type Schema = z.core.$ZodType

/** A schema's definition, as far as this file reads it. */
interface Definition {
  readonly type: string
  readonly innerType?: Schema
  readonly in?: Schema
  readonly element?: Schema
  readonly shape?: Readonly<Record<string, Schema>>
  readonly catchall?: Schema
  readonly options?: readonly Schema[]
  readonly items?: readonly Schema[]
  readonly left?: Schema
  readonly right?: Schema
  readonly valueType?: Schema
  readonly values?: readonly unknown[]
  readonly entries?: Readonly<Record<string, unknown>>
  getter?(): Schema
}

function definitionOf(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition
}

/** Every schema without its wrappers that may speak about `path`: several where a union stands on the way. */
export function findSchemas(schema: Schema, path: Path): Schema[] {
  let candidates = unwrap(schema)
  for (const segment of path) candidates = candidates.flatMap((candidate) => step(candidate, segment)).flatMap(unwrap)
  return candidates
}

/** Does the schema say that nobody is to be shown what stands at `path` (JSON Schema 2020-12, Validation §9.4)? */
export function isWriteOnly(schema: Schema, path: Path): boolean {
  return listMeta(schema, path).some((meta) => meta?.writeOnly === true)
}

/** Is what stands at `path` the source of an expression (JSON Schema 2020-12, Validation §8.4)? */
export function isExpressionSource(schema: Schema, path: Path): boolean {
  return listMeta(schema, path).some((meta) => meta?.contentMediaType === 'text/x-cel')
}

/** What the schema says to be named at `path`, such as `plan-id`. Formats of ours (JSON Schema 2020-12, Validation §7.2.3). */
export function findFormat(schema: Schema, path: Path): unknown {
  return listMeta(schema, path).find((meta) => meta?.format !== undefined)?.format
}

function listMeta(schema: Schema, path: Path): (Readonly<Record<string, unknown>> | undefined)[] {
  let candidates = [schema]
  for (const segment of path) candidates = candidates.flatMap(unwrap).flatMap((candidate) => step(candidate, segment))
  return candidates.flatMap(listWrappers).map((wrapper) => globalRegistry.get(wrapper))
}

/** The schema and what is within it, down to the one that speaks about the value. */
function listWrappers(schema: Schema): Schema[] {
  const { type, innerType, options, in: input } = definitionOf(schema)
  const inner = type === 'union' ? (options ?? []) : [innerType ?? (type === 'pipe' ? input : undefined)]
  return [schema, ...inner.filter((each) => each !== undefined).flatMap(listWrappers)]
}

function step(schema: Schema, segment: string | number): Schema[] {
  const definition = definitionOf(schema)
  const next =
    definition.type === 'object'
      ? (definition.shape?.[segment] ?? definition.catchall)
      : definition.type === 'array'
        ? definition.element
        : definition.type === 'record'
          ? definition.valueType
          : definition.type === 'tuple'
            ? definition.items?.[Number(segment)]
            : undefined
  return next === undefined || definitionOf(next).type === 'never' ? [] : [next]
}

function unwrap(schema: Schema): Schema[] {
  const { type, innerType, options, in: input, left, right, getter } = definitionOf(schema)
  if (type === 'lazy' && getter !== undefined) return unwrap(getter())
  if (options !== undefined && type === 'union') return options.flatMap(unwrap)
  if (left !== undefined && right !== undefined) return [...unwrap(left), ...unwrap(right)]
  const inner = innerType ?? (type === 'pipe' ? input : undefined)
  return inner === undefined ? [schema] : unwrap(inner)
}

/** The keys that the map at `path` may have. */
export function findKnownKeys(schema: Schema, path: Path): string[] {
  const keys = findSchemas(schema, path).flatMap((candidate) => Object.keys(definitionOf(candidate).shape ?? {}))
  return [...new Set(keys)]
}

/** Is a map without a key enough at `path`? */
export function takesEmptyMap(schema: Schema, path: Path): boolean {
  return findSchemas(schema, path).some((candidate) => safeParse(candidate, {}).success)
}

/** What may stand at `path`, for people: `a number`, `a text`, `one of "a", "b"`. */
export function describeExpected(schema: Schema, path: Path): string {
  const kinds = findSchemas(schema, path).flatMap((candidate) => describeKinds(definitionOf(candidate)))
  return joinChoices([...new Set(kinds)])
}

/** The texts that may stand at `path`, where they can be listed. */
export function findChoices(schema: Schema, path: Path): string[] {
  return findSchemas(schema, path).flatMap((candidate) => {
    const { values, entries } = definitionOf(candidate)
    return [...(values ?? Object.values(entries ?? {}))].map(String)
  })
}

const KINDS = new Map([
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['object', 'a map'],
  ['record', 'a map'],
  ['array', 'a list'],
  ['tuple', 'a list'],
  ['null', 'null'],
])

function describeKinds({ type, values, entries }: Definition): string[] {
  const choices = values ?? (entries === undefined ? undefined : Object.values(entries))
  return choices?.map((choice) => JSON.stringify(choice)) ?? [KINDS.get(type) ?? type]
}

function joinChoices(choices: readonly string[]): string {
  if (choices.length <= 1) return choices[0] ?? 'something else'
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

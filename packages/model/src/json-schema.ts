/** Owns JSON Schema (draft 2020-12) of the file, for editors: fields, defaults, and the options of each policy by its name. */
import { z } from 'zod'
import { listUseSchema } from './file/policy-use.ts'
import { GatewrightFile } from './gatewright-file.ts'
import type { Catalogue, CatalogueEntry } from './validate/catalogue.ts'
import { PLAN_SLOT_ENTRY } from './validate/plan-slot-entry.ts'

type Schema = { [key: string]: unknown }

/** What `${env:NAME}` may stand for: numbers and switches too. */
const SUBSTITUTION = { $ref: '#/$defs/Substitution' }
const USE = { $ref: '#/$defs/PolicyUse' }
const SUBSTITUTION_DEFINITION = {
  type: 'string',
  pattern: '^\\$\\{(?:env|file):[^{}]*\\}$',
  description: 'Replaced when the file is read.',
}

/** Deterministic: the same catalogue gives the same text. */
export function toJsonSchema(catalogue: Catalogue): Schema {
  const schema = z.toJSONSchema(GatewrightFile, { io: 'input', target: 'draft-2020-12' }) as Schema
  const definitions = allowSubstitutions(allowUses(schema.$defs)) as Record<string, Schema>
  const entries = [...catalogue, ...(catalogue.length === 0 ? [] : [PLAN_SLOT_ENTRY])].sort((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  )
  const options: Record<string, Schema> = {}
  for (const entry of entries) options[toOptionsName(entry)] = toOptionsSchema(entry)
  return {
    ...schema,
    properties: allowSubstitutions(allowUses(schema.properties)),
    $defs: {
      ...definitions,
      ListUse: allowSubstitutions(toListUse()),
      PolicyUse: toPolicyUse(definitions.PolicyUse ?? {}, entries),
      ...options,
      Substitution: SUBSTITUTION_DEFINITION,
    },
  }
}

function toOptionsName({ name }: CatalogueEntry): string {
  return `options.${name}`
}

/** The shapes that a policy's own schema names are kept beside it, under names that no other policy has. */
function toOptionsSchema(entry: CatalogueEntry): Schema {
  const { $schema: _, ...schema } = z.toJSONSchema(entry.options, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
  }) as Schema
  const prefix = `#/$defs/${toOptionsName(entry)}/$defs/`
  const moved = moveReferences(schema, prefix) as Schema
  return entry.summary === undefined ? moved : { description: entry.summary, ...moved }
}

function moveReferences(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moveReferences(item, prefix))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === '$ref' && typeof member === 'string'
        ? [key, member === '#' ? prefix.replace(/\/\$defs\/$/, '') : member.replace(/^#\/\$defs\//, prefix)]
        : [key, moveReferences(member, prefix)],
    ),
  )
}

/** One `if … then …` for each policy: an editor then offers its options as soon as its name stands there. */
function toPolicyUse(use: Schema, entries: Catalogue): Schema {
  // JSON Schema has no empty `enum` and no empty `allOf`.
  if (entries.length === 0) return use
  const properties = isMap(use.properties) ? use.properties : {}
  const policy = isMap(properties.policy) ? properties.policy : {}
  return {
    ...use,
    properties: { ...properties, policy: { ...policy, enum: entries.map(({ name }) => name) } },
    allOf: entries.map((entry) => ({
      if: { properties: { policy: { const: entry.name } }, required: ['policy'] },
      then: {
        properties: { options: { $ref: `#/$defs/${toOptionsName(entry)}` } },
        ...(needsOptions(entry) ? { required: ['options'] } : {}),
      },
    })),
  }
}

/** Does the policy refuse to run without any option? */
function needsOptions({ options }: CatalogueEntry): boolean {
  try {
    return !options.safeParse({}).success
  } catch {
    return false
  }
}

function toListUse(): Schema {
  const { $defs } = z.toJSONSchema(z.array(listUseSchema), { io: 'input', target: 'draft-2020-12' })
  return ($defs?.ListUse ?? {}) as Schema
}

/** A file is parsed when the policies of policy lists stand in it; an editor sees it before. */
function allowUses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(allowUses)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key === 'items' && isMap(member) && member.$ref === USE.$ref
        ? [key, { anyOf: [USE, { $ref: '#/$defs/ListUse' }] }]
        : [key, allowUses(member)],
    ),
  )
}

/** `port: ${env:PORT}` is a text to an editor. */
function allowSubstitutions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(allowSubstitutions)
  if (!isMap(value)) return value
  if (value.type === 'integer' || value.type === 'number' || value.type === 'boolean') {
    const { description, default: preset, ...rest } = value
    return {
      ...(description === undefined ? {} : { description }),
      ...(preset === undefined ? {} : { default: preset }),
      anyOf: [rest, SUBSTITUTION],
    }
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key === 'default' ? member : allowSubstitutions(member)]),
  )
}

function isMap(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

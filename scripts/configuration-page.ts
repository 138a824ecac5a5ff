/** Owns docs/configuration.md: every key of the file with type, default and meaning, made from the file's own JSON Schema. */
import { findSection, SECTIONS, type Section } from './configuration-sections.ts'

/** What `toJsonSchema` writes, as far as the page shows it. */
interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly minimum?: number
  readonly maximum?: number
}

/** `${env:…}` may stand for any number and switch: the page says so once. */
const SUBSTITUTION = '#/$defs/Substitution'
/** What every resource may say of itself has a section of its own. */
const DESCRIBED = new Set(['title', 'description', 'tags', 'owner', 'enabled'])
/** Shapes that are no resource but a way to write a value; each has its section or is said in a word. */
const WORDS = new Map([
  ['Target', 'URL, or `{ url, weight }`'],
  ['Expression', '[expression](expressions.md)'],
  ['Cel', '[CEL](expressions.md)'],
])

/** Markdown. @throws when the schema has a definition that no section shows. */
export function toConfigurationPage(root: object): string {
  const schema = root as Schema
  const definitions = schema.$defs ?? {}
  const shown = new Set(SECTIONS.map(({ definition }) => definition))
  const missing = Object.keys(definitions).filter((name) => !shown.has(name) && !WORDS.has(name))
  const forgotten = missing.filter((name) => name !== 'Substitution')
  if (forgotten.length > 0) throw new Error(`no section shows ${forgotten.join(', ')}: add it to SECTIONS`)
  const sections = SECTIONS.map((section) => toSection(section, schema))
  return `<!-- Generated from the file's schema by \`npm run docs\`: change it in packages/model/src/file and scripts/configuration-sections.ts. -->

# Configuration

Everything that a Gatewright file may say. \`gatewright schema\` prints the same for editors, as JSON Schema; \`gatewright validate\` reports
every fault with its place. A key that is not listed here is a fault.

${sections.join('\n')}`
}

function toSection({ title, text, definition, isShared = false }: Section, root: Schema): string {
  const schema = definition === undefined ? undefined : definition === '' ? root : root.$defs?.[definition]
  const rows = schema === undefined ? [] : toRows(schema, '', isShared)
  const table = ['| key | what it takes | default | |', '|---|---|---|---|', ...rows].join('\n')
  return `## ${title}\n\n${text}\n${rows.length === 0 ? '' : `\n${table}\n`}`
}

/** One row a key; those of nested maps stand after their parent: `limits.headerBytes`, `keys[].hash`, `errors.*.status`. */
function toRows(schema: Schema, prefix: string, isShared: boolean): string[] {
  const rows: string[] = []
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    if (prefix === '' && (schema.properties?.owner === undefined ? isShared : DESCRIBED.has(name) !== isShared)) {
      continue
    }
    const key = prefix + name
    rows.push(`| \`${key}\` | ${toShape(value)} | ${toDefault(value, schema, name)} | ${toMeaning(name, value)} |`)
    rows.push(...toInnerRows(value, key))
  }
  return rows
}

function toInnerRows(value: Schema, key: string): string[] {
  const rows = toRows(value, `${key}.`, false)
  if (value.items !== undefined) rows.push(...toRows(value.items, `${key}[].`, false))
  if (typeof value.additionalProperties === 'object')
    rows.push(...toRows(value.additionalProperties, `${key}.*.`, false))
  for (const form of value.anyOf ?? []) rows.push(...toRows(form, `${key}.`, false))
  return rows
}

function toDefault(value: Schema, parent: Schema, name: string): string {
  if (parent.required?.includes(name)) return '**required**'
  const { default: preset } = value
  if (preset === undefined || isEmpty(preset)) return ''
  return `\`${toFlow(preset)}\``
}

function toMeaning(name: string, { description }: Schema): string {
  if (description !== undefined) return escapeCell(description)
  return name === 'id' ? 'Names it in logs, metrics and references: letters, digits, `.`, `_`, `-`; at most 128.' : ''
}

function toShape(schema: Schema): string {
  if (schema.$ref !== undefined) return toReference(schema.$ref.replace('#/$defs/', ''))
  if (schema.const !== undefined) return `\`${toFlow(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${toFlow(value)}\``).join(', ')
  if (schema.anyOf !== undefined) {
    const forms = schema.anyOf.filter(({ $ref }) => $ref !== SUBSTITUTION)
    return [...new Set(forms.map(toShape))].join(' or ')
  }
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : toShape(schema.items)}`
  if (schema.type === 'object') {
    if (schema.properties !== undefined) return 'map'
    const { additionalProperties } = schema
    const hasShape = typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
    return hasShape ? `names → ${toShape(additionalProperties)}` : 'map'
  }
  return `${schema.type === 'string' ? 'text' : (schema.type ?? 'anything')}${toRange(schema)}`
}

function toReference(definition: string): string {
  const word = WORDS.get(definition)
  if (word !== undefined) return word
  const title = findSection(definition)?.title ?? definition
  return `[${definition}](#${title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 ]/g, '')
    .replaceAll(' ', '-')})`
}

function toRange({ minimum, maximum }: Schema): string {
  // JSON Schema writes "any safe integer" as this bound; nobody wants to read it.
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (minimum !== undefined) return most === undefined ? `, at least ${minimum}` : `, ${minimum} to ${most}`
  return most === undefined ? '' : `, at most ${most}`
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** YAML in one line. */
function toFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toFlow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, field]) => `${key}: ${toFlow(field)}`)
      .join(', ')} }`
  }
  return typeof value === 'string' && /^[A-Za-z0-9/][\w./-]*$/.test(value) ? value : JSON.stringify(value)
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

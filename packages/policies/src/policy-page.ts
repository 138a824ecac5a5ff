/** Owns the documentation page of a policy, made from its definition alone: built-in and user's own look the same. */
import { z } from 'zod'
import type { PolicyDefinition } from './policy.ts'

/** What `z.toJSONSchema` writes, as far as a page shows it. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly examples?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
}

/** Markdown. Examples come from the definition, or from `.meta({ examples: [options, …] })` on the options' schema. */
export function toPolicyPage(definition: PolicyDefinition): string {
  const schema = z.toJSONSchema(definition.options, { io: 'input', reused: 'inline' }) as Schema
  const place = definition.answers
    ? 'It answers by itself, so its route needs no upstream.'
    : `Its usual place is the phase **${definition.phase}**; the order of the list decides.`
  const options = toRows(schema, '')
  const table =
    options.length === 0
      ? 'It has no options.'
      : ['| option | what it takes | default | |', '|---|---|---|---|', ...options].join('\n')
  const examples = toExamples(definition, schema).map(
    ({ says, options }) =>
      `${says === undefined ? '' : `  # ${says}\n`}  - ${toFlow({ policy: definition.name, ...toUse(options) })}`,
  )
  return `<!-- Generated from the policy's definition by \`npm run docs\`: change it there. -->

# ${definition.name}

${definition.summary}

${place}

\`\`\`yaml
policies:
${examples.join('\n')}
\`\`\`

## Options

${table}
`
}

/** The table of contents of a folder of pages, in the order given. */
export function toPolicyIndex(definitions: readonly PolicyDefinition[]): string {
  const rows = definitions.map(
    ({ name, phase, summary }) => `| [${name}](${name}.md) | ${phase} | ${escapeCell(summary)} |`,
  )
  return `<!-- Generated from the policies' definitions by \`npm run docs\`: change it there. -->

# Policies

The built-in policies, in the usual order of their phases. In a file, the order of the list decides.
Every use of a policy may also say \`when\` it runs (a condition in CEL), whether it is \`enabled\`, and the \`id\` that its state belongs to.

| policy | phase | what it does |
|---|---|---|
${rows.join('\n')}
`
}

interface ShownExample {
  readonly says?: string
  readonly options: unknown
}

function toExamples({ examples }: PolicyDefinition, schema: Schema): readonly ShownExample[] {
  return examples ?? schema.examples?.map((options) => ({ options })) ?? [{ options: {} }]
}

function toUse(options: unknown): { options?: unknown } {
  return typeof options === 'object' && options !== null && Object.keys(options).length > 0 ? { options } : {}
}

/** One table row an option, those of nested objects after their parent: `outer.inner`, `list[].inner`. */
function toRows(schema: Schema, prefix: string): string[] {
  const rows: string[] = []
  for (const [name, option] of Object.entries(schema.properties ?? {})) {
    const path = prefix + name
    const fallback =
      option.default !== undefined
        ? code(toFlow(option.default))
        : schema.required?.includes(name)
          ? '**required**'
          : ''
    rows.push(`| ${code(path)} | ${toShape(option)} | ${fallback} | ${escapeCell(option.description ?? '')} |`)
    rows.push(...toRows(option, `${path}.`))
    if (option.items !== undefined) rows.push(...toRows(option.items, `${path}[].`))
    if (typeof option.additionalProperties === 'object') rows.push(...toRows(option.additionalProperties, `${path}.*.`))
    // Several forms of an object are shown together: which of them is meant, the descriptions say.
    const forms = [...(option.anyOf ?? []), ...(option.oneOf ?? [])]
    rows.push(...new Set(forms.flatMap((form) => toRows(form, `${path}.`))))
  }
  return rows
}

function toShape(schema: Schema): string {
  if (schema.const !== undefined) return code(toFlow(schema.const))
  if (schema.enum !== undefined) return schema.enum.map((value) => code(toFlow(value))).join(', ')
  const forms = schema.anyOf ?? schema.oneOf
  if (forms !== undefined) return [...new Set(forms.map(toShape))].join(' or ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : toShape(schema.items)}`
  if (schema.type === 'object' && schema.properties === undefined) {
    return typeof schema.additionalProperties === 'object'
      ? `names → ${toShape(schema.additionalProperties)}`
      : 'object'
  }
  const type = schema.type === undefined ? 'anything' : [schema.type].flat().join(' or ')
  return `${type}${toRange(schema)}`
}

function toRange(schema: Schema): string {
  const least = schema.minimum ?? schema.minLength
  // JSON Schema writes "any safe integer" as these bounds; nobody wants to read them.
  const most = [schema.maximum, schema.maxLength].find(
    (bound) => bound !== undefined && bound < Number.MAX_SAFE_INTEGER,
  )
  const unit = schema.type === 'string' ? ' characters' : ''
  if (least !== undefined && least > -Number.MAX_SAFE_INTEGER) {
    return most === undefined ? `, at least ${least}${unit}` : `, ${least} to ${most}${unit}`
  }
  return most === undefined ? '' : `, at most ${most}${unit}`
}

/** YAML in one line, as people write it in an example. */
function toFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toFlow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${toFlow(key)}: ${toFlow(field)}`)
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  // A plain YAML scalar that is neither a number nor a word with a meaning; everything else is quoted.
  const isPlain =
    typeof value === 'string' &&
    /^[A-Za-z/][\w./-]*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value)
  return isPlain ? value : JSON.stringify(value)
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

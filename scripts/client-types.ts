/** Owns making the client's types of the admin API's OpenAPI document: of what that has, and no more. */

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly {
    readonly name?: string
    readonly in?: string
    readonly required?: boolean
    readonly schema?: Json
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Json }>> }>
  >
}

export interface AdminDocument {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

/** File name → text. */
export function toClientFiles(document: AdminDocument): ReadonlyMap<string, string> {
  return new Map([
    ['schemas.generated.ts', toSchemasFile(document)],
    ['operations.generated.ts', toOperationsFile(document)],
  ])
}

function toSchemasFile({ components }: AdminDocument): string {
  const types = Object.entries(components.schemas).map(
    ([name, schema]) => `${toComment(schema.description)}export type ${name} = ${toType(schema)}`,
  )
  return `/** Owns the schemas of the admin API. Generated from its OpenAPI document by \`npm run client\`: change the routes, not this. */\n\n${types.join('\n\n')}\n`
}

function toOperationsFile({ paths, servers: [server], components }: AdminDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const types = operations.map(
    ({ operation }) =>
      `${toComment(operation.summary)}readonly ${operation.operationId}: ${toOperationType(operation)}`,
  )
  const rows = operations.map(
    ({ path, method, operation }) =>
      `${operation.operationId}: { method: '${method.toUpperCase()}', path: '${server?.url}${path}' },`,
  )
  const text = types.join('\n')
  const used = Object.keys(components.schemas).filter((name) => new RegExp(`\\b${name}\\b`).test(text))
  return [
    '/** Owns the operations of the admin API. Generated from its OpenAPI document by `npm run client`: change the routes, not this. */',
    `import type { ${used.join(', ')} } from './schemas.generated.ts'`,
    `export interface Operations {\n${text}\n}`,
    `export const OPERATIONS: { readonly [N in keyof Operations]: { readonly method: string; readonly path: string } } = {\n${rows.join('\n')}\n}\n`,
  ].join('\n\n')
}

function toOperationType({ parameters = [], requestBody, responses }: Operation): string {
  const body = requestBody?.content['application/json']?.schema
  // What a change waits by is told in one place, for all.
  const done = Object.entries(responses).find(
    ([status, { content }]) => status.startsWith('2') && content !== undefined,
  )
  const answer = done?.[1].content?.['application/json']?.schema
  const members = [
    ...toParameterMember(
      'params',
      parameters.filter((each) => each.in === 'path'),
    ),
    ...toParameterMember(
      'query',
      parameters.filter((each) => each.in === 'query'),
    ),
    ...(body === undefined ? [] : [`readonly body: ${toType(body)}`]),
    `readonly answer: ${answer === undefined ? 'undefined' : toType(answer)}`,
    ...(hasYaml(requestBody) ? ['readonly takesYaml: true'] : []),
    ...(Object.values(responses).some(hasYaml) ? ['readonly givesYaml: true'] : []),
  ]
  return `{ ${members.join('; ')} }`
}

function hasYaml(said: { readonly content?: Readonly<Record<string, unknown>> } | undefined): boolean {
  return said?.content?.['application/yaml'] !== undefined
}

function toParameterMember(name: string, parameters: NonNullable<Operation['parameters']>): string[] {
  if (parameters.length === 0) return []
  const members = parameters.map(
    (each) => `readonly ${each.name}${each.required === true ? '' : '?'}: ${toType(each.schema ?? {})}`,
  )
  return [`readonly ${name}: { ${members.join('; ')} }`]
}

function toType(schema: Json): string {
  if (typeof schema.$ref === 'string') return schema.$ref.replace(/^.*\//, '')
  for (const key of ['anyOf', 'oneOf'] as const) {
    if (Array.isArray(schema[key])) return schema[key].map((each: Json) => `(${toType(each)})`).join(' | ')
  }
  if (Array.isArray(schema.allOf)) return schema.allOf.map((each: Json) => `(${toType(each)})`).join(' & ')
  if (Array.isArray(schema.enum)) return schema.enum.map((each) => JSON.stringify(each)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (Array.isArray(schema.type)) return schema.type.map((type) => `(${toType({ ...schema, type })})`).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return toArrayType(schema)
    case 'object':
      return toObjectType(schema)
    default:
      return 'unknown'
  }
}

function toArrayType({ items, prefixItems }: Json): string {
  if (Array.isArray(prefixItems)) return `readonly [${prefixItems.map(toType).join(', ')}]`
  return `readonly (${toType((items ?? {}) as Json)})[]`
}

function toObjectType({ properties = {}, required = [], additionalProperties }: Json): string {
  const members = Object.entries(properties as Record<string, Json>).map(
    ([name, schema]) =>
      `${toComment(schema.description)}readonly ${JSON.stringify(name)}${(required as string[]).includes(name) && schema.default === undefined ? '' : '?'}: ${toType(schema)}`,
  )
  if (members.length > 0) return `{ ${members.join('; ')} }`
  const values = typeof additionalProperties === 'object' ? toType(additionalProperties as Json) : 'unknown'
  return `Readonly<Record<string, ${values}>>`
}

function toComment(text: unknown): string {
  return typeof text === 'string' ? `\n/** ${text.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n` : ''
}

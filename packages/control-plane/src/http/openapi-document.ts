/** Owns the OpenAPI 3.1 document of the admin API: made of the routes themselves, so it says what they do. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { KINDS } from '../kinds.ts'
import { toKindName } from '../resources/kind.ts'
import { API_PREFIX, LINES_TYPE, type Route } from './route.ts'

type Json = Readonly<Record<string, unknown>>

const PROBLEM: Json = {
  type: 'object',
  description: 'RFC 9457. Members beside these depend on the problem.',
  properties: {
    type: { type: 'string', description: '`urn:gatewright:problem:<code>`' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'detail', 'instance'],
}

const PARAMETERS: Readonly<Record<string, Json>> = {
  DryRun: {
    name: 'dryRun',
    in: 'query',
    description: 'Does everything, shows what it came to, and undoes it.',
    schema: { enum: ['true', 'false'] },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'The `ETag` of what was seen: something else is not changed.',
    schema: { type: 'string' },
  },
  Override: {
    name: 'Gatewright-Override',
    in: 'header',
    description: 'Why it cannot wait for the end of a freeze: for those who have `environment:freeze` everywhere.',
    schema: { type: 'string' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'A request that comes again with the same one does nothing again, and is answered as the first.',
    schema: { type: 'string' },
  },
}

/** Of the API, as its addresses have it: which Gatewright answers is told to no stranger. */
const VERSION = '1'

export const DOCUMENT_PATH = `${API_PREFIX}/openapi.json`

/** For everybody: what one may ask is no secret. */
export function serveOpenApi(app: FastifyInstance, routes: readonly Route[]): void {
  let made: Buffer | undefined
  app.get(DOCUMENT_PATH, (_, reply) => {
    // Few ask for it, and it takes a while.
    made ??= Buffer.from(JSON.stringify(toOpenApi(routes)))
    return reply.type('application/json').send(made)
  })
}

export function toOpenApi(routes: readonly Route[]): Json {
  const schemas = toSchemas(routes)
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = toOperation(route, schemas)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Gatewright admin API', version: VERSION },
    servers: [{ url: API_PREFIX }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: { ...pickNamed(schemas), Problem: PROBLEM },
      parameters: PARAMETERS,
      responses: { Waits: toWaits(schemas) },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'gatewright-session' },
      },
    },
  }
}

function toOperation(route: Route, schemas: Readonly<Record<string, Json>>): Json {
  const isChange = route.kind === 'changing'
  const body = schemas[`${route.name}.body`]
  const answer = schemas[`${route.name}.answer`]
  const written = schemas[`${route.name}.written`]
  const asYaml = written === undefined ? {} : { 'application/yaml': { schema: written } }
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access.kind === 'anybody' && { security: [] }),
    parameters: [
      ...toParameters('path', schemas[`${route.name}.params`]),
      ...toParameters('query', schemas[`${route.name}.query`]),
      ...(isChange ? Object.keys(PARAMETERS).map((name) => ({ $ref: `#/components/parameters/${name}` })) : []),
    ],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: body }, ...asYaml } },
    }),
    responses: {
      [toStatus(route, answer)]: {
        description: 'Done.',
        ...(answer !== undefined && {
          content: toAnswerContent(route, answer, asYaml),
        }),
      },
      ...(isChange && route.watches !== 'itself' && { 202: { $ref: '#/components/responses/Waits' } }),
      default: {
        description: 'It was not done.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

/** What a change answers with may say whether something is new, or waits: 200, 201, 202. */
function toStatus({ kind, status }: Route, answer: Json | undefined): string {
  if (status !== undefined) return String(status)
  if (answer === undefined) return '204'
  return kind === 'changing' ? '2XX' : '200'
}

function toWaits(schemas: Readonly<Record<string, Json>>): Json {
  const schema = schemas['getAskedChange.answer'] ?? {}
  return {
    description:
      'It changes what a protected environment runs, and waits until others have approved it. `Location` says where.',
    content: { 'application/json': { schema } },
  }
}

function toAnswerContent(route: Route, answer: Json, asYaml: Json): Json {
  if (route.isLines === true) return { [LINES_TYPE]: { schema: answer } }
  return { 'application/json': { schema: answer }, ...(route.kind === 'reading' && asYaml) }
}

function toParameters(place: 'path' | 'query', schema: Json | undefined): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...of }]) => ({
    name,
    in: place,
    ...(place === 'path' && { required: true }),
    ...(place === 'query' && required.includes(name) && of.default === undefined && { required: true }),
    ...(description !== undefined && { description }),
    schema: of,
  }))
}

/** Those that are said in several places have a name of their own; others are named by the route and its part. */
function toSchemas(routes: readonly Route[]): Readonly<Record<string, Json>> {
  const registry = z.registry<{ id: string }>()
  for (const { kind, body } of KINDS) registry.add(body, { id: `${toKindName(kind)}Body` })
  const places: [string, z.ZodType][] = routes.flatMap(({ name, params, query, body, answer, written }) => [
    [`${name}.params`, params],
    [`${name}.query`, query],
    [`${name}.body`, body],
    [`${name}.answer`, answer],
    ...(written === undefined ? [] : [[`${name}.written`, written.schema] as [string, z.ZodType]]),
  ])
  for (const [id, schema] of places) if (!registry.has(schema) && !isNothing(schema)) registry.add(schema, { id })
  const uri = (id: string): string => `#/components/schemas/${id}`
  const { schemas } = z.toJSONSchema(registry, { uri, io: 'input', unrepresentable: 'any' })
  const made = Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, clean(schema, schemas) as Json]))
  const shared = (made.__shared?.$defs ?? {}) as Record<string, Json>
  const known = { ...made, ...shared }
  const pairs = places.flatMap(([place, schema]): [string, Json][] => {
    const id = registry.get(schema)?.id
    if (id === undefined) return []
    return [[place, id.includes('.') ? (known[id] ?? {}) : { $ref: uri(id) }]]
  })
  return { ...known, ...Object.fromEntries(pairs) }
}

function isNothing(schema: z.ZodType): boolean {
  return schema instanceof z.ZodUndefined
}

function pickNamed(schemas: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(schemas).filter(([id]) => !id.includes('.') && id !== '__shared'))
}

const NAMED = /^#\/components\/schemas\/(?:__shared#\/\$defs\/)?(.+)$/

/** As OpenAPI names things; what a route's part is named by is written where it is used. */
function clean(value: unknown, schemas: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => clean(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { $ref, $schema: _, $id: __, ...rest } = value as Record<string, unknown>
  const cleaned = Object.fromEntries(Object.entries(rest).map(([key, item]) => [key, clean(item, schemas)]))
  const name = typeof $ref === 'string' ? NAMED.exec($ref)?.[1] : undefined
  if (name === undefined) return $ref === undefined ? cleaned : { ...cleaned, $ref }
  if (name.includes('.')) return { ...(clean(schemas[name], schemas) as Json), ...cleaned }
  return { ...cleaned, $ref: `#/components/schemas/${name}` }
}

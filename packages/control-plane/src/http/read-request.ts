/** Owns the step from a request to what a route takes: parsed by the route's schemas, or a problem that says everything that is wrong. */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AdminProblem } from './admin-problem.ts'
import { readConditions } from './read-conditions.ts'
import { readJson } from './read-json.ts'
import type { Input, Route } from './route.ts'
import { toFaultyProblem, toInvalidProblem } from './to-admin-problem.ts'

/** Where the route stands, in this request: what access is decided by, before anything else is read. */
export interface AskedPlace {
  readonly request: FastifyRequest
  readonly params: unknown
}

/** A route's input, and what stands around it. */
export interface Asked extends AskedPlace {
  readonly input: Input<z.ZodType, z.ZodType, z.ZodType>
  /** Everything is done, shown, and undone. */
  readonly isDryRun: boolean
  readonly idempotencyKey: string | undefined
  /** Why it cannot wait for the end of a freeze. */
  readonly override: string | undefined
  /** Method, address and body: what a repeat has to be equal in. */
  readonly fingerprint: string
}

const dryRunSchema = z.enum(['true', 'false'], { error: 'It is "true" or "false".' }).optional()

/** Long enough to be nobody else's. */
const IDEMPOTENCY_KEY = /^"?[\x21\x23-\x7e]{8,128}"?$/

/** @throws AdminProblem */
export function readPlace(route: Route, request: FastifyRequest): AskedPlace {
  return { request, params: parse(route.params, 'path', request.params) }
}

/** @throws AdminProblem */
export function readRequest(route: Route, { request, params }: AskedPlace): Asked {
  const { dryRun, ...query } = request.query as Record<string, unknown>
  const text = typeof request.body === 'string' ? request.body : ''
  const isChange = route.kind === 'changing'
  const type = request.headers['content-type'] ?? ''
  const written = text !== '' && YAML.test(type) ? route.written : undefined
  const said = written === undefined ? readBody(route, text, type) : written.toBody(text)
  const asked = parse(route.query, 'query', isChange || dryRun === undefined ? query : { ...query, dryRun })
  const faults = isChange ? (route.findFaults?.(said, asked as never) ?? []) : []
  if (faults.length > 0) throw toFaultyProblem('body', faults)
  const body = parse(route.body, 'body', said)
  return {
    input: {
      params,
      query: asked,
      body: isAsWritten(route) ? said : body,
      ...readConditions(request.headers),
      source: written === undefined ? undefined : text,
      wantsYaml: route.written !== undefined && wantsYaml(request.headers.accept),
    },
    isDryRun: isChange && parse(dryRunSchema, 'query/dryRun', dryRun) === 'true',
    idempotencyKey: isChange ? readIdempotencyKey(request.headers['idempotency-key']) : undefined,
    override: isChange ? readOverride(request.headers['gatewright-override']) : undefined,
    fingerprint: [request.method, request.url, text].join('\n'),
    request,
    params,
  }
}

/** What was parsed before, maybe by an earlier version. @throws AdminProblem */
export function parseAgain(
  route: Route,
  { params, query, body }: { readonly params: unknown; readonly query: unknown; readonly body?: unknown },
) {
  const parsed = parse(route.body, 'body', body)
  return {
    params: parse(route.params, 'path', params),
    query: parse(route.query, 'query', query),
    body: isAsWritten(route) ? body : parsed,
  }
}

function isAsWritten(route: Route): boolean {
  return route.kind === 'changing' && route.isAsWritten === true
}

/** RFC 9512 §2.1, and §2.2 of it for what is YAML of a kind; the name with `x-` is older. */
const YAML = /^\s*application\/(?:x-|openapi\+)?yaml\s*(?:;|$)/i

/** Who takes JSON as well gets that: it says more. */
function wantsYaml(accept = ''): boolean {
  const types = accept.split(',')
  return types.some((type) => YAML.test(type)) && !types.some((type) => /^\s*application\/json\b/i.test(type))
}

function readBody({ written }: Route, text: string, type: string): unknown {
  if (text === '') return undefined
  if (!/^\s*application\/json\s*(?:;|$)/i.test(type)) {
    const other = written === undefined ? '' : ', or application/yaml'
    throw new AdminProblem('media-type-unknown', `Say Content-Type: application/json${other}.`)
  }
  return readJson(text)
}

function parse<S extends z.ZodType>(schema: S, where: string, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw toInvalidProblem(where, parsed.error, schema)
  return parsed.data
}

function readOverride(value: string | string[] | undefined): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '' && value.length <= 2000)) return value
  throw new AdminProblem('request-invalid', 'Gatewright-Override says once, in up to 2000 letters, why it cannot wait.')
}

function readIdempotencyKey(value: string | string[] | undefined): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && IDEMPOTENCY_KEY.test(value)) return value.replaceAll('"', '')
  throw new AdminProblem('request-invalid', 'Idempotency-Key: 8 to 128 letters that nobody else has, such as a UUID.')
}

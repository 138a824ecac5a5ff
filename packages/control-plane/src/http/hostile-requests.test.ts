/** Each route, asked for what its schemas let through and stores may not like: what is wrong is told, and nothing breaks. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { ADMIN_ROUTES } from '../admin-routes.ts'
import { AdminStage } from '../testing/admin-stage.ts'
import { describeOnStores } from '../testing/describe-on-stores.ts'
import type { Route } from './route.ts'

/** What schemas let through and stores may not like, beside what is there. */
const NASTY = fc.constantFrom<string>(
  'main',
  'orders',
  'dev',
  'robot',
  '1',
  '*',
  '',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '💥',
  '%',
  "'; --",
  '../..',
  '__proto__',
  'constructor',
  '9007199254740991',
  '2147483648',
  '-1',
  '1e3',
  '0',
  '2026-01-31T00:00:00Z',
  'http://127.0.0.1:1/',
  'a'.repeat(3000),
  Buffer.from('["id","\\u0000","\\u0000"]').toString('base64url'),
  Buffer.from('["id","a","b"]').toString('base64url'),
)
const NUMBERS = fc.constantFrom(0, 1, -1, 1.5, 100, 2_147_483_648, Number.MAX_SAFE_INTEGER, 1e300)

type Json = Readonly<Record<string, unknown>>

/** Something that a JSON Schema mostly allows: what it does not allow is refused, which is as well. */
function toArbitrary(schema: Json, depth = 0): fc.Arbitrary<unknown> {
  const any = fc.oneof(NASTY, NUMBERS, fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}))
  if (depth > 5) return any
  const next = (of: unknown): fc.Arbitrary<unknown> => toArbitrary((of ?? {}) as Json, depth + 1)
  const choices = (schema.anyOf ?? schema.oneOf) as readonly Json[] | undefined
  if (choices !== undefined) return fc.oneof(...choices.map(next))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]))
  if (schema.type === 'boolean') return fc.boolean()
  if (schema.type === 'integer' || schema.type === 'number') return NUMBERS
  if (schema.type === 'array') return fc.array(next(schema.items), { maxLength: 2 })
  if (schema.type === 'string') return fc.oneof({ weight: 9, arbitrary: NASTY }, { weight: 1, arbitrary: any })
  if (schema.type !== 'object') return any
  const members = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Json>>)
  const model = Object.fromEntries(members.map(([name, of]) => [name, next(of)]))
  return fc.record(model, { requiredKeys: ((schema.required ?? []) as string[]).filter((name) => name in model) })
}

function describeSchema(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Json
}

function toRequests(route: Route) {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const usual: Readonly<Record<string, string>> = { team: 'main', id: 'orders', environment: 'dev', number: '1' }
  const params = fc.record(
    Object.fromEntries(
      names.map((name) => [
        name,
        fc.oneof({ weight: 3, arbitrary: fc.constant(usual[name] ?? 'orders') }, { weight: 1, arbitrary: NASTY }),
      ]),
    ),
  )
  const headers = fc.record(
    {
      'if-match': fc.constantFrom('"1"', '"0"', 'W/"1"', '*', '"999999999999999"'),
      'if-none-match': fc.constantFrom('*', '"1"'),
      'idempotency-key': fc.constantFrom('12345678', '!"#$%&/()', 'x'),
      accept: fc.constantFrom('application/yaml', '*/*', 'text/html'),
    },
    { requiredKeys: [] },
  )
  const query = toArbitrary(describeSchema(route.query)) as fc.Arbitrary<Json>
  const body = route.kind === 'reading' ? fc.constant(undefined) : toArbitrary(describeSchema(route.body))
  return fc.record({ params, headers, query, body })
}

function toAddress(
  route: Route,
  { params, query }: { readonly params: Json; readonly query: Json | undefined },
): string {
  const encode = (value: unknown): string => encodeURIComponent(String(value).toWellFormed())
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encode(params[name]))
  const pairs = Object.entries(query ?? {}).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return `${path}?${pairs.join('&')}`
}

await describeOnStores('each route of the admin API', (open) => {
  let stage: AdminStage

  async function begin(): Promise<AdminStage> {
    const made = new AdminStage(await open())
    const put = async (path: string, body: object): Promise<void> => {
      const answer = await made.ask(`PUT ${path}`, { body })
      assert.ok(answer.statusCode < 300, answer.body)
    }
    await put('/environments/dev', {})
    await put('/apis/main/orders', { basePath: '/orders', upstream: 'http://127.0.0.1:9001' })
    await put('/plans/main/orders', {})
    await put('/products/main/orders', { apis: ['orders'], plans: ['orders'] })
    await put('/apps/main/orders', {})
    return made
  }

  it('GET /users/{user}/sessions and others refuse what no column can hold, and find what none has', async () => {
    stage ??= await begin()
    const lines = ['/users/a%00b/sessions', '/tokens?after=a%00b', '/apis/main/orders/revisions?below=9007199254740991']
    for (const line of [...lines, '/apis/main/orders/document?revision=2147483648']) {
      const { statusCode, body } = await stage.ask(`GET ${line}`)
      assert.ok(statusCode < 500, `${line}: ${statusCode} ${body}`)
    }
    assert.deepEqual(stage.mistakes, [])
  })

  for (const route of ADMIN_ROUTES) {
    it(`${route.method} ${route.path} makes no mistake, whatever it is asked`, async () => {
      stage ??= await begin()
      await fc.assert(
        fc.asyncProperty(toRequests(route), async ({ params, headers, query, body }) => {
          const line = `${route.method} ${toAddress(route, { params, query })}`
          const answer = await stage.ask(line, { body, headers })
          assert.deepEqual(stage.mistakes.splice(0), [], `${line} ${answer.statusCode} ${answer.body}`)
          assert.ok(
            answer.statusCode < 500 || answer.statusCode === 503,
            `${line}: ${answer.statusCode} ${answer.body}`,
          )
        }),
        { numRuns: 15 },
      )
    })
  }
})

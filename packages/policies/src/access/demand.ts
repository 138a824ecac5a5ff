/** Owns what is asked of callers: one test a fact, made once, and which of them a caller does not pass. */
import { ExpressionError } from '@gatewright/expressions'
import { z } from 'zod'
import { anyAppIdSchema } from '../app-option.ts'
import { ClaimPath } from '../callers/claim-path.ts'
import { scopeSchema } from '../callers/scope-token.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { planIdSchema } from '../plan-option.ts'
import { Problem } from '../problem.ts'
import { compileCondition, conditionSchema } from '../scopes/expression-option.ts'

const names = (what: string, item = z.string().min(1)) => z.array(item).min(1).optional().meta({ description: what })

function listOf(item: z.ZodString, what: string) {
  return z
    .strictObject({
      all: z
        .array(item)
        .min(1)
        .optional()
        .meta({ description: `Every one of these ${what}.` }),
      any: z
        .array(item)
        .min(1)
        .optional()
        .meta({ description: `At least one of these ${what}.` }),
    })
    .refine(({ all, any }) => all !== undefined || any !== undefined, { error: 'say `all`, `any` or both' })
    .optional()
}

const scalar = z.union([z.string(), z.number(), z.boolean()])

const claimSchema = z.union([
  scalar,
  z.array(scalar).min(1),
  z.strictObject({
    all: z.array(scalar).min(1).meta({ description: 'The claim is a list that holds every one of these.' }),
  }),
])

/** `aboutCondition`: what becomes of a request by its condition. */
export const demandFields = (aboutCondition: string) => ({
  scopes: listOf(scopeSchema, 'scopes').meta({
    description: 'Scopes of the credential: `all` of a list, at least one (`any`) of a list, or both.',
  }),
  groups: listOf(z.string().min(1), 'groups').meta({
    description: 'Groups that the caller is in: `all` of a list, at least one (`any`) of a list, or both.',
  }),
  plans: names('The plan of the caller is one of these.', planIdSchema),
  apps: names('The app of the caller is one of these ids.', anyAppIdSchema),
  callers: names('The id of the caller is one of these.'),
  claims: z
    .record(z.string().min(1), claimSchema)
    // A member that is dropped while it is read (`__proto__`) must not leave a demand that demands nothing.
    .refine((claims) => Object.keys(claims).length > 0, { error: 'name at least one claim' })
    .optional()
    .meta({
      description:
        'What the credential claims: by the name of a claim, or a path into it such as `realm.level`, one value, a list of which any one will do, or `{ all: […] }`. A claim that is a list matches where it holds the value. Texts, numbers and booleans are told apart.',
    }),
  condition: conditionSchema.optional().meta({ description: aboutCondition }),
})

type Scalar = z.output<typeof scalar>
type List = z.output<ReturnType<typeof listOf>>

export interface Demand {
  readonly scopes?: List
  readonly groups?: List
  readonly plans?: readonly string[] | undefined
  readonly apps?: readonly string[] | undefined
  readonly callers?: readonly string[] | undefined
  readonly claims?: Readonly<Record<string, z.output<typeof claimSchema>>> | undefined
  readonly condition?: string | undefined
}

/** The parts of a demand, in the order in which they are looked at: what costs least comes first. */
export type Fact = 'caller' | 'app' | 'plan' | 'scopes' | 'groups' | 'claims' | 'condition'

export interface Test {
  readonly fact: Fact
  /** @throws Problem `expression-failed`, or `access-denied` where a condition asks for what is not there */
  passes(caller: Caller, exchange: Exchange): boolean
}

export function compileDemand(demand: Demand, variables: Readonly<Record<string, string>>): readonly Test[] {
  const { scopes, groups, plans, apps, callers, claims, condition } = demand
  const tests: Test[] = []
  const add = (fact: Fact, passes: Test['passes']): void => void tests.push({ fact, passes })
  if (callers !== undefined)
    add(
      'caller',
      compileOneOf(callers, ({ id }) => id),
    )
  if (apps !== undefined)
    add(
      'app',
      compileOneOf(apps, ({ app }) => app),
    )
  if (plans !== undefined)
    add(
      'plan',
      compileOneOf(plans, ({ plan }) => plan),
    )
  if (scopes !== undefined)
    add(
      'scopes',
      compileList(scopes, (caller) => caller.scopes),
    )
  if (groups !== undefined)
    add(
      'groups',
      compileList(groups, (caller) => caller.groups),
    )
  for (const [path, wanted] of Object.entries(claims ?? {})) add('claims', compileClaim(path, wanted))
  if (condition !== undefined) {
    const holds = compileCondition(condition, variables)
    add('condition', (_, exchange) => {
      try {
        return holds(exchange)
      } catch (problem) {
        throw toRefusal(problem) ?? problem
      }
    })
  }
  return tests
}

export const REFUSED = "This caller may not do this. Ask the API's owner for access."

/** What a caller or a request lacks is no mistake of the configuration: nobody passes by it, and the record says what it was. */
function toRefusal(problem: unknown): Problem | undefined {
  const cause = problem instanceof Problem ? problem.cause : undefined
  if (!(cause instanceof ExpressionError && cause.isOfMissingField)) return undefined
  return new Problem('access-denied', { detail: REFUSED, reason: `condition: ${cause.reason}` })
}

function compileOneOf(
  allowed: readonly string[],
  read: (caller: Caller) => string | undefined,
): (caller: Caller) => boolean {
  const set = new Set(allowed)
  return (caller) => {
    const value = read(caller)
    return value !== undefined && set.has(value)
  }
}

function compileList(
  { all = [], any }: NonNullable<List>,
  read: (caller: Caller) => readonly string[] | undefined,
): (caller: Caller) => boolean {
  return (caller) => {
    const has = read(caller)
    if (has === undefined) return false
    return holdsAll(has, all) && (any === undefined || holdsAny(has, any))
  }
}

function compileClaim(path: string, wanted: z.output<typeof claimSchema>): (caller: Caller) => boolean {
  const claim = new ClaimPath(path)
  if (typeof wanted === 'object' && 'all' in wanted) {
    return ({ claims }) => {
      const value = claim.find(claims)
      return Array.isArray(value) && holdsAll(value, wanted.all)
    }
  }
  const values: readonly Scalar[] = typeof wanted === 'object' ? wanted : [wanted]
  return ({ claims }) => {
    const value = claim.find(claims)
    return Array.isArray(value) ? holdsAny(value, values) : (values as readonly unknown[]).includes(value)
  }
}

// Loops, and no closures: they run for each request.
function holdsAll(has: readonly unknown[], wanted: readonly unknown[]): boolean {
  for (const each of wanted) if (!has.includes(each)) return false
  return true
}

function holdsAny(has: readonly unknown[], wanted: readonly unknown[]): boolean {
  for (const each of wanted) if (has.includes(each)) return true
  return false
}

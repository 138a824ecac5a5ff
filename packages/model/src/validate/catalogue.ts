/** Owns what `validate` must know of policies, since the policies themselves stand on the floor above. */
import type { z } from 'zod'
import type { PolicyUse } from '../gateway-model.ts'

/** The usual order. A list may say otherwise: `validate` then speaks up. */
export const POLICY_PHASES = [
  'observe',
  'protect',
  'authenticate',
  'authorize',
  'limit',
  'validate',
  'transform',
  'cache',
  'upstream',
] as const

export type PolicyPhase = (typeof POLICY_PHASES)[number]

/**
 * What a policy is of no use without: an app with a key, a listener that asks clients for certificates, an upstream that speaks HTTP/2.
 */
export type PolicyNeed = 'app-keys' | 'app-users' | 'client-certificates' | 'http2-upstream'

export interface CatalogueEntry {
  readonly name: string
  readonly phase: PolicyPhase
  readonly options: z.ZodType
  readonly summary?: string
  /** Does it answer itself, so that its route needs no upstream? */
  readonly answers?: boolean
  readonly needs?: PolicyNeed
  /** Its options that hold lists of uses: `policies`, or `branches.*.policies` where `*` is each item of a list. */
  readonly lists?: readonly string[]
  /** What stands in its lists has to be of this phase. */
  readonly listsPhase?: 'authenticate'
  /** Paths on the host that it answers itself, by its parsed options. */
  ownPaths?(options: unknown): readonly string[]
  /** Paths on the host where it leads people who are known no longer: behind itself, they would be led away again. */
  openPaths?(options: unknown): readonly string[]
}

export type Catalogue = readonly CatalogueEntry[]

/** The lists of uses that stand in options, each with its path below them. What is no list there is left to the schema. */
export function findNestedLists(
  lists: readonly string[] | undefined,
  options: unknown,
): { readonly path: (string | number)[]; readonly uses: readonly PolicyUse[] }[] {
  if (lists === undefined) return []
  return lists.flatMap((list) => {
    let found: { path: (string | number)[]; value: unknown }[] = [{ path: [], value: options }]
    for (const step of list.split('.')) found = found.flatMap((place) => [...stepInto(place, step)])
    return found
      .filter(({ value }) => isUseList(value))
      .map(({ path, value }) => ({ path, uses: value as PolicyUse[] }))
  })
}

function* stepInto(
  { path, value }: { path: (string | number)[]; value: unknown },
  step: string,
): Generator<{ path: (string | number)[]; value: unknown }> {
  if (typeof value !== 'object' || value === null) return
  if (step !== '*') yield { path: [...path, step], value: (value as Record<string, unknown>)[step] }
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield { path: [...path, index], value: item }
}

function isUseList(value: unknown): boolean {
  const isUse = (item: unknown): boolean =>
    typeof item === 'object' && item !== null && typeof (item as { policy?: unknown }).policy === 'string'
  return Array.isArray(value) && value.every(isUse)
}

/** Stands in lists like a policy, and is none: each caller's plan has policies of its own. */
export const PLAN_SLOT = { name: 'plan', phase: 'limit' } as const

/** Where in a route's list the policies of its caller's plan run. `isSaid`: `{ policy: plan }` stands there, and gives way to them. */
export interface PlanPlace {
  readonly at: number
  readonly isSaid: boolean
}

/** As the list says, else right behind the last that authenticates: whoever is known by then has the plan that counts. undefined: nobody is ever known. */
export function findPlanPlace(
  uses: readonly { readonly name: string; readonly phase: PolicyPhase | undefined }[],
): PlanPlace | undefined {
  const said = uses.findIndex(({ name }) => name === PLAN_SLOT.name)
  if (said >= 0) return { at: said, isSaid: true }
  const last = uses.findLastIndex(({ phase }) => phase === 'authenticate')
  return last < 0 ? undefined : { at: last + 1, isSaid: false }
}

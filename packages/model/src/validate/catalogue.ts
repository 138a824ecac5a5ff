/** Owns what `validate` must know of policies, since the policies themselves stand on the floor above. */
import type { z } from 'zod'

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
export type PolicyNeed = 'app-keys' | 'client-certificates' | 'http2-upstream'

export interface CatalogueEntry {
  readonly name: string
  readonly phase: PolicyPhase
  readonly options: z.ZodType
  readonly summary?: string
  /** Does it answer itself, so that its route needs no upstream? */
  readonly answers?: boolean
  readonly needs?: PolicyNeed
}

export type Catalogue = readonly CatalogueEntry[]

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

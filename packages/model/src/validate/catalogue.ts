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

export interface CatalogueEntry {
  readonly name: string
  readonly phase: PolicyPhase
  readonly options: z.ZodType
  readonly summary?: string
  /** Does it answer itself, so that its route needs no upstream? */
  readonly answers?: boolean
}

export type Catalogue = readonly CatalogueEntry[]

/** Stands in lists like a policy, and is none: each caller's plan has policies of its own. */
export const PLAN_SLOT = { name: 'plan', phase: 'limit' } as const

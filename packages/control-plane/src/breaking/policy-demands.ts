/** Owns which policies of a route ask something of its callers, and which of them ask for more than others did. */
import type { PolicyUse } from '@gatewright/model'
import { BUILT_IN_POLICIES } from '@gatewright/policies'

/** Something that is asked for before a request passes. */
export interface PolicyDemand {
  readonly use: PolicyUse
  /** Names of policies: one of these ways is enough. */
  readonly ways: ReadonlySet<string>
}

const PHASES = new Map<string, string>(BUILT_IN_POLICIES.map(({ name, phase }) => [name, phase]))
/** They refuse callers, and their phase is one of others that do not. */
const REFUSING = new Set(['ip-filter', 'geo', 'csrf'])

export function listDemands(policies: readonly PolicyUse[]): PolicyDemand[] {
  return policies
    .filter((use) => use.enabled !== false && isDemand(use))
    .map((use) => ({ use, ways: new Set(listWays(use)) }))
}

function isDemand({ policy, options }: PolicyUse): boolean {
  const phase = PHASES.get(policy)
  if (phase === 'authenticate') return (options as { anonymous?: unknown } | undefined)?.anonymous !== true
  return phase === 'authorize' || REFUSING.has(policy)
}

/** `any-of` is as many ways as it lists. */
function listWays({ policy, options }: PolicyUse): string[] {
  const { policies } = (options ?? {}) as { policies?: unknown }
  if (policy !== 'any-of' || !Array.isArray(policies)) return [policy]
  return policies.map((use: { policy?: unknown }) => String(use.policy))
}

/** Those of `now` that whoever met all of `before` may not meet. */
export function findNewDemands(before: readonly PolicyDemand[], now: readonly PolicyDemand[]): PolicyDemand[] {
  return now.filter((demand) => !before.some((known) => isMetBy(demand, known)))
}

function isMetBy(demand: PolicyDemand, known: PolicyDemand): boolean {
  const isAlways = known.use.when === undefined || known.use.when === demand.use.when
  return isAlways && [...known.ways].every((way) => demand.ways.has(way))
}

/** Owns the way from a policy that could not be made to the lines that ask for it. */
import type { Finding, GatewayModel, Path, Plan, PolicyUse, Sources } from '@gatewright/model'
import { findNestedLists, findOverridden, toContentHash, toPlanVariant } from '@gatewright/model/runtime'
import type { PolicyDefinition } from '@gatewright/policies'

/** What crosses from a thread to main of a `PolicyFault`. */
interface ToldFault {
  readonly message: string
  readonly use?: PolicyUse | undefined
}

/**
 * Everywhere that this use stands: where it says the same, it fails the same. A thread knows no files and main makes no policy,
 * because one that never returns would hold it: the words are what both have. None where no use is named.
 */
export function placePolicyFault(fault: ToldFault, model: GatewayModel, sources: Sources): Finding[] {
  const { use: faulty } = fault
  if (faulty === undefined) return []
  return [...listUses(model)].flatMap(([path, use]) => {
    const at = findWithin(toContentHash(faulty), path, use)
    return at === undefined ? [] : [toFinding(fault, at, sources)]
  })
}

/** Where the faulty use stands: this one, or one in its options. */
export function locate({ use: faulty }: ToldFault, path: Path, use: PolicyUse): Path {
  return (faulty === undefined ? undefined : findWithin(toContentHash(faulty), path, use)) ?? path
}

/** Whose options hold lists of uses is the catalogue's to know; what has the same content fails the same, wherever it stands. */
function findWithin(hash: string, path: Path, value: unknown): Path | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (typeof (value as { policy?: unknown }).policy === 'string' && toContentHash(value) === hash) return path
  for (const [name, member] of Object.entries(value)) {
    const found = findWithin(hash, [...path, Array.isArray(value) ? Number(name) : name], member)
    if (found !== undefined) return found
  }
  return undefined
}

export function toFinding({ message }: ToldFault, path: Path, sources: Sources): Finding {
  // Whatever of its options it speaks of.
  return sources.hideIn({ severity: 'fault', code: 'policy-failed', message, at: sources.find(path) }, path)
}

/** What runs: uses of the gateway, of plans, of APIs with their releases and routes. */
export function* listUses({
  policies,
  plans,
  apis,
}: Pick<GatewayModel, 'policies' | 'plans' | 'apis'>): Generator<[Path, PolicyUse]> {
  yield* placeUses(policies, [])
  for (const [index, plan] of plans.entries()) {
    yield* placeUses(plan.policies, ['plans', index])
    yield* placeOverridden(plan, ['plans', index, 'overrides'])
  }
  for (const [index, api] of apis.entries()) {
    if (api.enabled === false) continue
    yield* placeUses(api.policies, ['apis', index])
    for (const [at, release] of api.releases.entries()) {
      yield* placeUses(release.policies, ['apis', index, 'releases', at])
      for (const [position, route] of release.routes.entries()) {
        if (route.enabled === false) continue
        yield* placeUses(route.policies, ['apis', index, 'releases', at, 'routes', position])
      }
    }
  }
}

/** What is different for apps, where they say it. */
function* placeOverridden(plan: Plan, above: Path): Generator<[Path, PolicyUse]> {
  for (const [app, overrides] of Object.entries(plan.overrides ?? {})) {
    const variant = toPlanVariant(plan, app)
    for (const name of Object.keys(overrides)) {
      for (const use of findOverridden(plan.policies, name)) {
        const own = variant[plan.policies.indexOf(use)]
        if (own !== undefined && own.enabled !== false) yield [[...above, app, name], own]
      }
    }
  }
}

/** This use, and those in its options. */
export function* withNested(
  definitions: ReadonlyMap<string, Pick<PolicyDefinition, 'lists'>>,
  path: Path,
  use: PolicyUse,
): Generator<[Path, PolicyUse]> {
  yield [path, use]
  for (const nested of findNestedLists(definitions.get(use.policy)?.lists, use.options)) {
    for (const [index, inner] of nested.uses.entries()) {
      yield* withNested(definitions, [...path, 'options', ...nested.path, index], inner)
    }
  }
}

function* placeUses(uses: readonly PolicyUse[], above: Path): Generator<[Path, PolicyUse]> {
  for (const [index, use] of uses.entries()) {
    if (use.enabled !== false) yield [[...above, 'policies', index], use]
  }
}

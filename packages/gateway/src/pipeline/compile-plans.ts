/** Owns the compiling of plans, in slices: each once, whatever routes it stands in, and once more for each app that has something different. */
import { isDeepStrictEqual } from 'node:util'
import { type Plan, type PolicyUse, toPlanVariant } from '@gatewright/model/runtime'
import { findHeldFields, type HeldFields, HeldFieldsOfAll } from '../snapshot/held-fields.ts'
import { compileUses, type PlacedUse, type UseContext } from './compile-uses.ts'

export interface CompiledPlan {
  readonly hash: string
  readonly model: Plan
  readonly uses: readonly PlacedUse[]
  /** By app; absent where no app has anything different. */
  readonly variants: ReadonlyMap<string, readonly PlacedUse[]> | undefined
  /** By API, the routes that it opens, or all of them; absent: it opens everything. */
  readonly opened: ReadonlyMap<string, ReadonlySet<string> | 'all'> | undefined
  readonly heldFields: HeldFields
}

export type CompiledPlans = ReadonlyMap<string, CompiledPlan>

interface HashedPlan {
  readonly plan: Plan
  readonly hash: string
}

/** `former`: those before, if they were compiled in the same context. The same object where none has changed. */
export function* compilePlans(
  plans: readonly HashedPlan[],
  context: UseContext,
  former: CompiledPlans | undefined,
): Generator<void, CompiledPlans> {
  const compiled = new Map<string, CompiledPlan>()
  for (const { plan, hash } of plans) {
    const kept = former?.get(plan.id)
    compiled.set(plan.id, kept?.hash === hash ? kept : yield* compilePlan({ plan, hash }, context, kept))
    yield
  }
  const isSame =
    former?.size === compiled.size && plans.every(({ plan: { id } }) => former.get(id) === compiled.get(id))
  return isSame ? former : compiled
}

function* compilePlan(
  { plan, hash }: HashedPlan,
  context: UseContext,
  former: CompiledPlan | undefined,
): Generator<void, CompiledPlan> {
  const { id, policies, overrides = {} } = plan
  const kept = former !== undefined && isDeepStrictEqual(former.model.policies, policies) ? former : undefined
  const uses = kept?.uses ?? compileUses(policies, `plan ${id}`, context)
  const running = policies.filter(({ enabled }) => enabled !== false)
  const shared = new Map<PolicyUse, PlacedUse>()
  for (const [index, use] of uses.entries()) {
    const policy = running[index]
    if (policy !== undefined) shared.set(policy, use)
  }
  const variants = new Map<string, readonly PlacedUse[]>()
  const heldFields = new HeldFieldsOfAll()
  heldFields.add(findHeldFields(policies, context.catalogue))
  for (const app of Object.keys(overrides)) {
    const variant = toPlanVariant(plan, app)
    const own = variant.filter((use, index) => use !== policies[index])
    heldFields.add(findHeldFields(own, context.catalogue))
    const same = isDeepStrictEqual(kept?.model.overrides?.[app], overrides[app]) ? kept?.variants?.get(app) : undefined
    variants.set(app, same ?? compileUses(variant, `plan ${id} of ${app}`, { ...context, shared }))
    yield
  }
  return {
    ...{ hash, model: plan, uses, heldFields, opened: toOpened(plan) },
    variants: variants.size === 0 ? undefined : variants,
  }
}

function toOpened({ apis }: Plan): CompiledPlan['opened'] {
  if (apis === undefined) return undefined
  const opened = new Map<string, Set<string> | 'all'>()
  for (const { api, routes } of apis) {
    const before = opened.get(api)
    if (routes === undefined || before === 'all') opened.set(api, 'all')
    else opened.set(api, new Set([...(before ?? []), ...routes]))
  }
  return opened
}

/** Owns the step from policy uses, which are data, to policies that run: parsed options, compiled conditions, state that survives. */
import { compileCondition } from '@gatewright/expressions'
import { findNestedLists, PLAN_SLOT, type PolicyUse } from '@gatewright/model/runtime'
import {
  CEL_NAMES,
  type Exchange,
  type NestedUse,
  type NestedUses,
  type Next,
  type Phase,
  type Policy,
  type PolicyDefinition,
  type PolicyServices,
  Problem,
  toCelScope,
  type UsedPlace,
} from '@gatewright/policies'
import { type CompiledUse, compose } from './compose.ts'
import { PolicyFault } from './policy-fault.ts'

export interface UseContext {
  readonly catalogue: ReadonlyMap<string, PolicyDefinition>
  /** What does not depend on the use. */
  readonly services: Omit<PolicyServices, 'useId' | 'uses'>
  /** Uses that run in another list already, and in this one too. */
  readonly shared?: ReadonlyMap<PolicyUse, PlacedUse>
}

export interface PlacedUse extends CompiledUse {
  readonly phase: Phase
}

/** Compiles one list. `scope` names it (`global`, an API, a route): with the ordinal it says whose counters are whose. @throws PolicyFault */
export function compileUses(
  uses: readonly PolicyUse[],
  scope: string,
  { catalogue, services, shared }: UseContext,
): PlacedUse[] {
  const ordinals = new Map<string, number>()
  const compiled: PlacedUse[] = []
  for (const use of uses) {
    const ordinal = ordinals.get(use.policy) ?? 0
    ordinals.set(use.policy, ordinal + 1)
    if (use.enabled === false) continue
    const sharedUse = shared?.get(use)
    if (sharedUse !== undefined) {
      compiled.push(sharedUse)
      continue
    }
    const when = use.when === undefined ? undefined : compileWhen(use.when, services.variables)
    if (use.policy === PLAN_SLOT.name) {
      // What runs here is each route's own: whoever folds the list puts it in.
      compiled.push({
        name: PLAN_SLOT.name,
        phase: PLAN_SLOT.phase,
        run: (exchange, next) => next(exchange),
        when,
        id: use.id,
      })
      continue
    }
    const definition = catalogue.get(use.policy)
    if (definition === undefined) throw new Error(`there is no policy "${use.policy}" (${scope})`)
    const useId = use.id ?? `${scope}/${use.policy}/${ordinal}`
    const uses = createNestedUses(useId, { catalogue, services })
    const run = createPolicy(definition, use, { ...services, uses, useId })
    compiled.push({ name: use.policy, phase: definition.phase, run, when, id: use.id })
  }
  return compiled
}

/** Of the use with this id. */
export function createNestedUses(useId: string, context: UseContext): NestedUses {
  let lists = 0
  return {
    compile(uses) {
      const compiled = compileUses(uses.map(toPolicyUse), lists === 0 ? useId : `${useId}/${lists}`, context)
      lists += 1
      return toPolicy(compiled)
    },
    compileWhen: ({ when }) => (when === undefined ? undefined : compileWhen(when, context.services.variables)),
    findCredentialPlaces: (use) => findCredentialPlaces(toPolicyUse(use), context.catalogue),
  }
}

/** Of a use, and of those in its options; one that is switched off looks nowhere. */
function findCredentialPlaces(
  { policy, options, enabled }: PolicyUse,
  catalogue: ReadonlyMap<string, PolicyDefinition>,
): readonly UsedPlace[] {
  const definition = catalogue.get(policy)
  if (definition === undefined || enabled === false) return []
  const own = definition.credentialPlaces?.(definition.options.parse(options ?? {})) ?? []
  const nested = findNestedLists(definition.lists, options).flatMap(({ uses }) => uses)
  return [...own, ...nested.flatMap((use) => findCredentialPlaces(use, catalogue))]
}

function toPolicyUse({ policy, options, when, enabled, id }: NestedUse): PolicyUse {
  return {
    policy,
    options,
    ...(when !== undefined && { when }),
    ...(enabled !== undefined && { enabled }),
    ...(id !== undefined && { id }),
  }
}

/** Folded once for each `next`: a policy hands on the same one with every request. */
function toPolicy(uses: readonly CompiledUse[]): Policy {
  const folded = new WeakMap<Next, Next>()
  return (exchange, next) => {
    let run = folded.get(next)
    if (run === undefined) {
      run = compose(uses, next)
      folded.set(next, run)
    }
    return run(exchange)
  }
}

/** @throws PolicyFault */
export function createPolicy(definition: PolicyDefinition, use: PolicyUse, services: PolicyServices): Policy {
  try {
    const policy: unknown = definition.create(definition.options.parse(use.options ?? {}), services)
    if (typeof policy === 'function') return policy as Policy
    // Plain JavaScript may return anything; found later, it would be every request's failure.
    throw new TypeError(`its \`create\` returns ${toWhat(policy)}: return a function that takes (exchange, next)`)
  } catch (error) {
    // One that stands in the options of another says it for itself.
    throw error instanceof PolicyFault ? error : new PolicyFault(use, error)
  }
}

function toWhat(value: unknown): string {
  if (value instanceof Promise) return 'a promise'
  if (value === undefined || value === null) return 'nothing'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** `true` runs the use and `false` skips it; what is neither, as what fails, is a problem. */
function compileWhen(source: string, variables: Readonly<Record<string, string>>): (exchange: Exchange) => boolean {
  const condition = compileCondition(source, { names: CEL_NAMES })
  return (exchange) => {
    try {
      return condition(toCelScope(exchange, { variables }))
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause)
      throw new Problem('expression-failed', { cause, reason: `when: ${words}` })
    }
  }
}

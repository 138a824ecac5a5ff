/** Owns the place where a plan's policies run: `{ policy: plan }` in a route's list, and the callers that it needs. */
import type { Path } from '../finding.ts'
import type { Api, PolicyUse, Release } from '../gateway-model.ts'
import { PLAN_SLOT } from './catalogue.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
import type { Validation } from './validation.ts'

/** `uses` is the whole list of one route, from the global one to its own. */
export function validatePlanSlot(validation: Validation, uses: readonly PlacedUse[]): void {
  const at = uses.findIndex(isSlot)
  const slot = uses[at]
  if (slot === undefined) return
  for (const { path } of uses.slice(at + 1).filter(isSlot)) {
    validation.fault(path, {
      code: 'second-plan-slot',
      message: `The policies of a plan run once, and their place stands in ${validation.placeText(slot.path)} already.`,
      suggestion: 'Remove one of the two.',
    })
  }
  if (uses.slice(0, at).some((placed) => mayAuthenticate(validation, placed))) return
  const behind = uses.slice(at + 1).find((placed) => mayAuthenticate(validation, placed))
  validation.fault(slot.path, {
    code: 'plan-without-caller',
    message:
      behind === undefined
        ? 'Callers have plans, and nothing before this place authenticates one.'
        : `The policies of a plan would run before "${behind.use.policy}" (${validation.placeText(behind.path)}): nobody is known yet.`,
    suggestion:
      behind === undefined
        ? 'Put a policy that authenticates, such as `key-auth`, before it, or remove it.'
        : `Move it behind "${behind.use.policy}".`,
  })
}

/** A plan has no place in a plan. */
export function validatePlanPolicies(validation: Validation, uses: readonly PlacedUse[]): void {
  for (const { path } of uses.filter(isSlot)) {
    validation.fault(path, {
      code: 'plan-in-plan',
      message: 'A plan cannot run plans: this place stands in the lists of routes, APIs and the gateway.',
      suggestion: 'Remove it.',
    })
  }
}

/** Of what a plan opens: where nobody could have it. */
export function validateOpened(
  validation: Validation,
  opened: { readonly api: Api; readonly routes: readonly string[] | undefined },
  path: Path,
): void {
  const { api, routes } = opened
  if (authenticatesAlways(validation, api)) return
  const suggestion = 'Add a policy that authenticates, such as `key-auth`, or take it out of the plan.'
  if (routes === undefined) {
    validateKnowsCallers(validation, api, { path: [...path, 'api'], suggestion })
    return
  }
  const live = listCallers(validation, api)
  for (const [position, route] of routes.entries()) {
    if (live.get(route) !== false) continue
    const message = `The route "${route}" authenticates nobody, so none of its callers has a plan.`
    validation.fault([...path, 'routes', position], { code: 'plan-without-caller', message, suggestion })
  }
}

/** Of an API that somebody has a plan for. */
export function validateKnowsCallers(
  validation: Validation,
  api: Api,
  { path, suggestion }: { readonly path: Path; readonly suggestion: string },
): void {
  const live = listCallers(validation, api)
  if (live.size === 0 || [...live.values()].includes(true)) return
  const message = `No route of the API "${api.id}" authenticates, so none of its callers has a plan.`
  validation.fault(path, { code: 'plan-without-caller', message, suggestion })
}

/** Whichever of its routes is asked for. */
function authenticatesAlways(validation: Validation, api: Api): boolean {
  return api.releases.every((release) => mayKnowCallers(validation, toOuter(validation, api, release)))
}

/** Id of each live route → may it authenticate? */
function listCallers(validation: Validation, api: Api): Map<string, boolean> {
  const callers = new Map<string, boolean>()
  if (api.enabled === false) return callers
  for (const release of api.releases) {
    const isKnown = mayKnowCallers(validation, toOuter(validation, api, release))
    for (const { id, policies, enabled } of release.routes) {
      if (enabled !== false) callers.set(id, isKnown || mayKnowCallers(validation, policies))
    }
  }
  return callers
}

function toOuter({ model }: Validation, api: Api, release: Release): readonly PolicyUse[] {
  return [...model.policies, ...api.policies, ...release.policies]
}

function mayKnowCallers(validation: Validation, uses: readonly PolicyUse[]): boolean {
  return placeUses(uses, []).some((placed) => mayAuthenticate(validation, placed))
}

function isSlot({ use }: PlacedUse): boolean {
  return use.policy === PLAN_SLOT.name
}

/** A policy that is not known has a fault of its own. */
function mayAuthenticate({ entries }: Validation, { use }: PlacedUse): boolean {
  const entry = entries.get(use.policy)
  return entry === undefined || entry.phase === 'authenticate'
}

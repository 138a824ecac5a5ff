/** Owns the step from plans of a file to those that run: each with what apps have different of it, at the apps' own lines. */
import { suggestName } from '../closest.ts'
import type { Plan, PlanId, PlanOverrides } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { pickPresent } from './pick-present.ts'
import { linkPart, type ResolveContext, reportFault } from './resolution.ts'

export function resolvePlans(context: ResolveContext): Plan[] {
  const overrides = collectOverrides(context)
  return context.file.plans.map((plan) => toPlan(plan, overrides.get(plan.id)))
}

function toPlan(
  plan: GatewrightFile['plans'][number],
  overrides: ReadonlyMap<string, PlanOverrides> | undefined,
): Plan {
  return {
    id: plan.id as PlanId,
    ...pickPresent(plan, 'title', 'description', 'tags', 'owner', 'enabled'),
    policies: plan.policies,
    ...(plan.apis === undefined ? {} : { apis: plan.apis as unknown as NonNullable<Plan['apis']> }),
    ...(overrides === undefined ? {} : { overrides: Object.fromEntries(overrides) }),
  }
}

/** What plans say themselves, of apps that are kept elsewhere. */
function collectOwnOverrides(context: ResolveContext): Map<string, Map<string, PlanOverrides>> {
  const collected = new Map<string, Map<string, PlanOverrides>>()
  for (const [index, { id, overrides }] of context.file.plans.entries()) {
    if (overrides === undefined) continue
    collected.set(id, new Map(Object.entries(overrides)))
    for (const [app, uses] of Object.entries(overrides)) {
      const path = ['plans', index, 'overrides', app]
      for (const name of Object.keys(uses)) linkPart(context, [...path, name, 'options'], [...path, name])
    }
  }
  return collected
}

/** By plan, then by app. */
function collectOverrides(context: ResolveContext): Map<string, Map<string, PlanOverrides>> {
  const { plans, apps } = context.file
  const places = new Map(plans.map(({ id }, index) => [id, index]))
  const collected = collectOwnOverrides(context)
  for (const [index, { id: app, overrides = {} }] of apps.entries()) {
    for (const [plan, uses] of Object.entries(overrides)) {
      const path = ['apps', index, 'overrides', plan]
      const place = places.get(plan)
      if (place === undefined) {
        reportUnknown(context, plan, path)
        continue
      }
      const ofPlan = collected.get(plan) ?? new Map<string, PlanOverrides>()
      collected.set(plan, ofPlan.set(app, { ...ofPlan.get(app), ...uses }))
      const modelPath = ['plans', place, 'overrides', app]
      if (!saysItself(plans[place], app)) linkPart(context, modelPath, path)
      // As a use has them, for whoever looks into one.
      for (const name of Object.keys(uses)) {
        linkPart(context, [...modelPath, name], [...path, name])
        linkPart(context, [...modelPath, name, 'options'], [...path, name])
      }
    }
  }
  return collected
}

function saysItself(plan: GatewrightFile['plans'][number] | undefined, app: string): boolean {
  return plan?.overrides !== undefined && Object.hasOwn(plan.overrides, app)
}

function reportUnknown(context: ResolveContext, plan: string, path: readonly (string | number)[]): void {
  const { sources, file } = context
  if (sources.isIncomplete || sources.lostIds.has(plan)) return
  const known = file.plans.map(({ id }) => id)
  reportFault(context, path, {
    code: 'unknown-plan',
    message: `There is no plan "${plan}".`,
    suggestion: suggestName(plan, known, 'Plans') ?? 'Add it to `plans`.',
  })
}

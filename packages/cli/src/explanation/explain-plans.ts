/** Owns what an explanation says of plans: which of them open the route, and what each of them runs there. */
import type { GatewayModel, Plan, Sources } from '@gatewright/model'
import { type PlacedRoute, toPlaceText } from '../route-uses.ts'

export interface ExplainedPlan {
  readonly plan: string
  readonly verdict: 'opens' | 'closed' | 'disabled'
  /** Names of its policies that run, in order; none where it does not open the route. */
  readonly policies: readonly string[]
  /** Apps for which something of it is different. */
  readonly differsFor: readonly string[]
  readonly at: string
}

/** Of a route where plans count. */
export function explainPlans({ plans }: GatewayModel, placed: PlacedRoute, sources: Sources): ExplainedPlan[] {
  return plans.map((plan, index) => {
    const verdict = judgePlan(plan, placed)
    const running = plan.policies.filter(({ enabled }) => enabled !== false)
    return {
      plan: plan.id,
      verdict,
      policies:
        verdict === 'opens' ? running.map(({ policy, id }) => (id === undefined ? policy : `${policy} (${id})`)) : [],
      differsFor: verdict === 'opens' ? Object.keys(plan.overrides ?? {}) : [],
      at: toPlaceText(sources.find(['plans', index])),
    }
  })
}

function judgePlan({ enabled, apis }: Plan, { api, route }: PlacedRoute): ExplainedPlan['verdict'] {
  if (enabled === false) return 'disabled'
  const isOpen = apis?.some((opened) => opened.api === api.id && (opened.routes?.includes(route.id) ?? true))
  return isOpen === false ? 'closed' : 'opens'
}

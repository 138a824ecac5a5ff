/** Owns which APIs a subscription is for: what is sold, as far as the plan opens it. Pure. */
import type { PlanBody } from '../plans/plan-body.ts'

/** What may be subscribed to, and what of it a plan sells. Ids are of the team that sells. */
export interface Offer {
  readonly apis: readonly string[]
  readonly plan: Pick<PlanBody, 'apis'>
}

/** A product with a small plan and a large one sells fewer APIs on the small one: each id once. */
export function listCoveredApis({ apis, plan }: Offer): string[] {
  const sold = new Set(apis)
  if (plan.apis === undefined) return [...sold]
  return [...new Set(plan.apis.map(({ api }) => api))].filter((api) => sold.has(api))
}

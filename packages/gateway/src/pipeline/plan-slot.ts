/** Owns the place of plans in a pipeline: right after the last authenticate use, the caller's plan's own policies run. */
import type { Next, Policy } from '@gatewright/policies'
import type { CompiledUse } from './compose.ts'

export type CompiledPlans = ReadonlyMap<string, readonly CompiledUse[]>

/** Each plan is compiled once and stands in every route; the pipeline of a plan and a route is folded when they first meet. */
export function createPlanSlot(plans: CompiledPlans, fold: (uses: readonly CompiledUse[], next: Next) => Next): Policy {
  const folded = new Map<string, Next>()
  return function plan(exchange, next) {
    const name = exchange.caller?.plan
    if (name === undefined) return next(exchange)
    let run = folded.get(name)
    if (run === undefined) {
      const uses = plans.get(name)
      run = uses === undefined || uses.length === 0 ? next : fold(uses, next)
      folded.set(name, run)
    }
    return run(exchange)
  }
}

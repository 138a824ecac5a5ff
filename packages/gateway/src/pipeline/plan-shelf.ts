/** Owns the plans that count on a thread now: they change under routes that stay, as the credentials do that name them. */
import type { CompiledPlan, CompiledPlans } from './compile-plans.ts'

export class PlanShelf {
  #plans: CompiledPlans = new Map()
  #former: CompiledPlans = this.#plans
  #replacedAtMs = 0

  /** Another object once they have changed. */
  get plans(): CompiledPlans {
    return this.#plans
  }

  replace(plans: CompiledPlans, nowMs: number): void {
    if (plans === this.#plans) return
    this.#former = this.#plans
    this.#plans = plans
    this.#replacedAtMs = nowMs
  }

  /** A plan that is gone: for a request that had it before that, which is nobody's mistake. */
  findFormer(name: string, receivedAtMs: number): CompiledPlan | undefined {
    return receivedAtMs <= this.#replacedAtMs ? this.#former.get(name) : undefined
  }
}

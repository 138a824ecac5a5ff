/** Owns the place of plans in a pipeline: whether the caller's plan opens the route, and the plan's own policies around the rest. */
import { type Exchange, type Next, type Policy, Problem } from '@gatewright/policies'
import type { CompiledPlan } from './compile-plans.ts'
import type { CompiledUse } from './compose.ts'
import type { PlanShelf } from './plan-shelf.ts'

type Fold = (uses: readonly CompiledUse[], next: Next) => Next

/** A plan where it meets the routes of one API. */
interface Meeting {
  readonly plan: CompiledPlan
  readonly run: Next
  /** Only these routes; absent: all of them. */
  readonly routes: ReadonlySet<string> | undefined
  /** By app, for those with something different that called. */
  readonly own: Map<string, Next>
}

/** Each plan is compiled once and stands in every route; the pipeline of a plan and a route is folded when they first meet. */
export function createPlanSlot(shelf: PlanShelf, api: string, fold: Fold): Policy {
  const meetings = new Map<string, Meeting>()
  let known = shelf.plans
  return function plan(exchange, next) {
    const { caller } = exchange
    const name = caller?.plan
    if (name === undefined) return next(exchange)
    if (shelf.plans !== known) {
      meetings.clear()
      known = shelf.plans
    }
    let meeting = meetings.get(name)
    if (meeting === undefined) {
      const found = known.get(name)
      meeting = meet(found ?? getFormer(shelf, name, exchange), { api, fold, next })
      // What was never there is remembered nowhere: callers may say it.
      if (found !== undefined) meetings.set(name, meeting)
    }
    const { run, routes, plan } = meeting
    if (routes !== undefined && !routes.has(exchange.route.route))
      throw toRefusal(plan, `this route of the API "${api}"`)
    const app = caller?.app
    const uses = app === undefined ? undefined : plan.variants?.get(app)
    if (app === undefined || uses === undefined) return run(exchange)
    let own = meeting.own.get(app)
    if (own === undefined) {
      own = uses.length === 0 ? next : fold(uses, next)
      meeting.own.set(app, own)
    }
    return own(exchange)
  }
}

interface Place {
  readonly api: string
  readonly fold: Fold
  readonly next: Next
}

function meet(plan: CompiledPlan, { api, fold, next }: Place): Meeting {
  const { uses, opened, model } = plan
  const routes = opened === undefined ? 'all' : opened.get(api)
  if (model.enabled === false) return toClosed(plan, DISABLED)
  if (routes === undefined) return toClosed(plan, toRefusal(plan, `the API "${api}"`))
  const run = uses.length === 0 ? next : fold(uses, next)
  return { plan, run, routes: routes === 'all' ? undefined : routes, own: new Map() }
}

/** It refuses, whatever is different for an app. */
function toClosed(plan: CompiledPlan, problem: Problem): Meeting {
  const refuse: Next = () => {
    throw problem
  }
  return { plan: { ...plan, variants: undefined }, run: refuse, routes: undefined, own: new Map() }
}

/** @throws Problem where there never was one */
function getFormer(shelf: PlanShelf, name: string, { receivedAtMs }: Exchange): CompiledPlan {
  const plan = shelf.findFormer(name, receivedAtMs)
  if (plan === undefined) throw UNKNOWN
  return plan
}

const DISABLED = new Problem('plan-denied', {
  detail: 'Your plan is switched off. Ask the owner of this API for another one.',
  reason: 'plan-disabled',
})

const UNKNOWN = new Problem('plan-denied', {
  detail: 'Your plan is none that this gateway has. Ask the owner of this API for another one.',
  reason: 'plan-unknown',
})

function toRefusal({ model: { id, title = id } }: CompiledPlan, what: string): Problem {
  return new Problem('plan-denied', {
    detail: `Your plan "${title}" does not open ${what}. Ask its owner for a plan that does.`,
    reason: 'plan-closed',
  })
}

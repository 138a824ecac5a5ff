/** Owns moving subscriptions from an API to the one that comes after it: what becomes of each of them, and doing it. */
import type { PlanBody } from '../plans/plan-body.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { listCoveredApis } from './covered-apis.ts'
import { type Subscription, SubscriptionFault } from './subscription.ts'
import {
  findCovering,
  findSubscription,
  listSubscriptions,
  recordStep,
  replaceSubscription,
  stepSubscription,
} from './subscription-store.ts'

export interface Move {
  readonly from: Resource
  readonly to: Resource
  /** For those whose own plan does not open `to`. */
  readonly plan: Resource | undefined
}

/** What becomes of a subscription. */
export interface PlannedMove {
  readonly before: Subscription
  readonly app: Resource | undefined
  /** What it is to be on, or what takes its place is on. */
  readonly plan: Resource | undefined
  /** `stays`: the app has one to the next API that gives less. */
  readonly outcome: 'moves' | 'ends' | 'stays'
  /** What takes its place, or is in its way. */
  readonly other: Subscription | undefined
  /** Of callers of the API that it was for. */
  readonly note: string | undefined
}

/**
 * Of subscriptions to the API itself, in the state that they are in; those to products follow what these sell.
 * @rejects SubscriptionFault `plan` where neither its own plan nor the one that was named opens the next API: then none moves
 */
export async function planMoves(db: Moment, { from, to, plan: named }: Move): Promise<readonly PlannedMove[]> {
  assertPlan(to, named)
  const planned: PlannedMove[] = []
  for (const before of await listSubscriptions(db, { api: from.uid, isLive: true })) {
    const found = await findResources(db, [before.plan, before.app])
    const app = found.get(before.app)
    const own = found.get(before.plan)
    const other = await findCovering(db, { app: before.app, covered: [`${to.team}/${to.id}`], except: before.uid })
    if (other !== undefined) {
      planned.push(await planBeside(db, { before, app, own, other, from }))
      continue
    }
    const plan = opens(own, to) ? own : named
    if (plan === undefined) throw toPlanFault(to, own)
    planned.push({ before, app, plan, outcome: 'moves', other: undefined, note: toNote(from, { before, plan }) })
  }
  return planned
}

interface Beside {
  readonly before: Subscription
  readonly app: Resource | undefined
  readonly own: Resource | undefined
  readonly other: Subscription
  readonly from: Resource
}

/** An app has one subscription to an API: this one goes, where the other one gives as much. */
async function planBeside(db: Moment, { before, app, own, other, from }: Beside): Promise<PlannedMove> {
  if (toWorth(other) < toWorth(before)) {
    const note = `The app has another one already, ${other.uid}, which is ${other.state}: see to that one, and move again.`
    return { before, app, plan: own, outcome: 'stays', other, note }
  }
  const plan = (await findResources(db, [other.plan])).get(other.plan)
  return { before, app, plan, outcome: 'ends', other, note: toNote(from, { before, plan }) }
}

/** What waits for approval changes nothing, and what is suspended at least waits for nobody. */
function toWorth({ state }: Subscription): number {
  if (state === 'active') return 2
  return state === 'suspended' ? 1 : 0
}

/** Undefined: callers notice nothing. */
function toNote(from: Resource, { before, plan }: Pick<PlannedMove, 'before' | 'plan'>): string | undefined {
  if (before.state !== 'active' || opens(plan, from)) return undefined
  return `Its app is refused by "${from.id}" from now on: the plan "${plan?.id}" does not open that one.`
}

/** Once and for all of them. */
export async function doMoves(doing: Doing, planned: readonly PlannedMove[], { from, to }: Move): Promise<void> {
  for (const { before, plan, outcome, other } of planned) {
    if (outcome === 'moves') {
      const target = { api: to.uid }
      const former = [...new Set([from.uid, ...(before.former ?? [])])].filter((uid) => uid !== to.uid)
      const made = { ...before, target, former, plan: plan?.uid ?? before.plan, sequence: doing.sequence }
      const changed = made.plan === before.plan ? '' : `, on the plan "${plan?.id}"`
      await replaceSubscription(doing, made)
      await recordStep(doing, made, { step: 'move', note: `from "${from.id}" to "${to.id}"${changed}` })
    }
    if (outcome !== 'ends' || other === undefined) continue
    await stepSubscription(doing, before.uid, { step: 'end', note: `replaced by ${other.uid}` })
    if (before.state !== 'active' || other.state !== 'active') continue
    const former = [...new Set([...(other.former ?? []), from.uid])]
    const made = { ...other, former, sequence: doing.sequence }
    await replaceSubscription(doing, made)
    await recordStep(doing, made, { step: 'move', note: `in the place of ${before.uid}, which was for "${from.id}"` })
  }
}

/** @throws SubscriptionFault */
function assertPlan(to: Resource, named: Resource | undefined): void {
  if (named !== undefined && !opens(named, to)) throw toPlanFault(to, named)
}

function toPlanFault(to: Resource, plan: Resource | undefined): SubscriptionFault {
  const message = `The plan "${plan?.id}" does not open "${to.id}": add it to the plan's \`apis\`, or name another "plan" that does.`
  return new SubscriptionFault('plan', message)
}

/** Of one team. */
export function opens(plan: Resource | undefined, { id }: Resource): boolean {
  return plan !== undefined && listCoveredApis({ apis: [id], plan: plan.body as PlanBody }).length > 0
}

/** Once they have. */
export async function findMoved(db: Moment, planned: readonly PlannedMove[]): Promise<readonly Subscription[]> {
  const moving = planned.filter(({ outcome }) => outcome === 'moves')
  const found = await Promise.all(moving.map(({ before }) => findSubscription(db, before.uid)))
  return found.filter((one) => one !== undefined)
}

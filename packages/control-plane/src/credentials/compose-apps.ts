/**
 * Owns the step from apps, keys and subscriptions to what gateways know of callers. Pure.
 *
 * A caller has one plan for an API (docs/adr/0023-plans-and-overrides.md), so of all that could give one, the first of these counts:
 *
 * 1. a subscription that is suspended: the app is refused there, whatever else it has;
 * 2. the key's own plan, where it opens the API;
 * 3. an active subscription to the API, then one to a product that sells it, the oldest first;
 * 4. a subscription to the API that has ended: the app is refused there, since it would have more than before;
 * 5. the key's own plan: it refuses where it does not open;
 * 6. none: the app is refused where a product sells the API.
 *
 * One that was moved counts for what it was for before as well: with its plan where that opens it, else like one that has ended.
 * What waits for approval changes nothing. Apps stand in no environment (`toSharedId` says why); their plans are for the environments
 * where the APIs are live.
 */
import type { App, AppId, Key, PlanChoice, PlanId } from '@gatewright/model'
import type { Key as KeptKey } from '../keys/key.ts'
import { SUSPENDED_PLAN, UNSUBSCRIBED_PLAN } from '../publish/compose-plans.ts'
import { toTeamKey } from '../publish/live-terms.ts'
import { compareIds, toSharedId } from '../publish/snapshot-id.ts'
import { listCoveredApis } from '../subscriptions/covered-apis.ts'
import { type Subscription, toTargetUid } from '../subscriptions/subscription.ts'
import type { CredentialsTerms, KnownPlan } from './credentials-terms.ts'

export interface KnownApp {
  readonly uid: string
  readonly team: string
  readonly id: string
  readonly title?: string
  readonly isEnabled: boolean
}

/** An app as gateways know it, and what its keys are made with. */
export interface ComposedApp {
  readonly app: Omit<App, 'keys'>
  /** Of one of its keys that has not ended. */
  composeKey(key: KeptKey): Key
}

/** `subscriptions`: all of the app's, whatever their state. */
export function composeApp(
  { team, title, isEnabled, ...known }: KnownApp,
  subscriptions: readonly Subscription[],
  terms: CredentialsTerms,
): ComposedApp {
  const id = toSharedId({ team, id: known.id }) as AppId
  const plans = toPlans(subscriptions, terms)
  const choice = terms.plans.size === 0 ? {} : toChoice(UNSUBSCRIBED_PLAN, [...plans.given, ...plans.refused])
  const switched = isEnabled ? {} : { enabled: false }
  const byPlan = new Map<string, PlanChoice>()
  const choose = (plan: string | undefined): PlanChoice => {
    if (plan === undefined) return choice
    const made = byPlan.get(plan) ?? toKeyChoice(plans, { plan: terms.plansByName.get(toTeamKey(team, plan)), terms })
    byPlan.set(plan, made)
    return made
  }
  return {
    app: { id, ...(title !== undefined && { title }), ...choice, ...switched },
    composeKey: ({ hash, plan, notBeforeMs, expiresAtMs }) => ({
      hash,
      app: id,
      ...choose(plan),
      ...(notBeforeMs !== undefined && { notBefore: notBeforeMs }),
      ...(expiresAtMs !== undefined && { expires: expiresAtMs }),
      ...switched,
    }),
  }
}

/** By what an API is called in the snapshot. */
interface AppPlans {
  readonly given: ReadonlyMap<string, string>
  /** Whatever else there is. */
  readonly refused: ReadonlyMap<string, string>
}

function toPlans(subscriptions: readonly Subscription[], terms: CredentialsTerms): AppPlans {
  const given = new Map<string, string>()
  const refused = new Map<string, string>()
  const sorted = subscriptions.toSorted(
    (a, b) => rank(a) - rank(b) || a.createdAtMs - b.createdAtMs || compareIds(a.uid, b.uid),
  )
  // What is first stays.
  const left: string[] = []
  for (const { state, target, plan: uid, former = [] } of sorted) {
    if (state === 'requested' || state === 'approved') continue
    // Where one to a product ended, the product closes its APIs, as long as it sells them.
    const offers = [...(state === 'ended' && 'product' in target ? [] : [toTargetUid(target)]), ...former]
    const plan = terms.plans.get(uid)
    const plans = state === 'suspended' ? refused : given
    const name = state === 'active' ? (plan?.name ?? SUSPENDED_PLAN) : SUSPENDED_PLAN
    for (const api of offers.flatMap((offer) => listNames(offer, plan, terms)))
      if (!plans.has(api)) plans.set(api, name)
    left.push(...former.flatMap((api) => listNames(api, undefined, terms)))
  }
  for (const api of left) if (!given.has(api)) given.set(api, SUSPENDED_PLAN)
  return { given, refused }
}

/** In which order they count. */
function rank({ state, target }: Subscription): number {
  if (state === 'ended') return 2
  return 'api' in target ? 0 : 1
}

/** `uid`: of a product or an API. */
function listNames(uid: string, plan: KnownPlan | undefined, terms: CredentialsTerms): string[] {
  const offer = terms.offers.get(uid)
  if (offer === undefined) return []
  // Of a plan that is gone nothing says what it would not have opened.
  const covered = listCoveredApis({ apis: offer.apis, plan: plan?.apis === undefined ? {} : { apis: [...plan.apis] } })
  return covered.flatMap((id) => terms.live.get(toTeamKey(offer.team, id)) ?? [])
}

/** A key with a plan that is gone is refused: nobody knows what it would have allowed. */
function toKeyChoice(
  { given, refused }: AppPlans,
  { plan, terms }: { readonly plan: KnownPlan | undefined; readonly terms: CredentialsTerms },
): PlanChoice {
  if (plan === undefined) return { plan: SUSPENDED_PLAN as PlanId }
  const opened = plan.apis && new Set(plan.apis.map(({ api }) => toTeamKey(plan.team, api)))
  const others = [...given].filter(([name]) => {
    const api = terms.byName.get(name)
    return api === undefined || !(opened?.has(toTeamKey(api.team, api.id)) ?? api.team === plan.team)
  })
  return toChoice(plan.name, [...others, ...refused])
}

/** Of two that say the same API, the later one counts. */
function toChoice(plan: string, plans: readonly (readonly [api: string, plan: string])[]): PlanChoice {
  const sorted = [...new Map(plans)].toSorted(([a], [b]) => compareIds(a, b))
  if (sorted.length === 0) return { plan: plan as PlanId }
  return { plan: plan as PlanId, plans: Object.fromEntries(sorted) as Record<string, PlanId> }
}

/** Owns the step from plans that are kept to those that gateways run: what of each is live, and what becomes of callers who have none. Pure and linear. */
import type { GatewrightFileInput, PolicyUse, WrittenUse } from '@gatewright/model'
import { findOverridden } from '@gatewright/model/runtime'
import { BUILT_IN_POLICIES } from '@gatewright/policies'
import type { PlanBody } from '../plans/plan-body.ts'
import { PolicyLists } from '../policy-lists/policy-lists.ts'
import { MAIN_TEAM } from '../teams/main-team.ts'
import type { LiveApi, LiveEnvironment } from './live-api.ts'
import { type LiveOverrides, type LivePlan, type LiveTerms, toTeamKey } from './live-terms.ts'
import { compareIds, toSharedId, toSnapshotId } from './snapshot-id.ts'

type FilePlan = NonNullable<GatewrightFileInput['plans']>[number]

/**
 * Every app has it where nothing else is said: it opens what no product sells, and limits nothing. Without it the keys of an app
 * without a subscription would pass everywhere, since a caller without a plan passes. No kept plan is called so: none has two points.
 */
export const UNSUBSCRIBED_PLAN = 'gatewright.without.subscription'

/** What an app has for an API in the place of a plan that counts no more: it is switched off, and so refuses. */
export const SUSPENDED_PLAN = 'gatewright.subscription.suspended'

const AUTHENTICATORS: ReadonlySet<string> = new Set(
  BUILT_IN_POLICIES.filter(({ phase }) => phase === 'authenticate').map(({ name }) => name),
)

/** None as long as no plan is kept: then gateways look for none, and apps may call as they do without a control plane. */
export function composePlans(environments: readonly LiveEnvironment[], terms: LiveTerms): FilePlan[] {
  if (terms.plans.length === 0) return []
  const lists = new PolicyLists(terms.policyLists)
  const live = new LiveApis(environments, lists)
  const sold = new Set(terms.sold.flatMap(({ team, apis }) => apis.map((id) => toTeamKey(team, id))))
  const overrides = groupByPlan(terms.overrides)
  const kept = terms.plans.flatMap((plan): FilePlan[] => {
    const apis = live.listOpened(plan)
    // A plan for nothing that is live is nobody's; whoever still names it is refused.
    if (apis.length === 0) return []
    const whole = toWhole(plan, lists)
    return [composePlan(whole, apis, overrides.get(toTeamKey(plan.team, plan.id)) ?? [])]
  })
  return [
    ...kept.toSorted((a, b) => compareIds(a.id, b.id)),
    { id: SUSPENDED_PLAN, title: 'Suspended subscription', enabled: false },
    { id: UNSUBSCRIBED_PLAN, title: 'No subscription', apis: live.listOthers(sold) },
  ]
}

type Opened = NonNullable<FilePlan['apis']>

/** Those that may know who calls, by team and id: in each environment where one is live, it is called something else. */
class LiveApis {
  readonly #byKey = new Map<string, string[]>()
  readonly #byTeam = new Map<string, string[]>()

  constructor(environments: readonly LiveEnvironment[], lists: PolicyLists) {
    for (const environment of environments) {
      for (const api of environment.apis) {
        // Of one that authenticates nobody, no caller has a plan, and a plan that opens it is a fault of the file.
        if (!mayKnowCallers(environment, api, lists)) continue
        const id = toSnapshotId(environment.id, api)
        addTo(this.#byKey, toTeamKey(api.team, api.id), id)
        addTo(this.#byTeam, api.team, id)
      }
    }
  }

  listOpened({ team, body: { apis } }: LivePlan): Opened {
    if (apis === undefined) return toSorted(this.#byTeam.get(team) ?? [])
    return apis
      .flatMap(({ api, ...routes }) => {
        const ids = this.#byKey.get(toTeamKey(team, api)) ?? []
        return ids.map((id) => ({ api: id, ...routes }))
      })
      .toSorted((a, b) => compareIds(a.api, b.api))
  }

  listOthers(sold: ReadonlySet<string>): Opened {
    return toSorted([...this.#byKey].flatMap(([key, ids]) => (sold.has(key) ? [] : ids)))
  }
}

function toSorted(ids: readonly string[]): Opened {
  return ids.toSorted(compareIds).map((api) => ({ api }))
}

function mayKnowCallers({ body }: LiveEnvironment, { team, releases }: LiveApi, lists: PolicyLists): boolean {
  const hasAuthenticator = (uses: readonly WrittenUse[] = [], of = team): boolean =>
    lists.expand(uses, of).some(({ policy, enabled }) => enabled !== false && AUTHENTICATORS.has(policy))
  if (hasAuthenticator(body.policies, MAIN_TEAM)) return true
  return releases.some(
    (release) =>
      hasAuthenticator(release.body.policies) ||
      release.body.routes?.some(({ policies, enabled }) => enabled !== false && hasAuthenticator(policies)) === true,
  )
}

interface WholePlan extends Omit<LivePlan, 'body'> {
  readonly body: Omit<PlanBody, 'policies'> & Pick<FilePlan, 'policies'>
}

function toWhole({ team, id, body: { policies, ...body } }: LivePlan, lists: PolicyLists): WholePlan {
  return { team, id, body: { ...body, ...(policies !== undefined && { policies: lists.expand(policies, team) }) } }
}

function composePlan({ team, id, body }: WholePlan, apis: Opened, overrides: readonly LiveOverrides[]): FilePlan {
  const { price: _, approvalNeeded: __, ...said } = body
  const own = overrides.flatMap((app): [string, Record<string, Record<string, unknown>>][] => {
    const uses = Object.entries(app.overrides[id] ?? {}).filter(([name]) => namesOne(body, name))
    return uses.length === 0 ? [] : [[toSharedId(app), Object.fromEntries(uses)]]
  })
  return {
    ...said,
    id: toSharedId({ team, id }),
    apis,
    ...(own.length > 0 && { overrides: Object.fromEntries(own.toSorted(([a], [b]) => compareIds(a, b))) }),
  }
}

/** The plan may have changed since the app said it: what it says of a use that is gone is nothing, and no fault of all others. */
function namesOne({ policies = [] }: WholePlan['body'], name: string): boolean {
  return findOverridden(policies as readonly PolicyUse[], name).length === 1
}

function groupByPlan(all: readonly LiveOverrides[]): ReadonlyMap<string, readonly LiveOverrides[]> {
  const byPlan = new Map<string, LiveOverrides[]>()
  for (const app of all) for (const plan of Object.keys(app.overrides)) addTo(byPlan, toTeamKey(app.team, plan), app)
  return byPlan
}

function addTo<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

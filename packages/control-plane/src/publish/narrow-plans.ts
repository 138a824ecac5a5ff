/** Owns the file of plans as a group of nodes gets it: plans open APIs of all environments, and it is told of its own ones alone. Pure. */
import { type GatewrightFileInput, toTextHash } from '@gatewright/model'
import { UNSUBSCRIBED_PLAN } from './compose-plans.ts'

/** No id begins so. */
export const PLANS = '~plans'

/** `opens`: whether an API, by its id in a snapshot, is one of them. */
export function narrowPlans(
  text: string,
  opens: (api: string) => boolean,
): { readonly text: string; readonly hash: string } {
  const { plans = [], ...file } = JSON.parse(text) as GatewrightFileInput
  const narrowed = plans.flatMap(({ apis, ...plan }) => {
    if (apis === undefined) return [plan]
    const opened = apis.filter(({ api }) => opens(api))
    // A plan for nothing that runs there is nobody's; the one for callers without a plan stays, and opens nothing.
    return opened.length === 0 && plan.id !== UNSUBSCRIBED_PLAN ? [] : [{ ...plan, apis: opened }]
  })
  const said = JSON.stringify({ ...file, plans: narrowed })
  return { text: said, hash: toTextHash(said) }
}

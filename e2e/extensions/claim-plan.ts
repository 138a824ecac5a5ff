/** Owns a policy that believes whatever plan a caller claims: what the gateway makes of plans that it did not give. For tests alone. */
import { definePolicy, z } from '@gatewright/policies'

export const claimPlan = definePolicy({
  name: 'claim-plan',
  phase: 'authenticate',
  summary: 'Takes the app and the plan from header fields. For tests alone.',
  options: z.strictObject({}),
  create() {
    return function claimPlan(exchange, next) {
      const { headers } = exchange.request
      const app = headers.get('X-App')
      exchange.caller = {
        ...{ id: app ?? 'somebody', app, plan: headers.get('X-Plan') },
        credential: { kind: 'claim', id: 'claim' },
      }
      return next(exchange)
    }
  },
})

/** Owns how subscriptions look to those who ask for them: with the names of what they are between. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Moment } from '../store/store.ts'
import { type Subscription, type SubscriptionRecord, toTargetUid } from './subscription.ts'

export const stateSchema = z.enum(['requested', 'approved', 'active', 'suspended', 'ended'])

const namedSchema = z
  .strictObject({ uid: z.string(), team: z.string().exactOptional(), id: z.string().exactOptional() })
  .meta({ description: 'Without a name where it is gone.' })

const subscriptionShape = {
  uid: z.string(),
  app: namedSchema,
  product: namedSchema.exactOptional(),
  api: namedSchema.exactOptional(),
  plan: namedSchema,
  state: stateSchema,
  former: z.array(namedSchema).exactOptional().meta({
    description: 'APIs that it was for before it was moved: it still opens those that its plan does.',
  }),
  createdAt: timeSchema,
  createdBy: actorSchema,
}
export const subscriptionSchema = z.strictObject(subscriptionShape)

export const wholeSubscriptionSchema = z.strictObject({
  ...subscriptionShape,
  records: z
    .array(
      z.strictObject({
        number: z.int(),
        step: z.enum(['request', 'approve', 'activate', 'suspend', 'resume', 'end', 'move']),
        state: stateSchema,
        note: z.string(),
        at: timeSchema,
        by: actorSchema,
      }),
    )
    .meta({ description: 'What was done to it, the first first.' }),
})

export async function presentSubscriptions(db: Moment, subscriptions: readonly Subscription[]) {
  const uids = subscriptions.flatMap(({ app, target, plan, former = [] }) => [
    app,
    plan,
    toTargetUid(target),
    ...former,
  ])
  const found = await findResources(db, [...new Set(uids)])
  const toNamed = (uid: string) => {
    const resource = found.get(uid)
    return { uid, ...(resource !== undefined && { team: resource.team, id: resource.id }) }
  }
  return subscriptions.map(({ uid, app, target, plan, state, former, createdAtMs, createdBy }) => ({
    uid,
    app: toNamed(app),
    ...('product' in target ? { product: toNamed(target.product) } : { api: toNamed(target.api) }),
    plan: toNamed(plan),
    state,
    ...(former !== undefined && { former: former.map(toNamed) }),
    createdAt: toTime(createdAtMs),
    createdBy,
  }))
}

export async function presentSubscription(db: Moment, subscription: Subscription) {
  const [presented] = await presentSubscriptions(db, [subscription])
  if (presented === undefined) throw new TypeError('one subscription was presented')
  return presented
}

export function presentRecord({ number, step, state, note, atMs, by }: SubscriptionRecord) {
  return { number, step, state, note, at: toTime(atMs), by }
}

/** Owns the routes of subscriptions: asked for by whose app it is, and let through, held up and ended by who sells. */
import { z } from 'zod'
import { partIdSchema } from '../apis/api-body.ts'
import { listApiParts } from '../apis/select-readable.ts'
import { getOwnApp } from '../apps/get-own-app.ts'
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed, isAllowed } from '../http/assert-allowed.ts'
import { PAGE_ANSWER, PAGE_QUERY } from '../http/page-query.ts'
import { type Asking, defineChange, defineReading, type Route } from '../http/route.ts'
import { API, APP, PRODUCT } from '../kinds.ts'
import { findResources } from '../resources/find-resources.ts'
import { type Kind, NO_TEAM, toRef } from '../resources/kind.ts'
import { toNote } from '../resources/put-resource.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import { toPage } from '../store/pages.ts'
import type { Moment } from '../store/store.ts'
import { findMove, MOVE_PLAN_DESCRIPTION } from './find-move.ts'
import { getOffer } from './get-offer.ts'
import { doMoves, findMoved, planMoves } from './move-subscriptions.ts'
import { moveSchema, presentMove, toMoveLines, toMoveNotes } from './present-move.ts'
import {
  presentRecord,
  presentSubscription,
  presentSubscriptions,
  stateSchema,
  subscriptionSchema,
  wholeSubscriptionSchema,
} from './present-subscription.ts'
import type { Subscription, SubscriptionStep } from './subscription.ts'
import {
  findSubscription,
  listSubscriptionRecords,
  listSubscriptions,
  requestSubscription,
  type SubscriptionQuery,
  stepSubscription,
} from './subscription-store.ts'

const appParams = z.strictObject({ team: partIdSchema, id: partIdSchema })
const note = z.string().max(2000).default('').meta({ description: 'Why, for those who come later.' })
const uidParams = z.strictObject({ uid: z.string().max(64) })

const placeText = z
  .string()
  .regex(/^[^/]+\/[^/]+$/, { error: 'It is a team and an id, "main/orders".' })
  .optional()

/** Those that it is between; those that are gone are left out. */
async function findSides(db: Moment, { app, target }: Subscription) {
  const [sold = ''] = Object.values(target)
  const found = await findResources(db, [app, sold])
  return { app: found.get(app), sold: found.get(sold) }
}

/** @rejects AdminProblem */
async function getSubscription(db: Moment, uid: string): Promise<Subscription> {
  const found = await findSubscription(db, uid)
  if (found !== undefined) return found
  throw new AdminProblem('not-found', 'There is no such subscription.')
}

/** Whose app it is, and who sells, may see it; a grant may be for some APIs alone. @rejects AdminProblem */
async function getShown(asking: Asking, db: Moment, uid: string): Promise<Subscription> {
  const subscription = await getSubscription(db, uid)
  const { app, sold } = await findSides(db, subscription)
  if (app !== undefined && (await isAllowed(asking, db, { permission: 'subscription:read', team: app.team })))
    return subscription
  await assertAllowed(asking, db, { permission: 'subscription:read', ...toSeller(sold) })
  return subscription
}

/** Of what is gone, only who may do so everywhere. */
function toSeller(sold: Resource | undefined): { readonly team: string; readonly api?: string } {
  if (sold === undefined) return { team: NO_TEAM }
  return { team: sold.team, ...(sold.kind === 'api' && { api: sold.id }) }
}

function toStepNote(action: string, { uid, state, target, plan }: Subscription, app: Resource | undefined): AuditNote {
  const details = { app: app?.id, target, plan, state }
  return { action, kind: 'subscription', target: uid, team: app?.team ?? NO_TEAM, details }
}

/** Whose names are not theirs to see are told nothing of them, not even whether they are there: no subscription has the uid ''. */
async function findUid(db: Moment, kind: Kind, { text, isAll }: { readonly text: string; readonly isAll: boolean }) {
  const [team = '', id = ''] = text.split('/')
  const ref = toRef(kind, { team, id })
  return isAll ? (await getResource(db, ref)).uid : ((await findResource(db, ref))?.uid ?? '')
}

const READINGS: readonly Route[] = [
  defineReading({
    name: 'listSubscriptions',
    path: '/subscriptions',
    summary: 'Subscriptions of the apps of your teams, and to what your teams sell, in pages.',
    tag: 'subscriptions',
    access: { kind: 'some-team', permission: 'subscription:read' },
    query: z.strictObject({
      app: placeText.meta({ description: 'Team and id: `main/phone`.' }),
      product: placeText.meta({ description: 'Team and id.' }),
      api: placeText.meta({ description: 'Team and id: those to this API alone.' }),
      state: stateSchema.optional(),
      ...PAGE_QUERY,
    }),
    answer: z.strictObject({ items: z.array(subscriptionSchema), ...PAGE_ANSWER }),
    async read({ teams, parts }, db, { query: { app, product, api, state, limit, after } }) {
      const isAll = teams === 'all'
      const query: SubscriptionQuery = {
        limit: limit + 1,
        ...(teams !== 'all' && { teams, parts: listApiParts(parts) }),
        ...(app !== undefined && { app: await findUid(db, APP, { text: app, isAll }) }),
        ...(product !== undefined && { product: await findUid(db, PRODUCT, { text: product, isAll }) }),
        ...(api !== undefined && { api: await findUid(db, API, { text: api, isAll }) }),
        ...(state !== undefined && { state }),
        ...(after !== undefined && { after }),
      }
      const found = await listSubscriptions(db, query)
      const { items, ...page } = toPage(found, limit, ({ uid }) => uid)
      return { body: { items: await presentSubscriptions(db, items), ...page } }
    },
  }),
  defineReading({
    name: 'getSubscription',
    path: '/subscriptions/{uid}',
    summary: 'One subscription, with what was done to it.',
    tag: 'subscriptions',
    access: { kind: 'some-team', permission: 'subscription:read' },
    params: uidParams,
    answer: wholeSubscriptionSchema,
    async read(asking, db, { params: { uid } }) {
      const subscription = await getShown(asking, db, uid)
      const records = await listSubscriptionRecords(db, uid)
      return { body: { ...(await presentSubscription(db, subscription)), records: records.map(presentRecord) } }
    },
  }),
]

const ASKING: readonly Route[] = [
  defineChange({
    name: 'requestSubscription',
    method: 'POST',
    path: '/apps/{team}/{id}/subscriptions',
    summary:
      'Subscribes an app to a product, or to one API, on a plan. It is active at once, or waits until somebody who sells it approves it.',
    tag: 'subscriptions',
    access: { kind: 'demand', toDemand: ({ team }) => ({ permission: 'subscription:request', team }) },
    params: appParams,
    body: z
      .strictObject({
        team: partIdSchema.optional().meta({ description: "Id of the team that sells it; the app's if absent." }),
        product: partIdSchema.optional(),
        api: partIdSchema.optional(),
        plan: partIdSchema.meta({ description: 'Id of a plan of the team that sells.' }),
        note,
      })
      .refine(({ product, api }) => (product === undefined) !== (api === undefined), {
        error: 'Say what it is to: a "product", or an "api".',
      }),
    answer: subscriptionSchema,
    status: 201,
    async change(asking, doing, { params: at, body: { team = at.team, product, api, plan, note: said } }) {
      const app = await getOwnApp(asking, doing.db, at)
      const { sold: _, ...offer } = await getOffer(asking, doing.db, {
        team,
        plan,
        ...(product !== undefined && { product }),
        ...(api !== undefined && { api }),
      })
      const made = await requestSubscription(doing, { ...offer, app: app.uid, note: said })
      return { body: await presentSubscription(doing.db, made), notes: [toStepNote('request', made, app)] }
    },
  }),
  defineChange({
    name: 'giveUpSubscription',
    method: 'DELETE',
    path: '/apps/{team}/{id}/subscriptions/{uid}',
    summary: "Ends a subscription of one's own app.",
    tag: 'subscriptions',
    access: { kind: 'demand', toDemand: ({ team }) => ({ permission: 'subscription:request', team }) },
    params: appParams.extend({ uid: z.string().max(64) }),
    async change(asking, doing, { params: { uid, ...at } }) {
      const app = await getOwnApp(asking, doing.db, at)
      const subscription = await getSubscription(doing.db, uid)
      if (subscription.app !== app.uid)
        throw new AdminProblem('not-found', `The app "${app.id}" has no such subscription.`)
      const made = await stepSubscription(doing, uid, { step: 'end' })
      return { body: undefined, notes: [toStepNote('end', made, app)] }
    },
  }),
]

interface StepParts {
  readonly name: string
  readonly verb: SubscriptionStep
  readonly summary: string
}

/** What who sells does with a subscription. */
function defineStep({ name, verb, summary }: StepParts): Route {
  return defineChange({
    name,
    method: 'POST',
    path: `/subscriptions/{uid}/${verb}`,
    summary,
    tag: 'subscriptions',
    access: { kind: 'some-team', permission: 'subscription:approve' },
    params: uidParams,
    body: z.strictObject({ note }),
    answer: subscriptionSchema,
    async change(asking, doing, { params: { uid }, body }) {
      const before = await getSubscription(doing.db, uid)
      const { app, sold } = await findSides(doing.db, before)
      await assertAllowed(asking, doing.db, { permission: 'subscription:approve', ...toSeller(sold) })
      const made = await stepSubscription(doing, uid, { step: verb, note: body.note })
      return {
        body: await presentSubscription(doing.db, made),
        notes: [toStepNote(verb, made, app)],
        changes: [`state: "${before.state}" → "${made.state}"`],
      }
    },
  })
}

const SELLING: readonly Route[] = [
  defineStep({
    name: 'approveSubscription',
    verb: 'approve',
    summary: 'Lets a subscription through that waits. It counts once it is activated.',
  }),
  defineStep({
    name: 'activateSubscription',
    verb: 'activate',
    summary: 'Makes a subscription count that was approved, once what comes before the first call is done.',
  }),
  defineStep({
    name: 'suspendSubscription',
    verb: 'suspend',
    summary: 'Refuses the app what it has subscribed to, until it is resumed.',
  }),
  defineStep({ name: 'resumeSubscription', verb: 'resume', summary: 'Makes a subscription count again.' }),
  defineStep({ name: 'endSubscription', verb: 'end', summary: 'Ends a subscription for good.' }),
  defineChange({
    name: 'moveSubscriptions',
    method: 'POST',
    path: '/apis/{team}/{id}/subscriptions/move',
    summary:
      'Moves the subscriptions to this API to the one that comes after it, such as its next version, all or none. They go on opening this one, where their plan does. Those to products follow what these sell.',
    tag: 'subscriptions',
    access: { kind: 'demand', toDemand: ({ team, id }) => ({ permission: 'subscription:approve', team, api: id }) },
    params: appParams,
    body: z.strictObject({
      to: partIdSchema.meta({ description: 'Id of an API of the same team.' }),
      plan: partIdSchema.optional().meta({ description: MOVE_PLAN_DESCRIPTION }),
    }),
    answer: z.strictObject({
      items: z.array(subscriptionSchema).meta({ description: 'Those that moved.' }),
      moves: z.array(moveSchema).meta({ description: 'What became of each.' }),
    }),
    async change(asking, doing, { params: at, body: { to, plan } }) {
      const from = await getResource(doing.db, toRef(API, at))
      const move = await findMove(asking, doing.db, { from, to, plan })
      const planned = await planMoves(doing.db, move)
      await doMoves(doing, planned, move)
      const moved = await findMoved(doing.db, planned)
      return {
        body: {
          items: await presentSubscriptions(doing.db, moved),
          moves: planned.map(presentMove),
        },
        notes: [
          toNote('move-subscriptions', from, { to, subscriptions: moved.map(({ uid }) => uid) }),
          ...toMoveNotes(planned, move),
        ],
        changes: toMoveLines(planned, move),
      }
    },
  }),
]

export const SUBSCRIPTION_ROUTES: readonly Route[] = [...READINGS, ...ASKING, ...SELLING]

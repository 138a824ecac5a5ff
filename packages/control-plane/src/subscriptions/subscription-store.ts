/** Owns making subscriptions, and taking them through their steps. */
import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { TeamPart } from '../access/decide-access.ts'
import { selectReadable } from '../apis/select-readable.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { ProductBody } from '../products/product-body.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { SubscriptionStepTable, SubscriptionTable } from '../store/tables.ts'
import { listCoveredApis } from './covered-apis.ts'
import {
  type Subscription,
  SubscriptionFault,
  type SubscriptionRecord,
  type SubscriptionState,
  type SubscriptionStep,
  type SubscriptionTarget,
  toNextState,
  toTargetUid,
} from './subscription.ts'

/** Uids. */
export interface SubscriptionRequest {
  readonly app: string
  readonly target: SubscriptionTarget
  readonly plan: string
  readonly note?: string
  /** Somebody has to approve it, whatever the plan says. */
  readonly approvalNeeded?: boolean
}

/** Active at once, unless the plan wants somebody's approval. @rejects SubscriptionFault `unknown`, `plan`, `taken` */
export async function requestSubscription(doing: Doing, request: SubscriptionRequest): Promise<Subscription> {
  const { app, target, plan, note = '', approvalNeeded = false } = request
  const found = await findResources(doing.db, [app, plan, toTargetUid(target)])
  if (found.get(app)?.kind !== 'app') throw new SubscriptionFault('unknown', 'There is no such app.')
  const covered = toCovered(found, request)
  await assertFree(doing.db, { app, covered })
  const body = found.get(plan)?.body as PlanBody
  const made: Subscription = {
    uid: randomUUID(),
    app,
    target,
    plan,
    state: approvalNeeded || body.approvalNeeded === true ? 'requested' : 'active',
    sequence: doing.sequence,
    createdAtMs: doing.nowMs,
    createdBy: doing.by,
  }
  await doing.db.insertInto('subscriptions').values(toRow(made)).execute()
  await recordStep(doing, made, { step: 'request', note })
  return made
}

/** @rejects SubscriptionFault `not-found`, `refused-step` */
export async function stepSubscription(
  doing: Doing,
  uid: string,
  { step, note = '' }: { readonly step: SubscriptionStep; readonly note?: string },
): Promise<Subscription> {
  const current = await findSubscription(doing.db, uid)
  if (current === undefined) throw new SubscriptionFault('not-found', 'There is no such subscription.')
  const made = { ...current, state: toNextState(current.state, step), sequence: doing.sequence }
  await replaceSubscription(doing, made)
  await recordStep(doing, made, { step, note })
  return made
}

export async function findSubscription(db: Moment, uid: string): Promise<Subscription | undefined> {
  const row = await db.selectFrom('subscriptions').selectAll().where('uid', '=', uid).executeTakeFirst()
  return row === undefined ? undefined : fromRow(row)
}

/** Whoever is said, all of it must hold. */
export interface SubscriptionQuery {
  /** Uids. */
  readonly app?: string
  readonly product?: string
  readonly api?: string
  readonly plan?: string
  readonly state?: SubscriptionState
  /** Ids: those of their apps, and to what they sell; all teams if absent. */
  readonly teams?: readonly string[]
  /** To single APIs of others, beside them. */
  readonly parts?: readonly TeamPart[]
  /** Those that have not ended. */
  readonly isLive?: boolean
  /** All if absent. */
  readonly limit?: number
  /** Uid of the last one of the page before. */
  readonly after?: string
}

/** By uid. */
export async function listSubscriptions(db: Moment, query: SubscriptionQuery): Promise<Subscription[]> {
  let found = db.selectFrom('subscriptions').selectAll()
  for (const column of ['app', 'product', 'api', 'plan', 'state'] as const) {
    const value = query[column]
    if (value !== undefined) found = found.where(column, '=', value)
  }
  if (query.teams !== undefined) {
    const theirs = db
      .selectFrom('resources')
      .select('uid')
      .where('team', 'in', ['', ...query.teams])
    const shown = selectReadable(db, { teams: query.teams, parts: query.parts ?? [] })
    found = found.where(({ or, eb }) =>
      or([eb('app', 'in', theirs), eb('product', 'in', theirs), eb('api', 'in', shown)]),
    )
  }
  if (query.isLive === true) found = found.where('state', '!=', 'ended')
  if (query.after !== undefined) found = found.where('uid', '>', query.after)
  if (query.limit !== undefined) found = found.limit(query.limit)
  return (await found.orderBy('uid').execute()).map(fromRow)
}

/** What was done to it, the first first. */
export async function listSubscriptionRecords(db: Moment, uid: string): Promise<SubscriptionRecord[]> {
  const rows = await db
    .selectFrom('subscription_steps')
    .selectAll()
    .where('subscription', '=', uid)
    .orderBy('number')
    .execute()
  return rows.map(toRecord)
}

/** `team/id` of the APIs. @throws SubscriptionFault */
function toCovered(
  found: ReadonlyMap<string, Resource>,
  { target, plan: uid }: { readonly target: SubscriptionTarget; readonly plan: string },
): string[] {
  const kind = 'product' in target ? 'product' : 'api'
  const sold = found.get(toTargetUid(target))
  if (sold?.kind !== kind) throw new SubscriptionFault('unknown', `There is no such ${kind}.`)
  const plan = found.get(uid)
  if (plan?.kind !== 'plan' || plan.team !== sold.team) {
    throw new SubscriptionFault('unknown', `There is no such plan in the team of the ${kind} "${sold.id}".`)
  }
  if (kind === 'product' && !(sold.body as ProductBody).plans.includes(plan.id)) {
    throw new SubscriptionFault('plan', `The product "${sold.id}" is not sold on the plan "${plan.id}".`)
  }
  const covered = listCoveredApis({ apis: toSoldApis(sold), plan: plan.body as PlanBody })
  if (covered.length > 0 || (kind === 'product' && toSoldApis(sold).length === 0)) {
    return covered.map((id) => `${sold.team}/${id}`)
  }
  throw new SubscriptionFault(
    'plan',
    `The plan "${plan.id}" opens nothing of the ${kind} "${sold.id}": add it to the plan's \`apis\`, or choose another plan.`,
  )
}

function toSoldApis({ kind, id, body }: Resource): readonly string[] {
  return kind === 'product' ? (body as ProductBody).apis : [id]
}

async function assertFree(db: Moment, wanted: Omit<Wanted, 'except'>): Promise<void> {
  const current = await findCovering(db, wanted)
  if (current === undefined) return
  const message = `The app has a subscription already that is ${current.state} and for one of these APIs: end it first.`
  throw new SubscriptionFault('taken', message, { current })
}

interface Wanted {
  readonly app: string
  /** `team/id`. */
  readonly covered: readonly string[]
  /** A uid. */
  readonly except?: string
}

/** One of the app's that has not ended and is for one of these APIs. */
export async function findCovering(db: Moment, { app, covered, except }: Wanted): Promise<Subscription | undefined> {
  const others = (await listSubscriptions(db, { app, isLive: true })).filter(({ uid }) => uid !== except)
  const found = await findResources(
    db,
    others.flatMap(({ target, plan, former = [] }) => [toTargetUid(target), plan, ...former]),
  )
  const wanted = new Set(covered)
  return others.find(({ target, plan, former = [] }) => {
    const sold = found.get(toTargetUid(target))
    const body = found.get(plan)?.body as PlanBody | undefined
    if (sold === undefined || body === undefined) return false
    const apis = [...toSoldApis(sold), ...former.flatMap((uid) => found.get(uid)?.id ?? [])]
    return listCoveredApis({ apis, plan: body }).some((id) => wanted.has(`${sold.team}/${id}`))
  })
}

export async function replaceSubscription({ db }: Doing, subscription: Subscription): Promise<void> {
  const { uid, ...row } = toRow(subscription)
  await db.updateTable('subscriptions').set(row).where('uid', '=', uid).execute()
}

export async function recordStep(
  { db, sequence, by, nowMs }: Doing,
  { uid, state }: Subscription,
  { step, note }: Pick<SubscriptionRecord, 'step' | 'note'>,
): Promise<void> {
  const number = (await listSubscriptionRecords(db, uid)).length + 1
  const row: Selectable<SubscriptionStepTable> = {
    subscription: uid,
    number,
    step,
    state,
    note,
    sequence,
    at: nowMs,
    by,
  }
  await db.insertInto('subscription_steps').values(row).execute()
}

function toRow({ target, former, createdAtMs, createdBy, ...rest }: Subscription): Selectable<SubscriptionTable> {
  return {
    ...rest,
    product: 'product' in target ? target.product : null,
    api: 'api' in target ? target.api : null,
    former: former === undefined ? null : JSON.stringify(former),
    created_at: createdAtMs,
    created_by: createdBy,
  }
}

/** Rows are also read where many of them are, by whoever composes what gateways know of apps. */
export function fromRow(row: Selectable<SubscriptionTable>): Subscription {
  const { uid, app, product, api, plan, state, sequence, created_at: createdAtMs, created_by: createdBy } = row
  const target = product === null ? { api: api ?? '' } : { product }
  return {
    uid,
    app,
    target,
    plan,
    state: state as SubscriptionState,
    ...(row.former !== null && { former: JSON.parse(row.former) as string[] }),
    sequence,
    createdAtMs,
    createdBy,
  }
}

function toRecord(row: Selectable<SubscriptionStepTable>): SubscriptionRecord {
  const { number, step, state, note, sequence, at: atMs, by } = row
  const kept = { step: step as SubscriptionRecord['step'], state: state as SubscriptionState }
  return { number, ...kept, note, sequence, atMs, by }
}

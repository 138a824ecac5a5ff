/**
 * Owns how far each webhook has come. What it is sent are entries of the audit log, which has each event once, in order, and in the change
 * that made it: so none is lost by a restart, and of several control planes the one that takes an attempt makes it.
 */
import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import { type AuditEntry, findNewestAuditNumber, listAuditAfter } from '../audit/audit-log.ts'
import type { Resource } from '../resources/resource.ts'
import { findDataKey, getDataKey } from '../secrets/data-key.ts'
import { seal, unseal } from '../secrets/seal.ts'
import { SecretFault } from '../secrets/secret-fault.ts'
import type { SecretKey } from '../secrets/secret-key.ts'
import type { Doing } from '../store/doing.ts'
import type { Change, Moment } from '../store/store.ts'
import type { WebhookDeliveryTable, WebhookTable } from '../store/webhook-tables.ts'
import { isWanted, TEST_EVENT, type WebhookBody } from './webhook-body.ts'
import { toWebhookPlace } from './webhook-place.ts'

/** Standard Webhooks, “Signature scheme”: between 24 and 64 bytes. */
const SECRET_BYTES = 32
/** Between attempts; after the last one an event is given up. A day in all. */
const AGAIN_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000, 43_200_000]
/** From the beginning to the head of the answer. */
export const ATTEMPT_MS = 15_000
/** Longer than an attempt takes: whoever began one and ended meanwhile is not waited for longer. */
const TAKEN_MS = 2 * ATTEMPT_MS
const ENTRIES_AT_ONCE = 500
/** Of each webhook. */
const MOST_KEPT = 1000

export type WebhookState = Selectable<WebhookTable>

export interface Delivery {
  /** Of the entry of the audit log. */
  readonly number: number
  readonly event: string
  /** `waits`: for the next attempt. `failed`: it was given up. */
  readonly state: 'delivered' | 'waits' | 'failed'
  readonly attempts: number
  readonly status?: number
  readonly fault?: string
  readonly atMs: number
}

/** In place of the one before; the first one begins with what happens from now on. Shown once. @rejects SecretFault */
export async function issueWebhookSecret(doing: Doing, key: SecretKey, webhook: string): Promise<string> {
  const bytes = randomBytes(SECRET_BYTES)
  const sealed = seal(await getDataKey(doing, key), bytes, toWebhookPlace(webhook))
  const { db } = doing
  const known = await findWebhookState(db, webhook)
  if (known === undefined) {
    const row = { webhook, sealed, done: await findNewestAuditNumber(db), attempts: 0, due: 0 }
    await db.insertInto('webhooks').values(row).execute()
  } else {
    await db.updateTable('webhooks').set({ sealed }).where('webhook', '=', webhook).execute()
  }
  return `whsec_${bytes.toString('base64')}`
}

/** @rejects SecretFault */
export async function openWebhookSecret(
  db: Moment,
  key: SecretKey,
  { webhook, sealed }: WebhookState,
): Promise<Buffer> {
  const dataKey = await findDataKey(db, key)
  const bytes = dataKey && unseal(dataKey, sealed, toWebhookPlace(webhook))
  if (bytes !== undefined) return bytes
  throw new SecretFault('damaged', `The secret of the webhook ${webhook} cannot be opened: issue another one.`)
}

export async function forgetWebhook({ db }: Doing, webhook: string): Promise<void> {
  await db.deleteFrom('webhooks').where('webhook', '=', webhook).execute()
  await db.deleteFrom('webhook_deliveries').where('webhook', '=', webhook).execute()
}

export async function findWebhookState(db: Moment, webhook: string): Promise<WebhookState | undefined> {
  return await db.selectFrom('webhooks').selectAll().where('webhook', '=', webhook).executeTakeFirst()
}

/** Uids of those in whose team something was done after an entry, and of those that wait for an attempt; without an entry, all. `newest`: what was looked at. */
export async function listDueWebhooks(
  db: Moment,
  after: number | undefined,
): Promise<{ readonly webhooks: readonly string[]; readonly newest: number }> {
  let found = db.selectFrom('webhooks').innerJoin('resources', 'resources.uid', 'webhooks.webhook').select('webhook')
  if (after !== undefined) {
    const touched = db.selectFrom('audit').select('audit.team').where('number', '>', after)
    found = found.where((all) => all.or([all('due', '>', 0), all('resources.team', 'in', touched)]))
  }
  const webhooks = (await found.orderBy('webhook').execute()).map(({ webhook }) => webhook)
  return { webhooks, newest: await findNewestAuditNumber(db) }
}

function toEventName({ kind, action }: AuditEntry): string {
  return `${kind}.${action}`
}

/** The next that it is to get after an entry; `seen`: nothing up to there is for it. */
export async function findNextEvent(
  db: Moment,
  { uid, team, body }: Resource,
  after: number,
): Promise<{ readonly entry: AuditEntry | undefined; readonly seen: number }> {
  for (let seen = after; ; ) {
    const entries = await listAuditAfter(db, { after: seen, limit: ENTRIES_AT_ONCE, teams: [team] })
    const entry = entries.find((each) => {
      const event = toEventName(each)
      return event === TEST_EVENT ? each.target === uid : isWanted(body as unknown as WebhookBody, event)
    })
    if (entry !== undefined) return { entry, seen: entry.number - 1 }
    seen = entries.at(-1)?.number ?? seen
    if (entries.length < ENTRIES_AT_ONCE) return { entry: undefined, seen }
  }
}

/** Until the next attempt. Who seems to wait for longer than anybody does has a clock that was set back. */
export function toWaitMs({ attempts, due }: WebhookState, nowMs: number): number {
  const mostMs = Math.max(TAKEN_MS, AGAIN_MS[attempts - 1] ?? 0)
  return due - nowMs > mostMs ? 0 : Math.max(0, due - nowMs)
}

/** Is the attempt that was looked at still to be made? Then nobody else makes it for a while. */
export async function takeAttempt({ db }: Change, state: WebhookState, nowMs: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('webhooks')
    .set({ due: nowMs + TAKEN_MS })
    .where('webhook', '=', state.webhook)
    .where('done', '=', state.done)
    .where('attempts', '=', state.attempts)
    .where('due', '=', state.due)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export interface Outcome {
  readonly status?: number
  readonly fault?: string
}

/** An outcome without a fault is a delivery. */
export async function settleAttempt(
  { db }: Change,
  { webhook, attempts: before }: WebhookState,
  { entry, outcome, nowMs }: { readonly entry: AuditEntry; readonly outcome: Outcome; readonly nowMs: number },
): Promise<void> {
  const attempts = before + 1
  const againMs = outcome.fault === undefined ? undefined : AGAIN_MS[attempts - 1]
  const state = outcome.fault === undefined ? 'delivered' : againMs === undefined ? 'failed' : 'waits'
  const next = againMs === undefined ? { done: entry.number, attempts: 0, due: 0 } : { attempts, due: nowMs + againMs }
  await db.updateTable('webhooks').set(next).where('webhook', '=', webhook).execute()
  const row: Selectable<WebhookDeliveryTable> = {
    webhook,
    number: entry.number,
    event: toEventName(entry),
    state,
    attempts,
    status: outcome.status ?? null,
    fault: outcome.fault ?? null,
    at: nowMs,
  }
  const ofEntry = db.deleteFrom('webhook_deliveries').where('webhook', '=', webhook)
  await ofEntry.where('number', '=', entry.number).execute()
  await db.insertInto('webhook_deliveries').values(row).execute()
  const [oldest] = await db
    .selectFrom('webhook_deliveries')
    .select('number')
    .where('webhook', '=', webhook)
    .orderBy('number', 'desc')
    .offset(MOST_KEPT)
    .limit(1)
    .execute()
  if (oldest !== undefined) await ofEntry.where('number', '<=', oldest.number).execute()
}

/** The newest first. */
export async function listDeliveries(db: Moment, webhook: string, limit: number): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('webhook_deliveries')
    .selectAll()
    .where('webhook', '=', webhook)
    .orderBy('number', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ number, event, state, attempts, status, fault, at }) => ({
    number,
    event,
    state: state as Delivery['state'],
    attempts,
    ...(status !== null && { status }),
    ...(fault !== null && { fault }),
    atMs: at,
  }))
}

/**
 * Owns the slowing of those who try passwords and codes. What is counted is kept in the store, so that all control planes count
 * together, and an attempt counts as wrong from its beginning, so that a crowd of guesses gets no more looks than a row of them.
 *
 * Three are counted: an account as seen from one network, a network, and an account from everywhere. Whoever is beyond has to wait,
 * each time longer up to a bound, and never for good. A network from which the person has logged in before waits for its own
 * mistakes alone, so a stranger elsewhere cannot keep the right person out.
 */
import { toTextHash } from '@gatewright/model'
import { toNetwork } from '@gatewright/policies'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { foldEmail } from '../users/user.ts'

/** Who tries. */
export interface LoginTry {
  /** As it was typed; whether somebody has it makes no difference. */
  readonly email: string
  /** Of the client. */
  readonly address: string
}

type Counted = 'pair' | 'network' | 'account'

interface Bound {
  /** So many in a row wait for nothing; then 1 s, 2 s, 4 s… */
  readonly free: number
  /** …up to this. */
  readonly mostMs: number
}

const BOUNDS: Readonly<Record<Counted, Bound>> = {
  pair: { free: 5, mostMs: 60_000 },
  network: { free: 50, mostMs: 60_000 },
  account: { free: 20, mostMs: 10_000 },
}
/** Whoever gets as far as a code knows the password: no stranger, so these may wait longer. 3 of a million are right at a time. */
const CODE_BOUND: Bound = { free: 5, mostMs: 900_000 }

const FIRST_WAIT_MS = 1_000
const DAY_MS = 86_400_000
/** Of networks and accounts that never got in: strangers make up as many as they like, and the oldest of them give way. */
const MOST_STRANGERS = 100_000
/** Counting them takes milliseconds, so each change of the store with such a number does it. */
const COUNTED_EACH = 64
const REMEMBERED_MS = 90 * DAY_MS
/** What one customer has of IPv6. */
const IPV6_PREFIX_BITS = 64

interface Row {
  readonly key: string
  readonly failures: number
  readonly last_at: number
  readonly succeeded_at: number | null
}

/** 0: it may be looked at. Reads alone: for what has to say something before it asks. */
export async function findLoginWait(db: Moment, given: LoginTry, nowMs: number): Promise<number> {
  const keys = toKeys(given)
  const rows = await readRows(db, Object.values(keys))
  const isKnown = (rows.get(keys.pair)?.succeeded_at ?? null) !== null
  const counted: readonly Counted[] = isKnown ? ['pair'] : ['pair', 'network', 'account']
  return Math.max(...counted.map((each) => toWaitMs(rows.get(keys[each]), BOUNDS[each], nowMs)))
}

/** Before it is looked at. `waitMs` above 0: it is not to be looked at, and did not count. Else it counts as wrong until `noteLogin` says otherwise. */
export async function admitLogin(doing: Doing, given: LoginTry): Promise<{ readonly waitMs: number }> {
  const { db, nowMs } = doing
  await db.deleteFrom('login_attempts').where('forget_at', '<=', nowMs).execute()
  if (doing.sequence % COUNTED_EACH === 0) await dropOldestStrangers(db)
  const keys = toKeys(given)
  await mendTimes(doing, Object.values(keys))
  const waitMs = await findLoginWait(db, given, nowMs)
  if (waitMs > 0) return { waitMs }
  const rows = await readRows(db, Object.values(keys))
  for (const each of ['pair', 'network', 'account'] as const) {
    const row = rows.get(keys[each])
    await putRow(db, {
      key: keys[each],
      account: each === 'network' ? null : keys.account,
      failures: countFailures(row, nowMs) + 1,
      last_at: nowMs,
      succeeded_at: row?.succeeded_at ?? null,
    })
  }
  return { waitMs: 0 }
}

async function dropOldestStrangers(db: Moment): Promise<void> {
  const strangers = db.selectFrom('login_attempts').select('forget_at').where('succeeded_at', 'is', null)
  const oldest = await strangers.orderBy('forget_at', 'desc').offset(MOST_STRANGERS).limit(1).executeTakeFirst()
  if (oldest === undefined) return
  await db
    .deleteFrom('login_attempts')
    .where('succeeded_at', 'is', null)
    .where('forget_at', '<=', oldest.forget_at)
    .execute()
}

/** It was right: the account is as it was before, and this network is known. */
export async function noteLogin({ db, nowMs }: Doing, given: LoginTry): Promise<void> {
  const keys = toKeys(given)
  await putRow(db, { key: keys.pair, account: keys.account, failures: 0, last_at: nowMs, succeeded_at: nowMs })
  await db.deleteFrom('login_attempts').where('key', '=', keys.account).execute()
  // Not forgotten, or who has one account would get new guesses at others with it.
  const network = (await readRows(db, Object.values(keys))).get(keys.network)
  if (network === undefined) return
  await putRow(db, { ...network, account: null, failures: Math.max(0, network.failures - 1) })
}

/** As `admitLogin`, of codes of a second factor, after the password was right. */
export async function admitCode(doing: Doing, email: string): Promise<{ readonly waitMs: number }> {
  const { db, nowMs } = doing
  const key = toKey('code', foldEmail(email))
  await mendTimes(doing, [key])
  const row = (await readRows(db, [key])).get(key)
  const waitMs = toWaitMs(row, CODE_BOUND, nowMs)
  if (waitMs > 0) return { waitMs }
  const failures = countFailures(row, nowMs) + 1
  await putRow(db, { key, account: toAccountKey(email), failures, last_at: nowMs, succeeded_at: null })
  return { waitMs: 0 }
}

/** It was right. */
export async function noteCode({ db }: Doing, email: string): Promise<void> {
  await db
    .deleteFrom('login_attempts')
    .where('key', '=', toKey('code', foldEmail(email)))
    .execute()
}

/** All that is remembered of an account. */
export async function forgetLogins({ db }: Doing, email: string): Promise<void> {
  await db.deleteFrom('login_attempts').where('account', '=', toAccountKey(email)).execute()
}

function toWaitMs(row: Row | undefined, { free, mostMs }: Bound, nowMs: number): number {
  const failures = countFailures(row, nowMs)
  if (row === undefined || failures < free) return 0
  const delayMs = Math.min(mostMs, FIRST_WAIT_MS * 2 ** (failures - free))
  return Math.max(0, row.last_at + delayMs - nowMs)
}

/** After a quiet day they count no more. */
function countFailures(row: Row | undefined, nowMs: number): number {
  return row === undefined || row.last_at + DAY_MS <= nowMs ? 0 : row.failures
}

function toKeys({ email, address }: LoginTry): Readonly<Record<Counted, string>> {
  const network = toNetwork(address, IPV6_PREFIX_BITS)
  return {
    pair: toKey('pair', foldEmail(email), network),
    network: toKey('network', network),
    account: toAccountKey(email),
  }
}

function toAccountKey(email: string): string {
  return toKey('account', foldEmail(email))
}

function toKey(...parts: readonly string[]): string {
  return toTextHash(JSON.stringify(parts))
}

async function readRows(db: Moment, keys: readonly string[]): Promise<ReadonlyMap<string, Row>> {
  const rows = await db.selectFrom('login_attempts').selectAll().where('key', 'in', keys).execute()
  return new Map(rows.map((row) => [row.key, row]))
}

/** A clock was set back: nobody waits until it is then. */
async function mendTimes({ db, nowMs }: Doing, keys: readonly string[]): Promise<void> {
  await db
    .updateTable('login_attempts')
    .set({ last_at: nowMs })
    .where('key', 'in', keys)
    .where('last_at', '>', nowMs)
    .execute()
}

async function putRow(db: Moment, row: Row & { readonly account: string | null }): Promise<void> {
  const { key, account, failures, last_at, succeeded_at } = row
  const forget_at = Math.max(last_at + DAY_MS, (succeeded_at ?? Number.NEGATIVE_INFINITY) + REMEMBERED_MS)
  const kept = { account, failures, last_at, succeeded_at, forget_at }
  await db
    .insertInto('login_attempts')
    .values({ key, ...kept })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(kept))
    .execute()
}

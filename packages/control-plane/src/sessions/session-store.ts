/** Owns sessions: what a browser shows after a login, for how long it counts, and its end. */
import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import type { Selectable } from 'kysely'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { SessionTable } from '../store/user-tables.ts'
import { toAgeMs } from '../to-age-ms.ts'
import { toUser, type User } from '../users/user.ts'

export interface Session {
  readonly uid: string
  /** Uid. */
  readonly user: string
  /** From where it was started, and with what: for the person to recognise it. */
  readonly address: string
  readonly agent: string
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  /** To the minute. */
  readonly lastSeenMs: number
  /** It ends then, however busy it is. */
  readonly expiresAtMs: number
}

/** NIST SP 800-63B-4 §2.2.3: at most a day, and at most an hour without a sign. */
const IDLE_MS = 3_600_000
const LONGEST_MS = 12 * 3_600_000
const SECRET_BYTES = 32
/** base64url of 32 octets. */
const SECRET = /^[A-Za-z0-9_-]{43}$/
const MOST_AGENT_LETTERS = 300
/** Seen more often is written no more often: each change of the store is one for everybody. */
const SEEN_EACH_MS = 60_000

/** `secret` is for the cookie: nobody can ask for it later. */
export async function startSession(
  { db, nowMs }: Doing,
  { user, address, agent }: { readonly user: string; readonly address: string; readonly agent: string },
): Promise<{ readonly session: Session; readonly secret: string }> {
  // Nobody comes back to those that are over.
  await db
    .deleteFrom('sessions')
    .where(({ or, eb }) => or([eb('expires', '<=', nowMs), eb('last_seen', '<=', nowMs - IDLE_MS)]))
    .execute()
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const row: Selectable<SessionTable> = {
    uid: randomUUID(),
    user,
    hash: toTextHash(secret),
    address,
    agent: agent.slice(0, MOST_AGENT_LETTERS),
    created_at: nowMs,
    last_seen: nowMs,
    expires: nowMs + LONGEST_MS,
  }
  await db.insertInto('sessions').values(row).execute()
  return { session: toSession(row), secret }
}

export interface FoundSession {
  readonly session: Session
  readonly user: User
  /** `touchSession` is to be called: else it ends as if nobody was there. */
  readonly isTouchDue: boolean
}

/** Undefined: there is none, it is over, or its user is suspended. */
export async function findSession(db: Moment, secret: string, nowMs: number): Promise<FoundSession | undefined> {
  if (!SECRET.test(secret)) return undefined
  const row = await db.selectFrom('sessions').selectAll().where('hash', '=', toTextHash(secret)).executeTakeFirst()
  if (row === undefined || row.expires <= nowMs || toAgeMs(row.last_seen, nowMs) >= IDLE_MS) return undefined
  const user = await db.selectFrom('users').selectAll().where('uid', '=', row.user).executeTakeFirst()
  if (user === undefined || user.state !== 'active') return undefined
  return { session: toSession(row), user: toUser(user), isTouchDue: toAgeMs(row.last_seen, nowMs) >= SEEN_EACH_MS }
}

export async function touchSession({ db, nowMs }: Doing, uid: string): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ last_seen: nowMs })
    .where('uid', '=', uid)
    .where(({ or, eb }) =>
      or([eb('last_seen', '<=', nowMs - SEEN_EACH_MS), eb('last_seen', '>=', nowMs + SEEN_EACH_MS)]),
    )
    .execute()
}

/** Of a user (uid), the newest first. */
export async function listSessions(db: Moment, user: string, nowMs: number): Promise<Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('user', '=', user)
    .where('expires', '>', nowMs)
    .where('last_seen', '>', nowMs - IDLE_MS)
    .where('last_seen', '<', nowMs + IDLE_MS)
    .orderBy('created_at', 'desc')
    .orderBy('uid')
    .execute()
  return rows.map(toSession)
}

/** Of this user alone. Gives whether there was one. */
export async function endSession(
  { db }: Doing,
  { uid, user }: { readonly uid: string; readonly user: string },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('uid', '=', uid)
    .where('user', '=', user)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** All of a user, except the one `keep` (a uid). Gives how many there were. */
export async function endSessionsOf({ db }: Doing, user: string, keep?: string): Promise<number> {
  let ended = db.deleteFrom('sessions').where('user', '=', user)
  if (keep !== undefined) ended = ended.where('uid', '!=', keep)
  return Number((await ended.executeTakeFirst()).numDeletedRows)
}

/** What a page of ours sends back with each change: other sites can neither read nor make it. */
export function toAntiForgeryToken(secret: string): string {
  return createHmac('sha256', secret).update('gatewright console csrf 1').digest('base64url')
}

/** In constant time. */
export function isAntiForgeryToken(token: string, secret: string): boolean {
  const [given, right] = [Buffer.from(token), Buffer.from(toAntiForgeryToken(secret))]
  return given.length === right.length && timingSafeEqual(given, right)
}

function toSession(row: Selectable<SessionTable>): Session {
  const { uid, user, address, agent } = row
  return { uid, user, address, agent, createdAtMs: row.created_at, lastSeenMs: row.last_seen, expiresAtMs: row.expires }
}

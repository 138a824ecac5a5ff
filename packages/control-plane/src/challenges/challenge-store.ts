/** Owns what somebody was asked and has to answer soon: a challenge of a passkey, the second half of a login. Each is answered once. */
import { createHash, randomBytes } from 'node:crypto'
import type { Doing } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'

const LIFETIME_MS = 300_000
const SECRET_BYTES = 32

export interface Challenge {
  /** What it is good for; for nothing else. */
  readonly purpose: string
  /** Whom it was given to (uid); anybody if absent. */
  readonly user?: string
  /** Five minutes if absent. */
  readonly lifetimeMs?: number
  /** Plain data that is needed when it is answered. */
  readonly facts?: unknown
}

/** What stands for it at the client: 256 bits in base64url, of which the hash alone is kept. */
export async function startChallenge({ db, nowMs }: Doing, given: Challenge): Promise<string> {
  const { purpose, user, facts, lifetimeMs = LIFETIME_MS } = given
  await db.deleteFrom('challenges').where('expires', '<=', nowMs).execute()
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const row = { hash: hashOf(secret), purpose, user: user ?? null, facts: JSON.stringify(facts ?? null) }
  await db
    .insertInto('challenges')
    .values({ ...row, expires: nowMs + lifetimeMs })
    .execute()
  return secret
}

/** It stays. Undefined: there is none, not for this, or too old. */
export async function findChallenge(
  db: Moment,
  { secret, purpose, nowMs }: { readonly secret: string; readonly purpose: string; readonly nowMs: number },
): Promise<Challenge | undefined> {
  const row = await db
    .selectFrom('challenges')
    .selectAll()
    .where('hash', '=', hashOf(secret))
    .where('purpose', '=', purpose)
    .where('expires', '>', nowMs)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { purpose, ...(row.user !== null && { user: row.user }), facts: JSON.parse(row.facts) as unknown }
}

/** It is gone, once this change is kept: who answers wrongly is to be told by a value, and not by what undoes the change. */
export async function takeChallenge(
  { db, nowMs }: Doing,
  { secret, purpose }: { readonly secret: string; readonly purpose: string },
): Promise<Challenge | undefined> {
  const found = await findChallenge(db, { secret, purpose, nowMs })
  if (found !== undefined) await db.deleteFrom('challenges').where('hash', '=', hashOf(secret)).execute()
  return found
}

/** All that a person (uid) was given: half a login with an old password is none. */
export async function dropChallenges({ db }: Doing, user: string): Promise<void> {
  await db.deleteFrom('challenges').where('user', '=', user).execute()
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

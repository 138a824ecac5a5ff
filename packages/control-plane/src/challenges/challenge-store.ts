/** Owns what somebody was asked and has to answer soon: a challenge of a passkey, the second half of a login. Each is answered once. */
import { randomBytes } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { toNetwork } from '@gatewright/policies'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'

const LIFETIME_MS = 300_000
const SECRET_BYTES = 32
/** Of those that anybody may ask for: so many at a time from one network, which may be a company behind one address, and so many in all. */
const MOST_OF_NETWORK = 200
const MOST_OF_ALL = 20_000
/** What one customer has of IPv6. */
const IPV6_PREFIX_BITS = 64

export interface Challenge {
  /** What it is good for; for nothing else. */
  readonly purpose: string
  /** Whom it was given to (uid); anybody if absent. */
  readonly user?: string
  /** Of the client, where nobody knows who it is: `findChallengeWait` is to be asked before. */
  readonly address?: string
  /** Five minutes if absent. */
  readonly lifetimeMs?: number
  /** Plain data that is needed when it is answered. */
  readonly facts?: unknown
}

/** What stands for it at the client: 256 bits in base64url, of which the hash alone is kept. */
export async function startChallenge({ db, nowMs }: Doing, given: Challenge): Promise<string> {
  const { purpose, user, address, facts, lifetimeMs = LIFETIME_MS } = given
  await db.deleteFrom('challenges').where('expires', '<=', nowMs).execute()
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  const network = address === undefined ? null : toNetworkHash(address)
  const row = { hash: toTextHash(secret), purpose, user: user ?? null, network, facts: JSON.stringify(facts ?? null) }
  await db
    .insertInto('challenges')
    .values({ ...row, expires: nowMs + lifetimeMs })
    .execute()
  return secret
}

/** Until there is room for one more that anybody may ask for, from that address. */
export async function findChallengeWait(
  db: Moment,
  { address, nowMs }: { readonly address: string; readonly nowMs: number },
): Promise<{ readonly waitMs: number }> {
  const network = toNetworkHash(address)
  const own = await findEndOf(db, { network, most: MOST_OF_NETWORK, nowMs })
  const all = await findEndOf(db, { network: undefined, most: MOST_OF_ALL, nowMs })
  return { waitMs: Math.max(own ?? nowMs, all ?? nowMs) - nowMs }
}

/** When the oldest of too many ends. Undefined: they are not too many. */
async function findEndOf(
  db: Moment,
  { network, most, nowMs }: { readonly network: string | undefined; readonly most: number; readonly nowMs: number },
): Promise<number | undefined> {
  const open = db
    .selectFrom('challenges')
    .select('expires')
    .where('expires', '>', nowMs)
    // Of before the clock was set back: nobody waits until it is then.
    .where('expires', '<=', nowMs + LIFETIME_MS)
  const counted = network === undefined ? open.where('network', 'is not', null) : open.where('network', '=', network)
  const row = await counted
    .orderBy('expires', 'desc')
    .offset(most - 1)
    .limit(1)
    .executeTakeFirst()
  return row?.expires
}

/** It stays. Undefined: there is none, not for this, or too old. */
export async function findChallenge(
  db: Moment,
  { secret, purpose, nowMs }: { readonly secret: string; readonly purpose: string; readonly nowMs: number },
): Promise<Challenge | undefined> {
  const row = await db
    .selectFrom('challenges')
    .selectAll()
    .where('hash', '=', toTextHash(secret))
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
  if (found !== undefined) await db.deleteFrom('challenges').where('hash', '=', toTextHash(secret)).execute()
  return found
}

/** All that a person (uid) was given: half a login with an old password is none. */
export async function dropChallenges({ db }: Doing, user: string): Promise<void> {
  await db.deleteFrom('challenges').where('user', '=', user).execute()
}

function toNetworkHash(address: string): string {
  return toTextHash(toNetwork(address, IPV6_PREFIX_BITS))
}

/** Owns the links with which people set their password: a new account, or one that was reset. One link a person, good once. */
import { dropChallenges, findChallenge, startChallenge } from '../challenges/challenge-store.ts'
import type { Doing } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { type User, UserFault } from './user.ts'
import { findUser, setPassword } from './user-store.ts'

const PURPOSE = 'invitation'
const LIFETIME_MS = 3 * 86_400_000

export interface Invitation {
  /** What stands in the link; nobody can ask for it later. */
  readonly secret: string
  readonly expiresAtMs: number
}

/** A link that was given before counts no more. */
export async function openInvitation(doing: Doing, user: string): Promise<Invitation> {
  await dropChallenges(doing, user)
  const secret = await startChallenge(doing, { purpose: PURPOSE, user, lifetimeMs: LIFETIME_MS })
  return { secret, expiresAtMs: doing.nowMs + LIFETIME_MS }
}

/** Whom it is for. @rejects UserFault `closed` */
export async function getInvited(db: Moment, secret: string, nowMs: number): Promise<User> {
  const found = await findChallenge(db, { secret, purpose: PURPOSE, nowMs })
  const user = found?.user === undefined ? undefined : await findUser(db, found.user)
  if (user?.state === 'active') return user
  throw new UserFault(
    'closed',
    'This link is not open: it was used, is older than three days, or there is a newer one. Ask for a new one.',
  )
}

/** `hash`: what `hashNewPassword` made. @rejects UserFault `closed` */
export async function finishInvitation(doing: Doing, secret: string, hash: string): Promise<User> {
  const { uid } = await getInvited(doing.db, secret, doing.nowMs)
  // What was asked before, this link among it, is over with that.
  return await setPassword(doing, uid, { hash })
}

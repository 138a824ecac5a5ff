/** Owns the links with which people set their password: a new account, or one that was reset. One link a person, good once. */
import type { Principal } from '../access/decide-access.ts'
import { dropChallenges, findChallenge, startChallenge } from '../challenges/challenge-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { noteHand } from './hands.ts'
import { type User, UserFault } from './user.ts'
import { findUser, setPassword } from './user-store.ts'

const PURPOSE = 'invitation'
const LIFETIME_MS = 3 * 86_400_000

export interface Invitation {
  /** What stands in the link; nobody can ask for it later. */
  readonly secret: string
  readonly expiresAtMs: number
}

/** For who asks to hand on: they could use it themselves. A link that was given before counts no more. */
export async function openInvitation(doing: Doing, user: string, by: Principal | undefined): Promise<Invitation> {
  await noteHand(doing, user, by)
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

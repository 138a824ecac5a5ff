/** Owns the first person of a control plane: whoever has the link that its operator was shown, and once. */
import { randomBytes } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { EVERY_TEAM } from '../access/grant.ts'
import { OWNER_ROLE } from '../access/role.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { hashNewPassword } from './password.ts'
import { type User, UserFault } from './user.ts'
import { createUser } from './user-store.ts'

const LIFETIME_MS = 86_400_000
const SECRET_BYTES = 32

/** What stands in the link. Undefined: there is somebody already. Each control plane that starts may have one; they all end together. */
export async function openSetUp({ db, nowMs }: Doing): Promise<string | undefined> {
  if (await hasUsers(db)) return undefined
  await db.deleteFrom('set_up').where('expires', '<=', nowMs).execute()
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  await db
    .insertInto('set_up')
    .values({ hash: toTextHash(secret), expires: nowMs + LIFETIME_MS })
    .execute()
  return secret
}

/** With the role of an owner on every team. @rejects UserFault `closed`, `weak-password`, `malformed` */
export async function finishSetUp(
  doing: Doing,
  given: { readonly secret: string; readonly email: string; readonly name: string; readonly password: string },
): Promise<User> {
  const { db, nowMs } = doing
  const { secret, email, name, password } = given
  const open = await db
    .selectFrom('set_up')
    .select('hash')
    .where('hash', '=', toTextHash(secret))
    .where('expires', '>', nowMs)
    .executeTakeFirst()
  // One change happens at a time: of two who hurry, the second finds the first.
  if (open === undefined || (await hasUsers(db))) {
    throw new UserFault(
      'closed',
      'This link is not open: set-up is done, or the link is older than a day. Start again for a new one.',
    )
  }
  // Nothing else is under way yet, so its time may be spent within the change.
  const hash = await hashNewPassword(password, { email, name })
  const facts = { email, name, grants: [{ role: OWNER_ROLE, team: EVERY_TEAM }], isBreakGlass: true }
  const user = await createUser(doing, facts, hash)
  await db.deleteFrom('set_up').execute()
  return user
}

async function hasUsers(db: Moment): Promise<boolean> {
  return (await db.selectFrom('users').select('uid').limit(1).executeTakeFirst()) !== undefined
}

/** Owns making, changing, suspending and erasing people. What is personal is kept here alone, in no version and no name of an actor. */
import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import { EVERY_TEAM, type Grant } from '../access/grant.ts'
import { OWNER_ROLE } from '../access/role.ts'
import { eraseFromAudit } from '../audit/audit-log.ts'
import { dropChallenges } from '../challenges/challenge-store.ts'
import { forgetLogins } from '../logins/login-guard.ts'
import { endSessionsOf } from '../sessions/session-store.ts'
import { containsText } from '../store/contains-text.ts'
import type { Doing } from '../store/doing.ts'
import { CursorFault, type Page, readCursor, toPage, writeCursor } from '../store/pages.ts'
import type { Moment } from '../store/store.ts'
import type { UserTable } from '../store/user-tables.ts'
import {
  foldEmail,
  type SsoSubject,
  toSsoText,
  toUser,
  type User,
  type UserFacts,
  UserFault,
  userFactsSchema,
} from './user.ts'

/** `passwordHash`: what `hashNewPassword` made. @rejects UserFault `taken`, `malformed` */
export async function createUser(doing: Doing, facts: UserFacts, passwordHash?: string): Promise<User> {
  assertFacts(facts)
  const { db, sequence, by, nowMs } = doing
  await assertFree(db, facts)
  const row: Selectable<UserTable> = {
    uid: randomUUID(),
    ...toFactsRow(facts),
    password_hash: passwordHash ?? null,
    state: 'active',
    totp: null,
    totp_step: null,
    recovery_codes: '[]',
    passkeys: '[]',
    hands: null,
    version: 1,
    sequence,
    created_at: nowMs,
    created_by: by,
    updated_at: nowMs,
    updated_by: by,
  }
  await db.insertInto('users').values(row).execute()
  return toUser(row)
}

/** `version`: the one that the change was made of; any if undefined. @rejects UserFault `not-found`, `changed`, `taken`, `malformed`, `last-owner` */
export async function replaceUser(
  doing: Doing,
  uid: string,
  { version, facts }: { readonly version: number | undefined; readonly facts: UserFacts },
): Promise<User> {
  assertFacts(facts)
  const current = await getUser(doing.db, uid)
  if (version !== undefined && version !== current.version) {
    throw new UserFault('changed', `This user has been changed meanwhile: version ${current.version}.`, current)
  }
  await assertFree(doing.db, facts, uid)
  if (!isOwner(facts.grants)) await assertOtherOwner(doing.db, current)
  return await updateUser(doing, current, toFactsRow(facts))
}

/** Shut out at once, until resumed: sessions end, tokens are refused. @rejects UserFault `not-found`, `last-owner` */
export async function suspendUser(doing: Doing, uid: string): Promise<User> {
  const current = await getUser(doing.db, uid)
  if (current.state === 'suspended') return current
  await assertOtherOwner(doing.db, current)
  await endSessionsOf(doing, uid)
  await dropChallenges(doing, uid)
  return await updateUser(doing, current, { state: 'suspended' })
}

/** @rejects UserFault `not-found` */
export async function resumeUser(doing: Doing, uid: string): Promise<User> {
  const current = await getUser(doing.db, uid)
  return current.state === 'active' ? current : await updateUser(doing, current, { state: 'active' })
}

/**
 * `hash`: what `hashNewPassword` made; undefined takes it away. Whoever is logged in is logged out, except in the session `keep`.
 * @rejects UserFault `not-found`
 */
export async function setPassword(
  doing: Doing,
  uid: string,
  { hash, keep }: { readonly hash: string | undefined; readonly keep?: string },
): Promise<User> {
  const current = await getUser(doing.db, uid)
  await endSessionsOf(doing, uid, keep)
  await dropChallenges(doing, uid)
  return await updateUser(doing, current, { password_hash: hash ?? null })
}

/** Everything that tells of the person goes; what was done stays, by a uid that leads nowhere. @rejects UserFault `not-found`, `last-owner` */
export async function eraseUser(doing: Doing, uid: string): Promise<void> {
  const { db } = doing
  const current = await getUser(db, uid)
  await assertOtherOwner(db, current)
  await endSessionsOf(doing, uid)
  await db.deleteFrom('tokens').where('user', '=', uid).execute()
  await dropChallenges(doing, uid)
  await forgetLogins(doing, current.email)
  await db.deleteFrom('users').where('uid', '=', uid).execute()
  await eraseFromAudit(doing, uid)
}

export async function findUser(db: Moment, uid: string): Promise<User | undefined> {
  const row = await db.selectFrom('users').selectAll().where('uid', '=', uid).executeTakeFirst()
  return row && toUser(row)
}

/** @rejects UserFault `not-found` */
export async function getUser(db: Moment, uid: string): Promise<User> {
  const user = await findUser(db, uid)
  if (user === undefined) throw new UserFault('not-found', 'There is no such user.')
  return user
}

/** In whatever case. */
export async function findUserByEmail(db: Moment, email: string): Promise<User | undefined> {
  const row = await db.selectFrom('users').selectAll().where('email_folded', '=', foldEmail(email)).executeTakeFirst()
  return row && toUser(row)
}

export async function findUserBySubject(db: Moment, subject: SsoSubject): Promise<User | undefined> {
  const row = await db.selectFrom('users').selectAll().where('sso_subject', '=', toSsoText(subject)).executeTakeFirst()
  return row && toUser(row)
}

export interface UserQuery {
  /** Text that stands somewhere in name or e-mail address, in any case. */
  readonly search?: string
  readonly state?: User['state']
  readonly limit: number
  /** Where the page before ended: its `next`. */
  readonly after?: string
}

/** By e-mail address. @rejects CursorFault */
export async function listUsers(db: Moment, { search, state, limit, after }: UserQuery): Promise<Page<User>> {
  let found = db.selectFrom('users').selectAll()
  if (search !== undefined) found = found.where(containsText(search))
  if (state !== undefined) found = found.where('state', '=', state)
  if (after !== undefined) found = found.where('email_folded', '>', parseCursor(after))
  const rows = await found
    .orderBy('email_folded')
    .limit(limit + 1)
    .execute()
  const { items, ...page } = toPage(rows, limit, ({ email_folded }) => writeCursor([email_folded]))
  return { items: items.map(toUser), ...page }
}

/** With a grant in this very team, by e-mail address. */
export async function listUsersOfTeam(db: Moment, team: string): Promise<readonly User[]> {
  const rows = await db
    .selectFrom('users')
    .selectAll()
    .where('grants', 'like', `%"${team}"%`)
    .orderBy('email_folded')
    .execute()
  return rows.map(toUser).filter(({ grants }) => grants.some((grant) => grant.team === team))
}

function parseCursor(text: string): string {
  const [email, ...more] = readCursor(text)
  if (typeof email !== 'string' || more.length > 0) throw new CursorFault()
  return email
}

/** May do everything everywhere. */
function isOwner(grants: readonly Grant[]): boolean {
  return grants.some(
    ({ role, team, apis, environments }) =>
      role === OWNER_ROLE && team === EVERY_TEAM && apis === undefined && environments === undefined,
  )
}

/** One change happens at a time, so two owners cannot remove each other. */
async function assertOtherOwner(db: Moment, user: User): Promise<void> {
  if (user.state !== 'active' || !isOwner(user.grants)) return
  const others = await db
    .selectFrom('users')
    .select('grants')
    .where('uid', '!=', user.uid)
    .where('state', '=', 'active')
    .where('grants', 'like', `%"${OWNER_ROLE}"%`)
    .execute()
  if (others.some(({ grants }) => isOwner(JSON.parse(grants) as readonly Grant[]))) return
  const message = `This is the last one with the role "${OWNER_ROLE}" on every team: give it to somebody else first.`
  throw new UserFault('last-owner', message, user)
}

function assertFacts(facts: UserFacts): void {
  const { error } = userFactsSchema.safeParse(facts)
  if (error === undefined) return
  const said = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new UserFault('malformed', said.join(' '))
}

async function assertFree(db: Moment, { email, sso }: UserFacts, uid?: string): Promise<void> {
  const named = await findUserByEmail(db, email)
  if (named !== undefined && named.uid !== uid) {
    throw new UserFault('taken', 'Another user has this e-mail address.', named)
  }
  const known = sso && (await findUserBySubject(db, sso))
  if (known === undefined || known.uid === uid) return
  throw new UserFault('taken', 'Another user has this subject of the provider.', known)
}

async function updateUser(doing: Doing, current: User, change: Partial<Selectable<UserTable>>): Promise<User> {
  const { db, sequence, by, nowMs } = doing
  const row = await db
    .updateTable('users')
    .set({ ...change, version: current.version + 1, sequence, updated_at: nowMs, updated_by: by })
    .where('uid', '=', current.uid)
    .returningAll()
    .executeTakeFirstOrThrow()
  return toUser(row)
}

function toFactsRow({ email, name, grants, sso, isBreakGlass = false }: UserFacts) {
  return {
    email: email.trim(),
    email_folded: foldEmail(email),
    name,
    search_text: `${email}\n${name}`.toLowerCase(),
    grants: JSON.stringify(grants),
    sso_subject: sso === undefined ? null : toSsoText(sso),
    is_break_glass: isBreakGlass ? 1 : 0,
  }
}

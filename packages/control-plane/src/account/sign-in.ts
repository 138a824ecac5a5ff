/** Owns what the routes of an account have in common: whose it is, how fresh the login is, and its beginning. */
import { z } from 'zod'
import type { AuditNote } from '../audit/audit-log.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { Asking } from '../http/route.ts'
import { toSessionCookie } from '../http/session-cookie.ts'
import type { PasskeySite } from '../passkeys/passkey-store.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { findSession, type Session, startSession, toAntiForgeryToken } from '../sessions/session-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { toAgeMs } from '../to-age-ms.ts'
import type { User } from '../users/user.ts'

export const signedInSchema = z.strictObject({
  user: z.string().meta({ description: 'Uid.' }),
  name: z.string(),
  csrfToken: z.string().meta({ description: 'Changes with the cookie of this session say it as `X-CSRF-Token`.' }),
})

/** What takes an account over is for who has just shown who they are, and not for who finds an open browser. */
const FRESH_MS = 15 * 60_000

/** Personal things are a person's. @throws AdminProblem */
export function getOwnUser({ principal }: Pick<Asking, 'principal'>): string {
  if (principal?.user !== undefined) return principal.user
  throw new AdminProblem('not-allowed', 'This is for people: log in, or bring a personal token.')
}

/** Of a browser: a token is for programs, and never for how one logs in. @rejects AdminProblem */
export async function getOwnSession(
  asking: Asking,
  db: Moment,
): Promise<{ readonly session: Session; readonly user: User }> {
  const { services, sessionSecret = '' } = asking
  const found = await findSession(db, sessionSecret, services.nowMs())
  if (found !== undefined) return found
  throw new AdminProblem('not-allowed', 'This is for who has logged in: a token cannot do it.')
}

/** @rejects AdminProblem */
export async function getFreshSession(asking: Asking, db: Moment): ReturnType<typeof getOwnSession> {
  const found = await getOwnSession(asking, db)
  if (toAgeMs(found.session.createdAtMs, asking.services.nowMs()) < FRESH_MS) return found
  throw new AdminProblem('login-too-old', 'Log in again, and then do it: who finds an open browser may not.')
}

/** Only after the last factor. */
export async function signIn(asking: Asking, doing: Doing, user: Pick<User, 'uid' | 'name'>) {
  const { address, agent } = asking
  const { secret } = await startSession(doing, { user: user.uid, address, agent })
  return {
    body: { user: user.uid, name: user.name, csrfToken: toAntiForgeryToken(secret) },
    headers: { 'set-cookie': toSessionCookie(asking, secret) },
  }
}

export function toAccountNote(action: string, { uid, email, name }: User, details: object = {}): AuditNote {
  const personal = { person: uid, facts: { email, name } }
  return { action, kind: 'user', target: uid, team: NO_TEAM, details, personal }
}

/** @throws AdminProblem where somebody has to wait */
export function assertNoWait({ waitMs }: { readonly waitMs: number }): void {
  if (waitMs === 0) return
  const seconds = String(Math.ceil(waitMs / 1000))
  throw new AdminProblem('too-many-attempts', `Wait ${seconds} s before the next attempt.`, {
    headers: { 'retry-after': seconds },
  })
}

const IP_ADDRESS = /^(?:[\d.]+|\[.*\])$/

/** Undefined: where the pages stand is not known, or it is an address, and passkeys are for names alone. */
export function findPasskeySite({ services }: Pick<Asking, 'services'>): PasskeySite | undefined {
  const origin = services.publicOrigin()
  if (origin === undefined) return undefined
  const { hostname: id } = new URL(origin)
  return IP_ADDRESS.test(id) ? undefined : { id, name: 'Gatewright', origins: [origin] }
}

/** @throws AdminProblem */
export function getPasskeySite(asking: Pick<Asking, 'services'>): PasskeySite {
  const site = findPasskeySite(asking)
  if (site !== undefined) return site
  throw new AdminProblem(
    'conflict',
    'Passkeys are made for the name of this control plane, and it does not know it: start it with --control-url.',
  )
}

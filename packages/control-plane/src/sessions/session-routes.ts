/** Owns the routes of sessions: where somebody is logged in, and the end of that. */
import { z } from 'zod'
import { getOwnUser, toAccountNote } from '../account/sign-in.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, defineChange, defineReading, type Route, type RouteAccess } from '../http/route.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { NO_TEAM } from '../resources/kind.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { getUser } from '../users/user-store.ts'
import { endSession, endSessionsOf, findSession, listSessions } from './session-store.ts'

const ofOther = z.strictObject({ user: z.string().max(64) })
const OWN: RouteAccess = { kind: 'own' }
const OTHERS: RouteAccess = { kind: 'demand', toDemand: () => ({ permission: 'session:end', team: NO_TEAM }) }

const answer = z.strictObject({
  items: z.array(
    z.strictObject({
      uid: z.string(),
      address: z.string().meta({ description: 'From where it was begun.' }),
      agent: z.string().meta({ description: 'The browser, as it calls itself.' }),
      isThis: z.boolean().meta({ description: 'With which you ask.' }),
      createdAt: timeSchema,
      lastSeenAt: timeSchema,
      expiresAt: timeSchema,
    }),
  ),
})

/** Of the session that asks, where it is one. */
async function findOwn({ sessionSecret = '', services }: Asking, db: Moment): Promise<string | undefined> {
  return (await findSession(db, sessionSecret, services.nowMs()))?.session.uid
}

async function list(asking: Asking, db: Moment, user: string): Promise<z.input<typeof answer>> {
  const own = await findOwn(asking, db)
  const items = (await listSessions(db, user, asking.services.nowMs())).map(
    ({ uid, address, agent, createdAtMs, lastSeenMs, expiresAtMs }) => ({
      uid,
      address,
      agent,
      isThis: uid === own,
      createdAt: toTime(createdAtMs),
      lastSeenAt: toTime(lastSeenMs),
      expiresAt: toTime(expiresAtMs),
    }),
  )
  return { items }
}

/** @rejects AdminProblem, UserFault */
async function end(doing: Doing, { uid, user }: { readonly uid: string; readonly user: string }) {
  const found = await getUser(doing.db, user)
  if (!(await endSession(doing, { uid, user }))) throw new AdminProblem('not-found', 'There is no such session.')
  return { body: undefined, notes: [toAccountNote('end-session', found, { session: uid })] }
}

/** @rejects UserFault */
async function endAll(doing: Doing, user: string, keep?: string) {
  const found = await getUser(doing.db, user)
  const sessions = await endSessionsOf(doing, user, keep)
  return { body: undefined, notes: sessions === 0 ? [] : [toAccountNote('end-sessions', found, { sessions })] }
}

export const SESSION_ROUTES: readonly Route[] = [
  defineReading({
    tag: 'sessions',
    name: 'listMySessions',
    path: '/me/sessions',
    summary: 'Where you are logged in, the newest first.',
    access: OWN,
    answer,
    read: async (asking, db) => ({ body: await list(asking, db, getOwnUser(asking)) }),
  }),
  defineChange({
    method: 'DELETE',
    tag: 'sessions',
    name: 'endMySession',
    path: '/me/sessions/{uid}',
    summary: 'Logs one of your browsers out.',
    access: OWN,
    params: z.strictObject({ uid: z.string().max(64) }),
    change: async (asking, doing, { params: { uid } }) => await end(doing, { uid, user: getOwnUser(asking) }),
  }),
  defineChange({
    method: 'DELETE',
    tag: 'sessions',
    name: 'endMySessions',
    path: '/me/sessions',
    summary: 'Logs you out everywhere but here.',
    access: OWN,
    change: async (asking, doing) => await endAll(doing, getOwnUser(asking), await findOwn(asking, doing.db)),
  }),
  defineReading({
    tag: 'sessions',
    name: 'listUserSessions',
    path: '/users/{user}/sessions',
    summary: 'Where somebody is logged in, the newest first.',
    access: OTHERS,
    params: ofOther,
    answer,
    async read(asking, db, { params: { user } }) {
      await getUser(db, user)
      return { body: await list(asking, db, user) }
    },
  }),
  defineChange({
    method: 'DELETE',
    tag: 'sessions',
    name: 'endUserSession',
    path: '/users/{user}/sessions/{uid}',
    summary: 'Logs one browser of somebody out.',
    access: OTHERS,
    params: ofOther.extend({ uid: z.string().max(64) }),
    change: async (_, doing, { params }) => await end(doing, params),
  }),
  defineChange({
    method: 'DELETE',
    tag: 'sessions',
    name: 'endUserSessions',
    path: '/users/{user}/sessions',
    summary: 'Logs somebody out everywhere.',
    access: OTHERS,
    params: ofOther,
    change: async (_, doing, { params: { user } }) => await endAll(doing, user),
  }),
]

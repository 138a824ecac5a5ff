/** Owns the routes of one's own account: the first one, logging in and out, who one is, and one's tokens. */
import { z } from 'zod'
import { grantSchema } from '../access/grant.ts'
import { PERMISSIONS } from '../access/permission.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, defineChange, defineReading, NOTHING, type Route } from '../http/route.ts'
import { toSessionCookie } from '../http/session-cookie.ts'
import { admitLogin, noteLogin } from '../logins/login-guard.ts'
import { actorSchema, timeSchema, toTime } from '../resources/present-resource.ts'
import type { Doing } from '../resources/resource-store.ts'
import { endSession, findSession, startSession, toAntiForgeryToken } from '../sessions/session-store.ts'
import type { Token } from '../tokens/token.ts'
import { endToken, getToken, issueToken, listTokens } from '../tokens/token-store.ts'
import { findPasswordRecord, isPasswordRight } from '../users/password.ts'
import { finishSetUp } from '../users/set-up.ts'
import type { User } from '../users/user.ts'
import { findUserByEmail } from '../users/user-store.ts'

const NONE = z.strictObject({})
const email = z.string().min(3).max(254)
const password = z.string().min(1).max(1000)

const signedInSchema = z.strictObject({
  user: z.string().meta({ description: 'Uid.' }),
  name: z.string(),
  csrfToken: z.string().meta({ description: 'Changes with the cookie of this session say it as `X-CSRF-Token`.' }),
})

const tokenShape = {
  uid: z.string(),
  name: z.string(),
  hint: z.string().meta({ description: 'Its first and last letters.' }),
  scopes: z.array(z.enum(PERMISSIONS)).exactOptional().meta({ description: 'At most these; all of yours if absent.' }),
  expiresAt: timeSchema.exactOptional(),
  lastUsedAt: timeSchema.exactOptional(),
  endedAt: timeSchema.exactOptional(),
  createdAt: timeSchema,
}
const tokenSchema = z.strictObject(tokenShape)

function presentToken(token: Token) {
  const { uid, name, hint, scopes, expiresAtMs, lastUsedMs, endedAtMs, createdAtMs } = token
  return {
    uid,
    name,
    hint,
    ...(scopes !== undefined && { scopes: [...scopes] }),
    ...(expiresAtMs !== undefined && { expiresAt: toTime(expiresAtMs) }),
    ...(lastUsedMs !== undefined && { lastUsedAt: toTime(lastUsedMs) }),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
    createdAt: toTime(createdAtMs),
  }
}

/** Personal things are a person's. @throws AdminProblem */
function getOwnUser({ principal }: Asking): string {
  if (principal?.user !== undefined) return principal.user
  throw new AdminProblem('not-allowed', 'This is for people: log in, or bring a personal token.')
}

function toAccountNote(action: string, { uid, email: address, name }: User) {
  return {
    action,
    kind: 'user',
    target: uid,
    team: '*',
    details: {},
    personal: { person: uid, facts: { email: address, name } },
  }
}

async function signIn(asking: Asking, doing: Doing, user: User) {
  const { address, agent } = asking
  const { secret } = await startSession(doing, { user: user.uid, address, agent })
  return {
    body: { user: user.uid, name: user.name, csrfToken: toAntiForgeryToken(secret) },
    headers: { 'set-cookie': toSessionCookie(asking, secret) },
  }
}

export const ACCOUNT_ROUTES: readonly Route[] = [
  defineChange({
    name: 'setUp',
    method: 'POST',
    path: '/set-up',
    summary: 'Makes the first account, which may everything, with the secret of the link that the start has printed.',
    tag: 'account',
    access: { kind: 'anybody' },
    params: NONE,
    query: NONE,
    body: z.strictObject({ secret: z.string().max(200), email, name: z.string().min(1).max(200), password }),
    answer: signedInSchema,
    status: 201,
    isSecret: true,
    async change(asking, doing, { body }) {
      const user = await finishSetUp(doing, body)
      return { ...(await signIn(asking, doing, user)), notes: [toAccountNote('set-up', user)] }
    },
  }),
  defineChange({
    name: 'logIn',
    method: 'POST',
    path: '/login',
    summary: 'Begins a session, whose cookie is set.',
    tag: 'account',
    access: { kind: 'anybody' },
    params: NONE,
    query: NONE,
    body: z.strictObject({ email, password }),
    answer: signedInSchema,
    isSecret: true,
    async prepare({ services, address }, { body }) {
      const { store, nowMs } = services
      const { waitMs } = await store.write((change) =>
        admitLogin({ ...change, by: 'system', nowMs: nowMs() }, { email: body.email, address }),
      )
      if (waitMs > 0) {
        throw new AdminProblem('too-many-attempts', `Wait ${Math.ceil(waitMs / 1000)} s before the next attempt.`, {
          headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) },
        })
      }
      return await isPasswordRight(body.password, await store.read((db) => findPasswordRecord(db, body.email)))
    },
    async change(asking, doing, { body, prepared: isRight }) {
      const user = isRight ? await findUserByEmail(doing.db, body.email) : undefined
      if (user === undefined || user.state !== 'active') {
        throw new AdminProblem('login-refused', 'The e-mail address or the password is wrong.')
      }
      await noteLogin(doing, { email: body.email, address: asking.address })
      return { ...(await signIn(asking, doing, user)), notes: [toAccountNote('log-in', user)] }
    },
  }),
  defineChange({
    name: 'logOut',
    method: 'POST',
    path: '/logout',
    summary: 'Ends the session of the cookie.',
    tag: 'account',
    access: { kind: 'known' },
    params: NONE,
    query: NONE,
    body: NOTHING,
    answer: NOTHING,
    async change(asking, doing) {
      const found = await findSession(doing.db, asking.sessionSecret ?? '', doing.nowMs)
      if (found !== undefined) await endSession(doing, { uid: found.session.uid, user: found.user.uid })
      return {
        body: undefined,
        headers: { 'set-cookie': toSessionCookie(asking, undefined) },
        notes: found === undefined ? [] : [toAccountNote('log-out', found.user)],
      }
    },
  }),
  defineReading({
    name: 'getMe',
    path: '/me',
    summary: 'Who asks, and what they may.',
    tag: 'account',
    access: { kind: 'known' },
    params: NONE,
    query: NONE,
    answer: z.strictObject({
      actor: actorSchema,
      name: z.string(),
      grants: z.array(grantSchema),
      scopes: z.array(z.enum(PERMISSIONS)).exactOptional(),
      csrfToken: z.string().exactOptional(),
    }),
    async read({ principal, sessionSecret }) {
      const { actor, name, grants, scopes } = principal ?? { actor: '', name: '', grants: [], scopes: undefined }
      const body = {
        actor,
        name,
        grants: grants.map(({ apis, environments, ...grant }) => ({
          ...grant,
          ...(apis && { apis: [...apis] }),
          ...(environments && { environments: [...environments] }),
        })),
        ...(scopes !== undefined && { scopes: [...scopes] }),
        ...(sessionSecret !== undefined && { csrfToken: toAntiForgeryToken(sessionSecret) }),
      }
      return { body }
    },
  }),
  defineReading({
    name: 'listMyTokens',
    path: '/me/tokens',
    summary: 'Your own tokens.',
    tag: 'account',
    access: { kind: 'known' },
    params: NONE,
    query: NONE,
    answer: z.strictObject({ items: z.array(tokenSchema) }),
    async read(asking, db) {
      const tokens = await listTokens(db, { user: getOwnUser(asking), limit: 500 })
      return { body: { items: tokens.map(presentToken) } }
    },
  }),
  defineChange({
    name: 'issueMyToken',
    method: 'POST',
    path: '/me/tokens',
    summary: 'Makes a token with which programs may what you may, or less. It is shown now, and never again.',
    tag: 'account',
    access: { kind: 'known' },
    params: NONE,
    query: NONE,
    body: z.strictObject({
      name: z.string().min(1).max(200),
      scopes: z.array(z.enum(PERMISSIONS)).min(1).optional(),
      expiresAt: z.iso.datetime().optional(),
    }),
    answer: z.strictObject({ ...tokenShape, value: z.string() }),
    status: 201,
    isSecret: true,
    async change(asking, doing, { body: { name, scopes, expiresAt } }) {
      const { principal } = asking
      const limits = principal?.scopes
      if (limits !== undefined && (scopes ?? PERMISSIONS).some((scope) => !limits.includes(scope))) {
        throw new AdminProblem('not-allowed', 'A token gives no other one more than it has itself: say fewer "scopes".')
      }
      const { token, value } = await issueToken(doing, {
        kind: 'personal',
        user: getOwnUser(asking),
        name,
        ...(scopes !== undefined && { scopes }),
        ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }),
      })
      const note = {
        action: 'issue',
        kind: 'token',
        target: token.uid,
        team: '*',
        details: { name, scopes, expiresAt },
      }
      return { body: { ...presentToken(token), value }, notes: [note] }
    },
  }),
  defineChange({
    name: 'endMyToken',
    method: 'DELETE',
    path: '/me/tokens/{uid}',
    summary: 'Ends one of your tokens: it is refused from now on.',
    tag: 'account',
    access: { kind: 'known' },
    params: z.strictObject({ uid: z.string().max(64) }),
    query: NONE,
    body: NOTHING,
    answer: NOTHING,
    async change(asking, doing, { params: { uid } }) {
      const token = await getToken(doing.db, uid)
      if (token.kind !== 'personal' || token.user !== getOwnUser(asking)) {
        throw new AdminProblem('not-found', 'You have no such token.')
      }
      await endToken(doing, uid)
      return {
        body: undefined,
        notes: [{ action: 'end', kind: 'token', target: uid, team: '*', details: { name: token.name } }],
      }
    },
  }),
]

/** Owns the routes of one's own account: the first one, who one is, and one's tokens. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { grantSchema, presentGrant } from '../access/grant.ts'
import { PERMISSIONS } from '../access/permission.ts'
import { findActorNames } from '../audit/find-actor-names.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { toAntiForgeryToken } from '../sessions/session-store.ts'
import { assertNoLonger } from '../tokens/assert-no-longer.ts'
import { presentToken, tokenSchema, tokenShape } from '../tokens/present-token.ts'
import { endToken, getToken, issueToken, listTokens } from '../tokens/token-store.ts'
import { finishSetUp } from '../users/set-up.ts'
import { getOwnUser, signedInSchema, signIn, toAccountNote } from './sign-in.ts'

const email = z.string().min(3).max(254)
const password = z.string().min(1).max(1000)

export const ACCOUNT_ROUTES: readonly Route[] = [
  defineChange({
    name: 'setUp',
    method: 'POST',
    path: '/set-up',
    summary: 'Makes the first account, which may everything, with the secret of the link that the start has printed.',
    tag: 'account',
    access: { kind: 'anybody' },
    body: z.strictObject({ secret: z.string().max(200), email, name: z.string().min(1).max(200), password }),
    answer: signedInSchema,
    status: 201,
    isSecret: true,
    async change(asking, doing, { body }) {
      const user = await finishSetUp(doing, body)
      return { ...(await signIn(asking, doing, user)), notes: [toAccountNote('set-up', user)] }
    },
  }),
  defineReading({
    name: 'getMe',
    path: '/me',
    summary: 'Who asks, and what they may.',
    tag: 'account',
    access: { kind: 'known' },
    answer: z.strictObject({
      actor: actorSchema,
      name: z.string(),
      fullName: z.string().exactOptional().meta({ description: 'Of a token: whose it is, too.' }),
      grants: z.array(grantSchema),
      scopes: z.array(z.enum(PERMISSIONS)).exactOptional(),
      csrfToken: z.string().exactOptional(),
    }),
    async read({ principal, sessionSecret }, db) {
      const { actor, name, grants, scopes } = principal ?? { actor: '', name: '', grants: [], scopes: undefined }
      const said = { by: actor, personal: undefined }
      const fullName = (await findActorNames(db, [said]))(said)
      const body = {
        actor,
        name,
        ...(fullName !== undefined && fullName !== name && { fullName }),
        grants: grants.map(presentGrant),
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
    access: { kind: 'own' },
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
    access: { kind: 'own' },
    body: z.strictObject({
      name: z.string().min(1).max(200),
      scopes: z.array(z.enum(PERMISSIONS)).min(1).optional(),
      expiresAt: z.iso.datetime().optional(),
    }),
    answer: z.strictObject({ ...tokenShape, value: z.string() }),
    status: 201,
    isSecret: true,
    async change(asking, doing, { body: { name, scopes, expiresAt } }) {
      assertNoLonger(asking.principal, expiresAt)
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
        team: NO_TEAM,
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
    access: { kind: 'own' },
    params: z.strictObject({ uid: z.string().max(64) }),
    async change(asking, doing, { params: { uid } }) {
      const token = await getToken(doing.db, uid)
      if (token.kind !== 'personal' || token.user !== getOwnUser(asking)) {
        throw new AdminProblem('not-found', 'You have no such token.')
      }
      await endToken(doing, uid)
      return {
        body: undefined,
        notes: [{ action: 'end', kind: 'token', target: uid, team: NO_TEAM, details: { name: token.name } }],
      }
    },
  }),
]

/** Owns the admin API's routes of the tokens that nodes come with. To rotate one: issue another, give it to the machines, end the old one. */
import { z } from 'zod'
import { defineChange, defineReading } from '../http/route.ts'
import { toTime } from '../http/time.ts'
import { NODE_GROUP } from '../kinds.ts'
import { NO_TEAM, toRef } from '../resources/kind.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { endNodeToken, issueNodeToken, listNodeTokens, type NodeToken } from './node-token-store.ts'

const tokenShape = {
  uid: z.string(),
  name: z.string(),
  hint: z.string(),
  expiresAt: z.string().optional(),
  endedAt: z.string().optional(),
  createdAt: z.string(),
  createdBy: z.string(),
}
const tokenSchema = z.strictObject(tokenShape)
const ofGroup = z.strictObject({ group: z.string().max(100) })
const ofToken = z.strictObject({ group: z.string().max(100), uid: z.string().max(64) })
const access = (permission: 'node:read' | 'node:edit') => ({
  kind: 'demand' as const,
  toDemand: () => ({ permission, team: NO_TEAM }),
})

const getGroup = (db: Moment, id: string) => getResource(db, toRef(NODE_GROUP, { id }))

function present({ group: _, expiresAtMs, endedAtMs, createdAtMs, ...token }: NodeToken) {
  return {
    ...token,
    ...(expiresAtMs !== undefined && { expiresAt: toTime(expiresAtMs) }),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
    createdAt: toTime(createdAtMs),
  }
}

const toNote = (action: string, { uid, name }: NodeToken, group: string) => ({
  action,
  kind: 'node-token',
  target: uid,
  team: NO_TEAM,
  details: { name, group },
})

export const NODE_TOKEN_ROUTES = [
  defineReading({
    name: 'listNodeTokens',
    path: '/node-groups/{group}/tokens',
    summary: 'The tokens that nodes of a group come with.',
    tag: 'node group',
    access: access('node:read'),
    params: ofGroup,
    answer: z.strictObject({ items: z.array(tokenSchema) }),
    async read(_, db, { params }) {
      const { uid } = await getGroup(db, params.group)
      return { body: { items: (await listNodeTokens(db, uid)).map(present) } }
    },
  }),
  defineChange({
    name: 'issueNodeToken',
    method: 'POST',
    path: '/node-groups/{group}/tokens',
    summary:
      'Makes a token with which machines get what they are to run, and nothing else. It is shown now, and never again.',
    tag: 'node group',
    access: access('node:edit'),
    params: ofGroup,
    body: z.strictObject({ name: z.string().trim().min(1).max(200), expiresAt: z.iso.datetime().optional() }),
    answer: z.strictObject({ ...tokenShape, value: z.string() }),
    status: 201,
    isSecret: true,
    async change(_, doing, { params, body: { name, expiresAt } }) {
      const { uid } = await getGroup(doing.db, params.group)
      const terms = { group: uid, name, ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }) }
      const { token, value } = await issueNodeToken(doing, terms)
      return { body: { ...present(token), value }, notes: [toNote('issue', token, params.group)] }
    },
  }),
  defineChange({
    name: 'endNodeToken',
    method: 'DELETE',
    path: '/node-groups/{group}/tokens/{uid}',
    summary: 'Ends a token of nodes: they serve on with what they have, and get nothing new by it.',
    tag: 'node group',
    access: access('node:edit'),
    params: ofToken,
    async change(_, doing, { params }) {
      const { uid: group } = await getGroup(doing.db, params.group)
      const token = await endNodeToken(doing, { group, uid: params.uid })
      return { body: undefined, notes: [toNote('end', token, params.group)] }
    },
  }),
]

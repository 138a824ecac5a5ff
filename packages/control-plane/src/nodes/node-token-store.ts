/** Owns issuing, finding and ending the tokens of nodes. They open what nodes ask for and nothing else, and nothing else opens that. */
import { randomUUID } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { createIssuedKey, judgeIssuedKey } from '@gatewright/policies'
import type { Selectable } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { findResources } from '../resources/find-resources.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { NodeTokenTable } from '../store/tables.ts'
import { TokenFault } from '../tokens/token.ts'
import type { NodeGroupBody } from './node-group-body.ts'

const PREFIX = 'gwn_'
const HINT_START = 8
const HINT_END = 4

export interface NodeToken {
  readonly uid: string
  /** Uid of the group. */
  readonly group: string
  /** For people: where it is used. */
  readonly name: string
  readonly hint: string
  /** Milliseconds since the epoch; never if absent. */
  readonly expiresAtMs?: number
  readonly endedAtMs?: number
  readonly createdAtMs: number
  readonly createdBy: Actor
}

export interface NodeTokenRequest {
  readonly group: string
  readonly name: string
  readonly expiresAtMs?: number
}

/** `value` is the token itself: nobody can ask for it later. @rejects TokenFault `malformed` */
export async function issueNodeToken(
  { db, sequence, by, nowMs }: Doing,
  { group, name, expiresAtMs }: NodeTokenRequest,
): Promise<{ readonly token: NodeToken; readonly value: string }> {
  if ((expiresAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) {
    throw new TokenFault('malformed', 'expiresAtMs: It is in the past.')
  }
  const value = createIssuedKey(PREFIX)
  const row: Selectable<NodeTokenTable> = {
    uid: randomUUID(),
    node_group: group,
    name,
    hash: toTextHash(value),
    hint: `${value.slice(0, HINT_START)}…${value.slice(-HINT_END)}`,
    expires: expiresAtMs ?? null,
    ended_at: null,
    sequence,
    created_at: nowMs,
    created_by: by,
  }
  await db.insertInto('node_tokens').values(row).execute()
  return { token: toToken(row), value }
}

export type NodeGroup = Resource<NodeGroupBody>

/** Whose token it is. Undefined: the token is none, is over, or its group is gone. */
export async function findNodeGroup(db: Moment, value: string, nowMs: number): Promise<NodeGroup | undefined> {
  if (judgeIssuedKey(value, PREFIX) !== 'issued') return undefined
  const row = await db.selectFrom('node_tokens').selectAll().where('hash', '=', toTextHash(value)).executeTakeFirst()
  if (row === undefined || row.ended_at !== null || (row.expires !== null && row.expires <= nowMs)) return undefined
  return (await findResources(db, [row.node_group])).get(row.node_group) as NodeGroup | undefined
}

/** Of a node that has proven its name. Undefined: it is in no group, or in several. */
export async function findGroupOfNode(db: Moment, name: string): Promise<NodeGroup | undefined> {
  const groups = (await listAllResources(db, 'node-group')) as NodeGroup[]
  const [group, ...others] = groups.filter(({ body }) => body.nodes?.includes(name))
  return others.length === 0 ? group : undefined
}

/** A token opens a group, and says nothing of who has it: a name that is proven in another group is nobody's there. */
export async function isNamedElsewhere(db: Moment, name: string, { body: { nodes } }: NodeGroup): Promise<boolean> {
  if (nodes?.includes(name) === true) return false
  const groups = await listAllResources(db, 'node-group')
  return groups.some(({ body }) => (body as NodeGroupBody).nodes?.includes(name) === true)
}

/** In the order of their uids, those that ended among them. */
export async function listNodeTokens(db: Moment, group: string): Promise<NodeToken[]> {
  const rows = await db.selectFrom('node_tokens').selectAll().where('node_group', '=', group).orderBy('uid').execute()
  return rows.map(toToken)
}

/** Refused from now on. @rejects TokenFault `not-found`, `ended` */
export async function endNodeToken(
  { db, sequence, nowMs }: Doing,
  { group, uid }: { readonly group: string; readonly uid: string },
): Promise<NodeToken> {
  const mine = db.selectFrom('node_tokens').selectAll().where('uid', '=', uid).where('node_group', '=', group)
  const row = await mine.executeTakeFirst()
  if (row === undefined) throw new TokenFault('not-found', 'The group has no such token.')
  if (row.ended_at !== null) throw new TokenFault('ended', 'This token has been ended already.')
  await db.updateTable('node_tokens').set({ ended_at: nowMs, sequence }).where('uid', '=', uid).execute()
  return toToken({ ...row, ended_at: nowMs })
}

function toToken(row: Selectable<NodeTokenTable>): NodeToken {
  return {
    uid: row.uid,
    group: row.node_group,
    name: row.name,
    hint: row.hint,
    ...(row.expires !== null && { expiresAtMs: row.expires }),
    ...(row.ended_at !== null && { endedAtMs: row.ended_at }),
    createdAtMs: row.created_at,
    createdBy: row.created_by as Actor,
  }
}

/** Owns issuing, finding and ending tokens. A token is shown when it is issued, and never again. */
import { randomUUID } from 'node:crypto'
import { toTextHash } from '@gatewright/model'
import { createIssuedKey, judgeIssuedKey } from '@gatewright/policies'
import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { type Grant, grantSchema } from '../access/grant.ts'
import { PERMISSIONS, type Permission } from '../access/permission.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import type { TokenTable } from '../store/user-tables.ts'
import { toUserPrincipal } from '../users/user.ts'
import { findUser } from '../users/user-store.ts'
import { type Token, TokenFault, type TokenRequest } from './token.ts'

const PREFIXES = { personal: 'gwp_', service: 'gws_' } as const
const HINT_START = 8
const HINT_END = 4
/** Of who did something: by a token, or as whom a federation lets in. */
const ACTOR = 'token:'
const FEDERATION = 'federation:'
const MOST_NAME_LETTERS = 200
/** Tokens that were made by tokens: longer rows than that are nobody's. */
const MOST_MAKERS = 100
/** Used more often is written no more often: each change of the store is one for everybody. */
const USED_EACH_MS = 60_000

const terms = {
  name: z.string().trim().min(1).max(MOST_NAME_LETTERS),
  scopes: z.array(z.enum(PERMISSIONS)).min(1).exactOptional(),
  expiresAtMs: z.int().exactOptional(),
}
const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('personal'), user: z.string(), ...terms }),
  z.strictObject({ kind: z.literal('service'), team: z.string().min(1), grants: z.array(grantSchema), ...terms }),
])

/** `value` is the token itself: nobody can ask for it later. @rejects TokenFault `malformed` */
export async function issueToken(
  { db, sequence, by, nowMs }: Doing,
  request: TokenRequest,
): Promise<{ readonly token: Token; readonly value: string }> {
  const { error } = requestSchema.safeParse(request)
  const said = error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
  if ((request.expiresAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) said.push('expiresAtMs: It is in the past.')
  if (said.length > 0) throw new TokenFault('malformed', said.join(' '))
  const value = createIssuedKey(PREFIXES[request.kind])
  const row: Selectable<TokenTable> = {
    uid: randomUUID(),
    user: request.kind === 'personal' ? request.user : null,
    team: request.kind === 'service' ? request.team : null,
    name: request.name.trim(),
    grants: JSON.stringify(request.kind === 'service' ? request.grants : []),
    scopes: request.scopes === undefined ? null : JSON.stringify(request.scopes),
    hash: toTextHash(value),
    hint: `${value.slice(0, HINT_START)}…${value.slice(-HINT_END)}`,
    expires: request.expiresAtMs ?? null,
    last_used: null,
    ended_at: null,
    sequence,
    created_at: nowMs,
    created_by: by,
  }
  await db.insertInto('tokens').values(row).execute()
  return { token: toToken(row), value }
}

export interface FoundToken {
  readonly token: Token
  /** With the grants that its user has now. */
  readonly principal: Principal
  /** `noteTokenUse` is to be called. */
  readonly isUseDue: boolean
}

/** Undefined: there is none, it is over, or its user is suspended. What is no token of ours is told without a look into the store. */
export async function findToken(db: Moment, value: string, nowMs: number): Promise<FoundToken | undefined> {
  if (!Object.values(PREFIXES).some((prefix) => judgeIssuedKey(value, prefix) === 'issued')) return undefined
  const row = await db.selectFrom('tokens').selectAll().where('hash', '=', toTextHash(value)).executeTakeFirst()
  if (row === undefined) return undefined
  const principal = await findTokenPrincipal(db, row, nowMs)
  if (principal === undefined) return undefined
  return {
    token: toToken(row),
    principal,
    isUseDue: row.last_used === null || row.last_used + USED_EACH_MS <= nowMs,
  }
}

/** Who has done something, with what they may now. Undefined: nobody any more. */
export async function findPrincipalOf(db: Moment, actor: Actor, nowMs: number): Promise<Principal | undefined> {
  const [kind, uid = ''] = actor.split(':')
  if (kind === 'user') {
    const user = await findUser(db, uid)
    return user?.state === 'active' ? toUserPrincipal(user) : undefined
  }
  if (kind !== 'token') return undefined
  const row = await db.selectFrom('tokens').selectAll().where('uid', '=', uid).executeTakeFirst()
  return row && (await findTokenPrincipal(db, row, nowMs))
}

/** Who has asked for what waits: it outlives tokens that expire, and none that somebody has ended. Undefined: nobody any more. */
export async function findAsker(db: Moment, actor: Actor): Promise<Principal | undefined> {
  return await findPrincipalOf(db, actor, 0)
}

async function findTokenPrincipal(
  db: Moment,
  row: Selectable<TokenTable>,
  nowMs: number,
): Promise<Principal | undefined> {
  if (row.ended_at !== null || (row.expires !== null && row.expires <= nowMs)) return undefined
  const token = toToken(row)
  const grants = await findGrants(db, token)
  if (grants === undefined) return undefined
  const { uid, name, scopes, expiresAtMs } = token
  return {
    actor: `token:${uid}`,
    name,
    ...(token.kind === 'personal' && { user: token.user }),
    grants,
    ...(scopes !== undefined && { scopes }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }
}

export async function noteTokenUse({ db, nowMs }: Doing, uid: string): Promise<void> {
  await db
    .updateTable('tokens')
    .set({ last_used: nowMs })
    .where('uid', '=', uid)
    .where(({ or, eb }) => or([eb('last_used', 'is', null), eb('last_used', '<=', nowMs - USED_EACH_MS)]))
    .execute()
}

/** @rejects TokenFault `not-found` */
export async function getToken(db: Moment, uid: string): Promise<Token> {
  const row = await db.selectFrom('tokens').selectAll().where('uid', '=', uid).executeTakeFirst()
  if (row === undefined) throw new TokenFault('not-found', 'There is no such token.')
  return toToken(row)
}

/** A token is its user, and one of a team is who made it: else one person asks by it and lets that through. Else the actor. */
export async function findPerson(db: Moment, { user, actor }: Principal): Promise<string> {
  return user ?? (await findMaker(db, actor)) ?? actor
}

/** Uid of the person who made a token, or the token that made it, and so on; or the federation (`federation:<uid>`). Undefined: nobody did, or it is none. */
export async function findMaker(db: Moment, actor: Actor): Promise<string | undefined> {
  let current: string = actor
  for (let step = 0; step < MOST_MAKERS; step++) {
    const [kind, uid = ''] = current.split(':')
    if (kind === 'user') return uid
    if (kind === 'federation') return current
    if (kind !== 'token') return undefined
    const row = await db.selectFrom('tokens').select(['user', 'created_by']).where('uid', '=', uid).executeTakeFirst()
    if (row === undefined) return undefined
    current = row.user === null ? row.created_by : `user:${row.user}`
  }
  return undefined
}

export interface TokenQuery {
  /** Of a person (uid), or of these teams (ids); all if both are absent. */
  readonly user?: string
  readonly teams?: readonly string[]
  /** None of a person. */
  readonly isOfService?: boolean
  readonly limit: number
  /** Uid of the last of the page before. */
  readonly after?: string
}

/** In the order of their uids, those that ended among them. */
export async function listTokens(db: Moment, query: TokenQuery): Promise<Token[]> {
  const { user, teams, isOfService, limit, after } = query
  let found = db.selectFrom('tokens').selectAll()
  if (user !== undefined) found = found.where('user', '=', user)
  if (teams !== undefined) found = found.where('team', 'in', teams.length === 0 ? [''] : teams)
  if (isOfService === true) found = found.where('user', 'is', null)
  if (after !== undefined) found = found.where('uid', '>', after)
  return (await found.orderBy('uid').limit(limit).execute()).map(toToken)
}

/** Refused from now on. @rejects TokenFault `not-found`, `ended` */
export async function endToken({ db, sequence, nowMs }: Doing, uid: string): Promise<Token> {
  const token = await getToken(db, uid)
  if (token.endedAtMs !== undefined) throw new TokenFault('ended', 'This token has been ended already.')
  await db.updateTable('tokens').set({ ended_at: nowMs, sequence }).where('uid', '=', uid).execute()
  return { ...token, endedAtMs: nowMs, sequence }
}

/** All of a person. Gives how many there were. */
export async function endTokensOf({ db, sequence, nowMs }: Doing, user: string): Promise<number> {
  const { numUpdatedRows } = await db
    .updateTable('tokens')
    .set({ ended_at: nowMs, sequence })
    .where('user', '=', user)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Those of federations that ended so long ago: they come by the thousand. Whoever has put what lets people in stays known. */
export async function dropOldTokens({ db, nowMs }: Doing, keptMs: number): Promise<void> {
  await db
    .deleteFrom('tokens')
    .where('created_by', 'like', `${FEDERATION}%`)
    .where('expires', '<=', nowMs - keptMs)
    .where('uid', 'not in', (eb) =>
      eb
        .selectFrom('resource_versions')
        .select(sql<string>`substr(${sql.ref('by')}, ${sql.lit(ACTOR.length + 1)})`.as('token'))
        .where('by', 'like', `${ACTOR}%`)
        .where('resource', 'in', (of) =>
          of
            .selectFrom('resources')
            .select('uid')
            .where('kind', 'in', ['identity-provider', 'federation'])
            // Of those that are gone, the ones whose tokens are kept.
            .union(
              of
                .selectFrom('tokens')
                .select(sql<string>`substr(created_by, ${sql.lit(FEDERATION.length + 1)})`.as('uid'))
                .where('created_by', 'like', `${FEDERATION}%`),
            ),
        ),
    )
    .execute()
}

async function findGrants(db: Moment, token: Token): Promise<readonly Grant[] | undefined> {
  if (token.kind === 'service') return token.grants
  const user = await findUser(db, token.user)
  return user?.state === 'active' ? user.grants : undefined
}

function toToken(row: Selectable<TokenTable>): Token {
  const { uid, user, team, name, hint, sequence } = row
  const whose =
    user === null
      ? { kind: 'service' as const, team: team ?? '', grants: JSON.parse(row.grants) as readonly Grant[] }
      : { kind: 'personal' as const, user }
  return {
    uid,
    ...whose,
    name,
    hint,
    ...(row.scopes !== null && { scopes: JSON.parse(row.scopes) as readonly Permission[] }),
    ...(row.expires !== null && { expiresAtMs: row.expires }),
    ...(row.last_used !== null && { lastUsedMs: row.last_used }),
    ...(row.ended_at !== null && { endedAtMs: row.ended_at }),
    sequence,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
  }
}

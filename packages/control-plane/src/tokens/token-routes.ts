/** Owns the routes of tokens that are a team's and nobody's own: for programs that outlive who made them. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { grantSchema, presentGrant } from '../access/grant.ts'
import { PERMISSIONS } from '../access/permission.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { PAGE_ANSWER, PAGE_QUERY } from '../http/page-query.ts'
import { defineChange, defineReading, type Route } from '../http/route.ts'
import { toPage } from '../store/pages.ts'
import { assertMayGive } from '../users/assert-may-give.ts'
import { assertNoLonger } from './assert-no-longer.ts'
import { presentToken, tokenShape } from './present-token.ts'
import type { Token } from './token.ts'
import { endToken, getToken, issueToken, listTokens } from './token-store.ts'

const ofTeam = z.strictObject({ team: partIdSchema })
const toDemand = ({ team }: { readonly team: string }) => ({ permission: 'token:edit' as const, team })
const EDIT = { tag: 'tokens', access: { kind: 'demand', toDemand } } as const

const shape = { ...tokenShape, team: z.string(), grants: z.array(grantSchema), createdBy: actorSchema }
const tokenSchema = z.strictObject(shape)

function present(token: Token & { readonly kind: 'service' }): z.input<typeof tokenSchema> {
  const { team, grants, createdBy } = token
  return { ...presentToken(token), team, grants: grants.map(presentGrant), createdBy }
}

function isOfService(token: Token): token is Token & { readonly kind: 'service' } {
  return token.kind === 'service'
}

const list = defineReading({
  name: 'listTokens',
  path: '/tokens',
  summary: 'Tokens of teams that you may see, those that ended among them, in pages.',
  tag: 'tokens',
  access: { kind: 'some-team', permission: 'token:read' },
  query: z.strictObject({
    team: partIdSchema.optional().meta({ description: 'Only of this team.' }),
    ...PAGE_QUERY,
  }),
  answer: z.strictObject({ items: z.array(tokenSchema), ...PAGE_ANSWER }),
  async read({ teams }, db, { query: { team, limit, after } }) {
    const shown = teams === 'all' ? team && [team] : teams.filter((each) => team === undefined || each === team)
    const query = { limit: limit + 1, ...(shown && { teams: shown }), ...(after !== undefined && { after }) }
    const tokens = (await listTokens(db, { isOfService: true, ...query })).filter(isOfService)
    const { items, ...page } = toPage(tokens, limit, ({ uid }) => uid)
    return { body: { items: items.map(present), ...page } }
  },
})

const issue = defineChange({
  ...EDIT,
  name: 'issueToken',
  method: 'POST',
  path: '/tokens/{team}',
  summary: 'Makes a token of a team, with grants of its own. It is shown now, and never again.',
  params: ofTeam,
  body: z.strictObject({
    name: z.string().min(1).max(200),
    grants: z.array(grantSchema).min(1).meta({ description: 'No more than you have yourself.' }),
    scopes: z.array(z.enum(PERMISSIONS)).min(1).optional(),
    expiresAt: z.iso.datetime().optional(),
  }),
  answer: z.strictObject({ ...shape, value: z.string() }),
  status: 201,
  isSecret: true,
  async change(asking, doing, { params: { team }, body: { name, grants, scopes, expiresAt } }) {
    await assertMayGive(asking, doing.db, grants)
    assertNoLonger(asking.principal, expiresAt)
    const { token, value } = await issueToken(doing, {
      kind: 'service',
      team,
      name,
      grants,
      ...(scopes !== undefined && { scopes }),
      ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }),
    })
    if (!isOfService(token)) throw new TypeError('a token of a team was asked for')
    const details = { name, grants, scopes, expiresAt }
    const notes = [{ action: 'issue', kind: 'token', target: token.uid, team, details }]
    return { body: { ...present(token), value }, notes }
  },
})

const end = defineChange({
  ...EDIT,
  name: 'endToken',
  method: 'DELETE',
  path: '/tokens/{team}/{uid}',
  summary: 'Ends a token of a team: it is refused from now on.',
  params: ofTeam.extend({ uid: z.string().max(64) }),
  async change(_, doing, { params: { team, uid } }) {
    const token = await getToken(doing.db, uid)
    if (!isOfService(token) || token.team !== team) throw new AdminProblem('not-found', 'The team has no such token.')
    await endToken(doing, uid)
    return {
      body: undefined,
      notes: [{ action: 'end', kind: 'token', target: uid, team, details: { name: token.name } }],
    }
  },
})

export const TOKEN_ROUTES: readonly Route[] = [list, issue, end]

/** Owns the routes of who is in a team: for who looks after it, and has no say about other teams. */
import { z } from 'zod'
import { type Grant, grantSchema, presentGrant } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'
import { toAccountNote } from '../account/sign-in.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { defineChange, defineReading, type Route, type RouteAccess } from '../http/route.ts'
import type { Doing } from '../store/doing.ts'
import { assertMayGive, assertMayManage, listOthers } from '../users/assert-may-give.ts'
import { openInvitation } from '../users/invitation.ts'
import { linkSchema, presentLink, toFacts } from '../users/present-user.ts'
import { type User, userFactsSchema } from '../users/user.ts'
import { createUser, findUserByEmail, listUsersOfTeam, replaceUser } from '../users/user-store.ts'

const params = z.strictObject({ team: partIdSchema })
type At = z.output<typeof params>
const demand = (permission: Permission): RouteAccess<At> => ({
  kind: 'demand',
  toDemand: ({ team }) => ({ permission, team }),
})

const memberGrantSchema = grantSchema.omit({ team: true })
const memberSchema = z.strictObject({
  uid: z.string(),
  email: z.string(),
  name: z.string(),
  state: z.enum(['active', 'suspended']),
  grants: z.array(memberGrantSchema).meta({ description: 'In this team.' }),
})

function presentMember({ uid, email, name, state, grants }: User, team: string) {
  const own = grants.filter((grant) => grant.team === team)
  return { uid, email, name, state, grants: own.map((grant) => toMemberGrant(grant)) }
}

function toMemberGrant(grant: Grant) {
  const { team: _, ...rest } = presentGrant(grant)
  return rest
}

interface Wanted {
  readonly email: string
  readonly name: string | undefined
  readonly grants: readonly Grant[]
}

/** @rejects AdminProblem, UserFault */
async function create(doing: Doing, { email, name, grants }: Wanted): Promise<User> {
  if (name !== undefined) return await createUser(doing, { email, name, grants })
  throw new AdminProblem(
    'request-invalid',
    'Nobody has this e-mail address yet: say "name" too, and an account is made.',
  )
}

const list = defineReading({
  name: 'listMembers',
  path: '/teams/{team}/members',
  summary: 'Who has grants in one team. Those of every team are not among them.',
  tag: 'teams',
  access: demand('user:read'),
  params,
  answer: z.strictObject({ items: z.array(memberSchema) }),
  async read(_, db, { params: { team } }) {
    return { body: { items: (await listUsersOfTeam(db, team)).map((user) => presentMember(user, team)) } }
  },
})

const put = defineChange({
  name: 'putMember',
  method: 'PUT',
  path: '/teams/{team}/members',
  summary:
    'What a person may do in one team, in place of what it was; nothing takes it away. Who has no account gets a link.',
  tag: 'teams',
  access: demand('user:edit'),
  params,
  body: z.strictObject({
    email: userFactsSchema.shape.email,
    name: userFactsSchema.shape.name.optional().meta({ description: 'Of who has no account yet.' }),
    grants: z.array(memberGrantSchema),
  }),
  answer: z.strictObject({ member: memberSchema, link: linkSchema.exactOptional() }),
  isSecret: true,
  async change(asking, doing, { params: { team }, body }) {
    const before = await findUserByEmail(doing.db, body.email)
    const grants = body.grants.map((grant) => ({ ...grant, team }))
    const old = before?.grants.filter((grant) => grant.team === team) ?? []
    await assertMayManage(asking, doing.db, { grants: listOthers(old, grants) })
    await assertMayGive(asking, doing.db, listOthers(grants, old))
    if (before === undefined) {
      const made = await create(doing, { ...body, name: body.name, grants })
      const link = presentLink(asking.services, await openInvitation(doing, made.uid, asking.principal))
      const notes = [{ ...toAccountNote('create', made, { after: grants }), team }]
      return { body: { member: presentMember(made, team), link }, status: 201, notes }
    }
    const others = before.grants.filter((grant) => grant.team !== team)
    const facts = { ...toFacts(before), grants: [...others, ...grants] }
    const user = await replaceUser(doing, before.uid, { version: undefined, facts })
    const notes = [{ ...toAccountNote('replace', user, { before: old, after: grants }), team }]
    return { body: { member: presentMember(user, team) }, notes }
  },
})

export const MEMBER_ROUTES: readonly Route[] = [list, put]

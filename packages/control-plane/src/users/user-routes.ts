/** Owns the routes of people, for who looks after all of them. Who looks after a team has its members (`teams/member-routes.ts`). */
import { z } from 'zod'
import type { Permission } from '../access/permission.ts'
import { toAccountNote } from '../account/sign-in.ts'
import { PAGE_ANSWER, PAGE_QUERY } from '../http/page-query.ts'
import { type Asking, type Done, defineChange, defineReading, type Route, type RouteAccess } from '../http/route.ts'
import { removePasskey } from '../passkeys/passkey-store.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { toChangeLines } from '../resources/to-change-lines.ts'
import type { Doing } from '../store/doing.ts'
import { removeTotp } from '../two-factor/totp.ts'
import { assertMayGive, assertMayManage, listOthers } from './assert-may-give.ts'
import { noteHand } from './hands.ts'
import { finishInvitation, getInvited, openInvitation } from './invitation.ts'
import { hashNewPassword } from './password.ts'
import { linkSchema, presentLink, presentUser, toFacts, userSchema } from './present-user.ts'
import { isSameSubject, type User, userFactsSchema } from './user.ts'
import {
  createUser,
  eraseUser,
  getUser,
  listUsers,
  replaceUser,
  resumeUser,
  setPassword,
  suspendUser,
} from './user-store.ts'

const params = z.strictObject({ user: z.string().max(64) })
const demand = (permission: Permission): RouteAccess => ({
  kind: 'demand',
  toDemand: () => ({ permission, team: NO_TEAM }),
})
const READ = { tag: 'users', access: demand('user:read') } as const
const EDIT = { tag: 'users', access: demand('user:edit') } as const
const withLink = z.strictObject({ user: userSchema, link: linkSchema })

/** @rejects AdminProblem, UserFault */
async function getManaged(asking: Asking, doing: Doing, uid: string): Promise<User> {
  const user = await getUser(doing.db, uid)
  await assertMayManage(asking, doing.db, user)
  return user
}

/** `grants` are no secret of the person, and stay in the log when the rest is erased. */
function toNote(action: string, user: User, before?: User) {
  return toAccountNote(action, user, { before: before?.grants, after: user.grants })
}

function presentChanged(user: User, before: User | undefined): Pick<Done<unknown>, 'changes' | 'version'> {
  return { version: user.version, changes: toChangeLines(before && { ...toFacts(before) }, { ...toFacts(user) }) }
}

const list = defineReading({
  ...READ,
  name: 'listUsers',
  path: '/users',
  summary: 'People, by e-mail address, in pages.',
  query: z.strictObject({
    search: z.string().max(200).optional().meta({ description: 'Text in name or e-mail address, in any case.' }),
    state: z.enum(['active', 'suspended']).optional(),
    ...PAGE_QUERY,
  }),
  answer: z.strictObject({ items: z.array(userSchema), ...PAGE_ANSWER }),
  async read(_, db, { query: { search, state, limit, after } }) {
    const { items, ...page } = await listUsers(db, {
      limit,
      ...(search !== undefined && { search }),
      ...(state !== undefined && { state }),
      ...(after !== undefined && { after }),
    })
    return { body: { items: items.map(presentUser), ...page } }
  },
})

const look = defineReading({
  ...READ,
  name: 'getUser',
  path: '/users/{user}',
  summary: 'One person.',
  params,
  answer: userSchema,
  async read(_, db, { params: { user: uid } }) {
    const user = await getUser(db, uid)
    return { body: presentUser(user), version: user.version }
  },
})

const invite = defineChange({
  ...EDIT,
  name: 'inviteUser',
  method: 'POST',
  path: '/users',
  summary: 'Makes an account, and a link with which the person sets the password.',
  body: userFactsSchema,
  answer: withLink,
  status: 201,
  isSecret: true,
  async change(asking, doing, { body }) {
    await assertMayGive(asking, doing.db, body.grants)
    const user = await createUser(doing, body)
    const link = presentLink(asking.services, await openInvitation(doing, user.uid, asking.principal))
    const changed = presentChanged(user, undefined)
    return { body: { user: presentUser(user), link }, notes: [toNote('create', user)], ...changed }
  },
})

const put = defineChange({
  ...EDIT,
  name: 'putUser',
  method: 'PUT',
  path: '/users/{user}',
  summary: 'Makes of a person what is sent. With If-Match it changes only what you have seen.',
  params,
  body: userFactsSchema,
  answer: userSchema,
  async change(asking, doing, { params: { user: uid }, body: facts, ifMatch }) {
    const before = await getManaged(asking, doing, uid)
    await assertMayGive(asking, doing.db, listOthers(facts.grants, before.grants))
    const user = await replaceUser(doing, uid, { version: ifMatch, facts })
    // Whoever is said to be this person at the provider logs in as them.
    if (facts.sso !== undefined && !isSameSubject(facts.sso, before.sso)) await noteHand(doing, uid, asking.principal)
    return { body: presentUser(user), notes: [toNote('replace', user, before)], ...presentChanged(user, before) }
  },
})

interface SteppingParts {
  readonly name: string
  readonly verb: string
  readonly summary: string
  act(doing: Doing, uid: string): Promise<User>
}

function defineStepping({ name, verb, summary, act }: SteppingParts): Route {
  return defineChange({
    ...EDIT,
    name,
    method: 'POST',
    path: `/users/{user}/${verb}`,
    summary,
    params,
    answer: userSchema,
    async change(asking, doing, { params: { user: uid } }) {
      const before = await getManaged(asking, doing, uid)
      const user = await act(doing, uid)
      return {
        body: presentUser(user),
        version: user.version,
        notes: user.version === before.version ? [] : [toAccountNote(verb, user)],
      }
    },
  })
}

const reset = defineChange({
  ...EDIT,
  name: 'resetUser',
  method: 'POST',
  path: '/users/{user}/reset',
  summary: 'Takes the password away, logs the person out everywhere, and makes a link to set a new one.',
  params,
  body: z.strictObject({
    secondFactors: z
      .boolean()
      .default(false)
      .meta({ description: 'Takes passkeys, the app for codes and codes on paper away too: for who has lost them.' }),
  }),
  answer: withLink,
  isSecret: true,
  async change(asking, doing, { params: { user: uid }, body: { secondFactors } }) {
    const { passkeys } = await getManaged(asking, doing, uid)
    if (secondFactors) {
      for (const { id } of passkeys) await removePasskey(doing, { user: uid, id })
      await removeTotp(doing, uid)
    }
    const user = await setPassword(doing, uid, { hash: undefined })
    const link = presentLink(asking.services, await openInvitation(doing, uid, asking.principal))
    return { body: { user: presentUser(user), link }, notes: [toAccountNote('reset', user, { secondFactors })] }
  },
})

const erase = defineChange({
  ...EDIT,
  name: 'eraseUser',
  method: 'DELETE',
  path: '/users/{user}',
  summary: 'Erases all that tells of a person. What the person has done stays, by a uid that leads nowhere.',
  params,
  async change(asking, doing, { params: { user: uid } }) {
    const { grants } = await getManaged(asking, doing, uid)
    await eraseUser(doing, uid)
    return {
      body: undefined,
      notes: [{ action: 'erase', kind: 'user', target: uid, team: NO_TEAM, details: { before: grants } }],
    }
  },
})

const accept = defineChange({
  name: 'acceptInvitation',
  method: 'POST',
  path: '/invitation',
  summary: 'Sets the password of an account, with the secret of its link.',
  tag: 'account',
  access: { kind: 'anybody' },
  body: z.strictObject({ secret: z.string().max(200), password: z.string().min(1).max(1000) }),
  answer: z.strictObject({ email: z.string().meta({ description: 'With which to log in now.' }) }),
  isSecret: true,
  async prepare({ services: { store, nowMs } }, { body }) {
    const person = await store.read((db) => getInvited(db, body.secret, nowMs()))
    return await hashNewPassword(body.password, person)
  },
  async change(_, doing, { body, prepared: hash }) {
    const user = await finishInvitation(doing, body.secret, hash)
    return { body: { email: user.email }, notes: [toAccountNote('accept-invitation', user)] }
  },
})

export const USER_ROUTES: readonly Route[] = [
  list,
  look,
  invite,
  put,
  defineStepping({
    name: 'suspendUser',
    verb: 'suspend',
    summary: 'Shuts a person out at once: sessions end, tokens are refused.',
    act: suspendUser,
  }),
  defineStepping({ name: 'resumeUser', verb: 'resume', summary: 'Lets a person in again.', act: resumeUser }),
  reset,
  erase,
  accept,
]

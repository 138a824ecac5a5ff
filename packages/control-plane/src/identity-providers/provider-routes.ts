/** Owns the routes of logging in by a provider: which there are, the way there, and the way back. */

import { z } from 'zod'
import { NOBODY } from '../access/actor.ts'
import { assertNoWait, signedInSchema, signIn, toAccountNote } from '../account/sign-in.ts'
import { partIdSchema } from '../apis/api-body.ts'
import { findChallengeWait, startChallenge, takeChallenge } from '../challenges/challenge-store.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { type Asking, defineChange, defineReading, type Refused, type Route } from '../http/route.ts'
import { IDENTITY_PROVIDER } from '../kinds.ts'
import { NO_TEAM, toRef } from '../resources/kind.ts'
import { listAllResources } from '../resources/list-resources.ts'
import { findResource, getResource } from '../resources/resource-store.ts'
import { getSecretKey } from '../secrets/get-secret-key.ts'
import { openSecrets, putSecret } from '../secrets/secret-store.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { type ProviderBody, providerBodySchema } from './provider-body.ts'
import { type Claims, fromProvider, type LoginSecrets, type ProviderClient, toProvider } from './provider-client.ts'
import { findProviderUser, isProviderEnforced } from './provider-login.ts'

const ofProvider = z.strictObject({ id: partIdSchema })
const PURPOSE = 'provider-login'
const CALLBACK = '/login/callback'
const SECRET_NAME = 'client-secret'

interface Provider {
  readonly uid: string
  readonly body: ProviderBody
  readonly client: ProviderClient
}

/** @rejects AdminProblem */
async function getProvider({ services }: Asking, db: Moment, id: string): Promise<Provider> {
  const found = await findResource(db, toRef(IDENTITY_PROVIDER, { id }))
  if (found === undefined) throw new AdminProblem('login-refused', 'There is no such provider.')
  const origin = services.publicOrigin()
  if (origin === undefined) {
    throw new AdminProblem(
      'conflict',
      'Where the provider sends people back to is not known: start with --control-url.',
    )
  }
  const body = providerBodySchema.parse(found.body)
  const secrets = await openSecrets(db, getSecretKey(services), found)
  const { issuer, clientId } = body
  const clientSecret = secrets.get(SECRET_NAME)?.reveal()
  const client = { issuer, clientId, clientSecret, redirectUri: origin + CALLBACK, nowMs: services.nowMs() }
  return { uid: found.uid, body, client }
}

/** What goes wrong with a provider is told in its words, and is no mistake of ours. @rejects AdminProblem */
async function ask<Value>({ services }: Asking, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (fault) {
    const { message, cause, error } = fault as Error & { readonly error?: unknown }
    const why = [error ?? message, cause instanceof Error ? cause.message : ''].filter((text) => text !== '').join(': ')
    services.log.warn('a login by a provider did not succeed', { why: String(fault), cause: String(cause) })
    throw new AdminProblem('login-refused', `The provider did not log you in: ${why}.`)
  }
}

const listWays = defineReading({
  name: 'listLoginWays',
  path: '/login/ways',
  summary: 'How people log in here.',
  tag: 'account',
  access: { kind: 'anybody' },
  answer: z.strictObject({
    providers: z.array(z.strictObject({ id: z.string(), title: z.string() })),
    isEnforced: z.boolean().meta({ description: 'A provider is the only way, but for an emergency.' }),
  }),
  async read(_, db) {
    const providers = await listAllResources(db, IDENTITY_PROVIDER.kind)
    const items = providers.map(({ id, body: { title = id } }) => ({ id, title }))
    return { body: { providers: items, isEnforced: await isProviderEnforced(db) } }
  },
})

const begin = defineChange({
  name: 'beginProviderLogin',
  method: 'POST',
  path: '/login/provider/{id}',
  summary: 'Where to send the browser, and what it has to bring back.',
  tag: 'account',
  access: { kind: 'anybody' },
  params: ofProvider,
  answer: z.strictObject({ url: z.string(), challenge: z.string() }),
  isSecret: true,
  async prepare(asking, { params: { id } }) {
    const { services, address } = asking
    const { client, body } = await services.store.read(async (db) => {
      // Before the provider is asked: it is somebody else's.
      assertNoWait(await findChallengeWait(db, { address, nowMs: services.nowMs() }))
      return await getProvider(asking, db, id)
    })
    return await ask(asking, () => toProvider(client, body.scopes))
  },
  async change({ address }, doing, { params: { id }, prepared: { url, secrets } }) {
    assertNoWait(await findChallengeWait(doing.db, { address, nowMs: doing.nowMs }))
    const challenge = await startChallenge(doing, { purpose: PURPOSE, address, facts: { id, secrets } })
    return { body: { url, challenge }, notes: [] }
  },
})

interface CameBack {
  readonly id: string
  readonly claims: Claims
}

/** Once, whatever comes of it. @rejects AdminProblem */
async function takeBack(
  asking: Asking,
  { challenge, query }: { readonly challenge: string; readonly query: string },
): Promise<CameBack> {
  const { store, nowMs } = asking.services
  const taken = await store.write((change) =>
    takeChallenge({ ...change, by: NOBODY, nowMs: nowMs() }, { secret: challenge, purpose: PURPOSE }),
  )
  if (taken === undefined) throw new AdminProblem('login-refused', 'This login is too old, or is over: begin again.')
  const { id, secrets } = taken.facts as { readonly id: string; readonly secrets: LoginSecrets }
  const { client } = await store.read((db) => getProvider(asking, db, id))
  return { id, claims: await ask(asking, () => fromProvider(client, { query, secrets })) }
}

const finish = defineChange({
  name: 'finishProviderLogin',
  method: 'POST',
  path: '/login/callback',
  summary: 'Begins a session with what the provider has sent the browser back with.',
  tag: 'account',
  access: { kind: 'anybody' },
  body: z.strictObject({
    challenge: z.string().max(200).meta({ description: 'Kept by the page that began: nobody else ends this login.' }),
    query: z.string().max(8192).meta({ description: 'Of the address, as it came.' }),
  }),
  answer: signedInSchema,
  isSecret: true,
  prepare: (asking, { body }) => takeBack(asking, body),
  async change(asking, doing, { prepared: { id, claims } }) {
    const provider = await getProvider(asking, doing.db, id)
    const verdict = await findProviderUser(doing, provider, claims)
    if (verdict.kind === 'wrong') return refuse(verdict.why, verdict.user, id)
    const { user, isNew } = verdict
    const note = toAccountNote('log-in', user, { by: id, isNew, grants: user.grants })
    return { ...(await signIn(asking, doing, user)), notes: [note] }
  },
})

function refuse(why: string, user: Parameters<typeof toAccountNote>[1] | undefined, by: string): Refused {
  const notes = user === undefined ? [] : [toAccountNote('refuse-log-in', user, { by, grants: user.grants })]
  return { problem: new AdminProblem('login-refused', `The provider knows you, and yet: ${why}.`), notes }
}

const putClientSecret = defineChange({
  name: 'putIdentityProviderSecret',
  method: 'PUT',
  path: '/identity-providers/{id}/secret',
  summary: 'The secret with which the provider knows this control plane. It is kept sealed, and shown to nobody.',
  tag: 'identity-providers',
  access: { kind: 'demand', toDemand: () => ({ permission: 'identity-provider:edit', team: NO_TEAM }) },
  params: ofProvider,
  body: z.strictObject({ value: z.string().min(1).max(4096) }),
  isSecret: true,
  async change({ services }, doing: Doing, { params: { id }, body: { value } }) {
    const found = await getResource(doing.db, toRef(IDENTITY_PROVIDER, { id }))
    await putSecret(doing, getSecretKey(services), { ...found, name: SECRET_NAME, value })
    const note = { action: 'put-secret', kind: 'identity-provider', target: found.uid, team: NO_TEAM, details: { id } }
    return { body: undefined, notes: [note] }
  },
})

export const PROVIDER_ROUTES: readonly Route[] = [listWays, begin, finish, putClientSecret]

/** Owns who somebody is whom a provider has logged in: the account of that subject, made at the first login, with what its groups may. */

import { listAllResources } from '../resources/list-resources.ts'
import type { Doing } from '../store/doing.ts'
import type { Moment } from '../store/store.ts'
import { listOthers } from '../users/assert-may-give.ts'
import { noteProviderHands } from '../users/hands.ts'
import { toFacts } from '../users/present-user.ts'
import type { User } from '../users/user.ts'
import { createUser, findUserByEmail, findUserBySubject, replaceUser } from '../users/user-store.ts'
import { type ProviderBody, providerBodySchema, toGroupGrants } from './provider-body.ts'
import type { Claims } from './provider-client.ts'

/** `why` is for whoever wants to log in. What was changed is to be kept: who is in no group any more has nothing any more. */
export type ProviderVerdict =
  | { readonly kind: 'right'; readonly user: User; readonly isNew: boolean }
  | { readonly kind: 'wrong'; readonly why: string; readonly user: User | undefined }

export interface Provider {
  readonly uid: string
  readonly body: ProviderBody
}

/** @rejects UserFault `malformed`, `last-owner` */
export async function findProviderUser(doing: Doing, provider: Provider, claims: Claims): Promise<ProviderVerdict> {
  const verdict = await findAccount(doing, provider.body, claims)
  if (verdict.kind === 'right') await noteProviderHands(doing, verdict.user.uid, provider.uid)
  return verdict
}

/** @rejects UserFault */
async function findAccount(doing: Doing, body: ProviderBody, claims: Claims): Promise<ProviderVerdict> {
  const sso = { issuer: body.issuer, subject: claims.sub }
  const grants = toGroupGrants(body, listGroups(claims[body.groupsClaim]))
  const known = await findUserBySubject(doing.db, sso)
  if (known !== undefined) return await follow(doing, known, grants)
  const { email, name } = claims
  if (grants.length === 0) return refuse('you are in no group that may do anything here')
  if (typeof email !== 'string') return refuse('it says no e-mail address of you')
  // An address is no proof of who somebody is: another provider, or another time, may have given it to another person.
  if ((await findUserByEmail(doing.db, email)) !== undefined) {
    return refuse(
      'there is another account with your e-mail address: who looks after it has to name the provider there',
    )
  }
  const user = await createUser(doing, { email, name: typeof name === 'string' ? name : email, grants, sso })
  return { kind: 'right', user, isNew: true }
}

/** Nobody logs in otherwise, but for an emergency. */
export async function isProviderEnforced(db: Moment): Promise<boolean> {
  const providers = await listAllResources(db, 'identity-provider')
  return providers.some(({ body }) => providerBodySchema.parse(body).isEnforced)
}

async function follow(doing: Doing, known: User, grants: User['grants']): Promise<ProviderVerdict> {
  if (known.state !== 'active') return refuse('your account is suspended', known)
  const isSame = listOthers(grants, known.grants).length === 0 && listOthers(known.grants, grants).length === 0
  const user = isSame
    ? known
    : await replaceUser(doing, known.uid, { version: undefined, facts: { ...toFacts(known), grants } })
  if (grants.length === 0) return refuse('you are in no group that may do anything here', user)
  return { kind: 'right', user, isNew: false }
}

/** One group may come as itself. */
function listGroups(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((name) => typeof name === 'string')
}

function refuse(why: string, user?: User): ProviderVerdict {
  return { kind: 'wrong', why, user }
}

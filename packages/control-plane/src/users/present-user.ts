/** Owns how people look to those who ask for them. */
import { z } from 'zod'
import { actorSchema } from '../access/actor.ts'
import { grantSchema, presentGrant } from '../access/grant.ts'
import type { Services } from '../http/services.ts'
import { timeSchema, toTime } from '../http/time.ts'
import type { Invitation } from './invitation.ts'
import type { User, UserFacts } from './user.ts'

export const userSchema = z.strictObject({
  uid: z.string(),
  email: z.string(),
  name: z.string(),
  grants: z.array(grantSchema),
  sso: z.strictObject({ issuer: z.string(), subject: z.string() }).exactOptional(),
  isBreakGlass: z.boolean(),
  state: z.enum(['active', 'suspended']),
  hasPassword: z.boolean(),
  hasTotp: z.boolean(),
  recoveryCodes: z.int(),
  passkeys: z.int().meta({ description: 'How many.' }),
  version: z.int(),
  createdAt: timeSchema,
  createdBy: actorSchema,
  updatedAt: timeSchema,
  updatedBy: actorSchema,
})

export function presentUser(user: User): z.input<typeof userSchema> {
  const { uid, state, hasPassword, hasTotp, recoveryCodes, passkeys, version } = user
  const { email, name, grants, sso, isBreakGlass = false } = toFacts(user)
  return {
    uid,
    email,
    name,
    grants: grants.map(presentGrant),
    ...(sso !== undefined && { sso }),
    isBreakGlass,
    state,
    hasPassword,
    hasTotp,
    recoveryCodes,
    passkeys: passkeys.length,
    version,
    createdAt: toTime(user.createdAtMs),
    createdBy: user.createdBy,
    updatedAt: toTime(user.updatedAtMs),
    updatedBy: user.updatedBy,
  }
}

/** What may be said of a person, of what is known. */
export function toFacts({ email, name, grants, sso, isBreakGlass }: User): UserFacts {
  return { email, name, grants, ...(sso !== undefined && { sso }), isBreakGlass }
}

export const linkSchema = z.strictObject({
  url: z
    .string()
    .meta({ description: 'For the person alone: who has it sets the password. It is shown now, and never again.' }),
  expiresAt: timeSchema,
})

/** The secret stands in the fragment, so it gets into no log. */
export function presentLink(
  { publicOrigin }: Services,
  { secret, expiresAtMs }: Invitation,
): z.input<typeof linkSchema> {
  return { url: `${publicOrigin() ?? ''}/invite#${secret}`, expiresAt: toTime(expiresAtMs) }
}

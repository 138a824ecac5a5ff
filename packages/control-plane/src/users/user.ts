/** Owns what a control plane keeps of a person, and what may be told of it: no hash, and nothing sealed. */
import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/decide-access.ts'
import { type Grant, grantSchema } from '../access/grant.ts'
import type { Passkey } from '../passkeys/passkey.ts'
import type { UserTable } from '../store/user-tables.ts'

/** Who a person is at a provider. */
export interface SsoSubject {
  readonly issuer: string
  readonly subject: string
}

/** What may be said of a person. */
export interface UserFacts {
  readonly email: string
  readonly name: string
  readonly grants: readonly Grant[]
  /** Who it is where people log in by a provider. */
  readonly sso?: SsoSubject
  /** May log in with a password also where everybody else has to use the provider. */
  readonly isBreakGlass?: boolean
}

export interface User extends UserFacts {
  readonly uid: string
  readonly state: 'active' | 'suspended'
  readonly isBreakGlass: boolean
  readonly hasPassword: boolean
  readonly hasTotp: boolean
  /** How many are left. */
  readonly recoveryCodes: number
  readonly passkeys: readonly Pick<Passkey, 'id' | 'name' | 'createdAtMs' | 'lastUsedAtMs'>[]
  /** 1 when it was made; one more with each change of what is said of it. */
  readonly version: number
  /** The change of the store that made it what it is. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  readonly createdBy: Actor
  readonly updatedAtMs: number
  readonly updatedBy: Actor
}

/** RFC 5321 §4.5.3.1.3: a path has 256 octets with its brackets. */
const MOST_EMAIL_LETTERS = 254
const MOST_NAME_LETTERS = 200
// What ends a line of a mail, and what nobody can see, is in no address; in a name is nothing that turns the text around it.
const EMAIL = /^[^\s@<>"\p{C}]+@[^\s@<>"\p{C}]+$/u
const HIDDEN = '\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\u{202a}-\\u{202e}\\u{2066}-\\u{2069}'
// What looks ahead does so once: without that each letter would be tried as the one, and the rest be read again each time.
const NAME = new RegExp(`^(?=[^${HIDDEN}]*[\\p{L}\\p{N}])[^${HIDDEN}]*$`, 'u')

export const userFactsSchema = z.strictObject({
  email: z
    .string()
    .max(MOST_EMAIL_LETTERS)
    .regex(EMAIL, { error: 'An e-mail address looks like "ann@example.com".' })
    // Some letters stand for many others.
    .refine((email) => foldEmail(email).length <= MOST_EMAIL_LETTERS, { error: 'This address is too long.' })
    .meta({ description: 'By which a person logs in. Nobody else has it, in whatever case.' }),
  name: z
    .string()
    .max(MOST_NAME_LETTERS)
    .regex(NAME, { error: 'A name has a letter or digit, and no control characters.' }),
  grants: z.array(grantSchema).meta({ description: 'What the person may do, and where.' }),
  sso: z.strictObject({ issuer: z.string().regex(/^\S+$/), subject: z.string().min(1) }).exactOptional(),
  isBreakGlass: z.boolean().exactOptional(),
})

/**
 * `taken`: another person has the e-mail address or the subject. `weak-password`: it would be guessed. `last-owner`: nobody would be
 * left who may do everything. `closed`: set-up is over, or its link was not this one, or is too old.
 */
export type UserFaultReason =
  | 'not-found'
  | 'taken'
  | 'changed'
  | 'malformed'
  | 'weak-password'
  | 'last-owner'
  | 'suspended'
  | 'closed'

export class UserFault extends Error {
  override readonly name = 'UserFault'
  readonly reason: UserFaultReason
  /** What is there, where there is something. */
  readonly current: User | undefined

  constructor(reason: UserFaultReason, message: string, current?: User) {
    super(message)
    this.reason = reason
    this.current = current
  }
}

/** Who differs in case alone is one person, whatever RFC 5321 §2.4 lets a host do. */
export function foldEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase()
}

/** An issuer has no space. */
export function toSsoText({ issuer, subject }: SsoSubject): string {
  return `${issuer} ${subject}`
}

export function isSameSubject(one: SsoSubject, other: SsoSubject | undefined): boolean {
  return other !== undefined && toSsoText(one) === toSsoText(other)
}

export function toUserPrincipal({ uid, name, grants }: Pick<User, 'uid' | 'name' | 'grants'>): Principal {
  return { actor: `user:${uid}`, name, user: uid, grants }
}

export function toUser(row: Selectable<UserTable>): User {
  const passkeys = JSON.parse(row.passkeys) as readonly Passkey[]
  return {
    uid: row.uid,
    email: row.email,
    name: row.name,
    grants: JSON.parse(row.grants) as readonly Grant[],
    ...(row.sso_subject !== null && { sso: fromSsoText(row.sso_subject) }),
    isBreakGlass: row.is_break_glass === 1,
    state: row.state,
    hasPassword: row.password_hash !== null,
    hasTotp: row.totp !== null,
    recoveryCodes: (JSON.parse(row.recovery_codes) as readonly string[]).length,
    passkeys: passkeys.map(({ id, name, createdAtMs, lastUsedAtMs }) => ({
      id,
      name,
      createdAtMs,
      ...(lastUsedAtMs !== undefined && { lastUsedAtMs }),
    })),
    version: row.version,
    sequence: row.sequence,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
    updatedAtMs: row.updated_at,
    updatedBy: row.updated_by,
  }
}

function fromSsoText(text: string): SsoSubject {
  const end = text.indexOf(' ')
  return { issuer: text.slice(0, end), subject: text.slice(end + 1) }
}

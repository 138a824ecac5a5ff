/** Owns what is kept of a token: with what programs come to the control plane, in place of a person or for themselves. */
import type { Actor } from '../access/actor.ts'
import type { Grant } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'

/** What may be said of every token. */
interface TokenTerms {
  /** For people: where it is used. */
  readonly name: string
  /** At most these; all that its grants allow if absent. */
  readonly scopes?: readonly Permission[]
  /** Milliseconds since the epoch; never if absent. */
  readonly expiresAtMs?: number
}

/** May what its user (uid) may at that moment. */
interface PersonalTerms extends TokenTerms {
  readonly kind: 'personal'
  readonly user: string
}

/** May what its own grants say, and outlives who made it. It stands in a team (id). */
interface ServiceTerms extends TokenTerms {
  readonly kind: 'service'
  readonly team: string
  readonly grants: readonly Grant[]
}

export type TokenRequest = PersonalTerms | ServiceTerms

export type Token = TokenRequest & {
  readonly uid: string
  /** Its first and last letters, to tell it from others. */
  readonly hint: string
  /** To the minute. */
  readonly lastUsedMs?: number
  /** Since when it is refused for good. */
  readonly endedAtMs?: number
  /** The change of the store that made it what it is. */
  readonly sequence: number
  readonly createdAtMs: number
  readonly createdBy: Actor
}

export type TokenFaultReason = 'not-found' | 'ended' | 'malformed'

export class TokenFault extends Error {
  override readonly name = 'TokenFault'
  readonly reason: TokenFaultReason

  constructor(reason: TokenFaultReason, message: string) {
    super(message)
    this.reason = reason
  }
}

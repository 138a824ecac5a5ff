/** Owns what a control plane keeps of a key: never the key, always its hash. */
import type { Actor } from '../access/actor.ts'

/** What may be said of a key. */
export interface KeyTerms {
  /** For people: where it is used. */
  readonly name?: string
  /** Id of a plan; the app's if absent. */
  readonly plan?: string
  /** Milliseconds since the epoch, as is `expiresAtMs`. */
  readonly notBeforeMs?: number
  readonly expiresAtMs?: number
}

export interface Key extends KeyTerms {
  readonly uid: string
  /** Uid of its app. */
  readonly app: string
  /** SHA-256 in lower-case hex; others begin with their name: `sha384:`, `sha512:`, and `argon2id:` of one that could be guessed. */
  readonly hash: string
  /** Its first and last letters, to tell it from others; '' where only a hash was brought along. */
  readonly hint: string
  /** Since when it is refused for good. */
  readonly endedAtMs?: number
  /** The change of the store that made it what it is. */
  readonly sequence: number
  readonly createdAtMs: number
  readonly createdBy: Actor
}

export type KeyFaultReason = 'taken' | 'weak' | 'malformed' | 'not-found' | 'ended'

/** Keys that cannot be kept or changed. `positions`: among those that were brought along, from 0. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault'
  readonly reason: KeyFaultReason
  readonly positions: readonly number[]

  constructor(reason: KeyFaultReason, message: string, ...positions: readonly number[]) {
    super(message)
    this.reason = reason
    this.positions = positions
  }
}

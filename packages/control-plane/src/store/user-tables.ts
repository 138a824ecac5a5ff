/** Owns the tables of who comes in, and of secrets, as types. Times are milliseconds since the epoch, UTC. */

export interface UserTables {
  readonly users: UserTable
  readonly sessions: SessionTable
  readonly tokens: TokenTable
  readonly login_attempts: LoginAttemptTable
  readonly challenges: ChallengeTable
  readonly set_up: SetUpTable
  readonly data_keys: DataKeyTable
  readonly secrets: SecretTable
}

export interface UserTable {
  uid: string
  /** As it was written. */
  email: string
  /** As it is compared. */
  email_folded: string
  name: string
  /** What a search looks in: lower case. */
  search_text: string
  password_hash: string | null
  state: 'active' | 'suspended'
  /** JSON. */
  grants: string
  /** Sealed. */
  totp: string | null
  /** Of the newest code that was accepted: none up to it is again. */
  totp_step: number | null
  /** JSON: hashes of those that were not used. */
  recovery_codes: string
  /** JSON. */
  passkeys: string
  /** Issuer and subject. */
  sso_subject: string | null
  /** 0 or 1. */
  is_break_glass: number
  /** JSON: who had what it is logged in to with; null where that was not kept yet. */
  hands: string | null
  version: number
  sequence: number
  created_at: number
  created_by: string
  updated_at: number
  updated_by: string
}

/** Those that ended are gone. */
export interface SessionTable {
  uid: string
  /** Uid. */
  user: string
  /** SHA-256 of its secret. */
  hash: string
  address: string
  agent: string
  created_at: number
  last_seen: number
  expires: number
}

export interface TokenTable {
  uid: string
  /** Uid; null where it is no person's. */
  user: string | null
  /** Whose it is; null where it is a person's. */
  team: string | null
  name: string
  /** JSON; empty where it is a person's. */
  grants: string
  /** JSON. */
  scopes: string | null
  /** SHA-256. */
  hash: string
  hint: string
  expires: number | null
  last_used: number | null
  ended_at: number | null
  sequence: number
  created_at: number
  created_by: string
}

/** Names and addresses are hashed: they say nothing to somebody who reads along. */
export interface LoginAttemptTable {
  key: string
  /** Null where it counts for an address alone. */
  account: string | null
  failures: number
  last_at: number
  succeeded_at: number | null
  forget_at: number
}

/** What somebody was asked and has to answer soon, once. */
export interface ChallengeTable {
  hash: string
  purpose: string
  user: string | null
  /** Hashed: from where it was asked for; null where it was given to somebody known. */
  network: string | null
  /** JSON. */
  facts: string
  expires: number
}

/** At most one row. */
interface SetUpTable {
  hash: string
  expires: number
}

/** One row, once there is something to seal. */
interface DataKeyTable {
  uid: string
  /** Tells with which key from outside it is sealed. */
  key_id: string
  sealed: string
  created_at: number
}

export interface SecretTable {
  /** Uid. */
  holder: string
  name: string
  /** Id of the holder's team. */
  team: string
  sealed: string
  version: number
  sequence: number
  updated_at: number
  updated_by: string
}

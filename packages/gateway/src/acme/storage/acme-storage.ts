/** Owns what has to outlive the process, or be known to every node: the port of ACME's storage. */

export interface StoredAccount {
  /** PEM */
  readonly key: string
  /** RFC 8555 §7.3: what the authority knows it by. */
  readonly url?: string
  readonly email?: string
}

export interface StoredCertificate {
  /** PEM, the certificate itself first. */
  readonly chain: string
  /** PEM */
  readonly key: string
  readonly hosts: readonly string[]
  readonly directory: string
  readonly obtainedAtMs: number
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface StoredFailure {
  /** In a row. */
  readonly count: number
  readonly message: string
  readonly nextAttemptMs: number
  /** When the last attempts failed: no more of them fall into an hour than the authority forgives. */
  readonly failedAtMs: readonly number[]
  /** Of the options that failed: others are tried sooner. */
  readonly settings: string
}

export type StoredChallenge = { readonly host: string; readonly expiresAtMs: number } & (
  | { readonly kind: 'http-01'; readonly token: string; readonly keyAuthorization: string }
  | { readonly kind: 'tls-alpn-01'; readonly certificate: string; readonly key: string }
)

/**
 * Names are the caller's, of any characters. What is found is whole: a reader never sees half of what is saved, also
 * when the writer is killed in the middle of it. Everything else rejects with words that name the place.
 */
export interface AcmeStorage {
  findAccount(name: string): Promise<StoredAccount | undefined>
  saveAccount(name: string, account: StoredAccount): Promise<void>

  findCertificate(name: string): Promise<StoredCertificate | undefined>
  saveCertificate(name: string, certificate: StoredCertificate): Promise<void>

  findFailure(name: string): Promise<StoredFailure | undefined>
  /** undefined: forgets it. */
  saveFailure(name: string, failure: StoredFailure | undefined): Promise<void>

  putChallenge(name: string, challenge: StoredChallenge): Promise<void>
  removeChallenge(name: string): Promise<void>
  /** Those that have not expired, of every node. */
  listChallenges(): Promise<readonly StoredChallenge[]>

  /** One of all nodes has it at a time; undefined: another has. Whoever dies has it no longer than `ttlMs`. */
  acquire(name: string, ttlMs: number): Promise<AcmeLease | undefined>
}

export interface AcmeLease {
  /** For another `ttlMs` from now. false: it ran out, and may be another's. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

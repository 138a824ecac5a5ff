/** Owns the sessions that browsers bring: reading and writing them, refreshing one once for all requests that have it, and ending them. */
import { createHmac } from 'node:crypto'
import { Remembered, toFingerprint } from '../callers/remembered.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { CallFault, type PolicyServices, type RevocationList, type SharedValue } from '../services.ts'
import { CookieSeal } from './cookie-seal.ts'
import type { LoginOptions } from './login-options.ts'
import type { LogoutToken } from './logout-token.ts'
import type { Provider } from './provider.ts'
import { toProviderFailure } from './provider-failure.ts'
import {
  createSession,
  findEnd,
  type ProviderTokens,
  refreshSession,
  type Session,
  type SessionRules,
  toKnownSession,
} from './session.ts'

/** Of one thread; a session with its tokens has some kilobytes. */
const MOST_REMEMBERED = 2_000
/**
 * How long what a refresh brought is at hand for requests that still come with the cookie from before: those under way at that
 * time, and those of a browser that never got the answer. A provider takes a refresh token once (RFC 9700 §4.14.2).
 */
const SUCCESSOR_MS = 600_000

/** What a refresh ended with: the session's next cookie, or the provider's no. Sealed, so that no token lies in shared memory. */
type Refreshed = { readonly sealed: string } | { readonly refusedBecause: string }

interface SessionsParts {
  readonly options: LoginOptions
  readonly services: PolicyServices
  readonly provider: Provider
}

export class Sessions {
  readonly rules: SessionRules
  readonly #parts: SessionsParts
  readonly #seal: CookieSeal
  readonly #context: string
  /** By the fingerprint of a cookie: it is decrypted once. */
  readonly #opened: Remembered<Session>
  /** Held while they are of use: with whoever holds them last they are gone. */
  readonly #refreshes: Remembered<SharedValue<Refreshed>>
  /** Those that somebody logged out of, here or at the provider, on all threads. */
  readonly #revoked: RevocationList

  constructor(parts: SessionsParts) {
    const { options, services } = parts
    const { issuer, clientId, cookie, sessionSeconds, idleSeconds, forwardAccessToken, refresh, logoutPath } = options
    const context = ['session', issuer, clientId, cookie.name]
    this.rules = {
      sessionSeconds,
      idleSeconds,
      keepsAccessToken: forwardAccessToken,
      refreshes: refresh,
      keepsIdToken: logoutPath !== undefined,
    }
    this.#parts = parts
    this.#seal = new CookieSeal(cookie.secrets, context)
    this.#context = JSON.stringify(context)
    this.#opened = new Remembered(MOST_REMEMBERED, services.clock)
    this.#refreshes = new Remembered(MOST_REMEMBERED, services.clock)
    // A provider logs somebody out of a client, whatever its cookies are called.
    this.#revoked = services.revocations.list(JSON.stringify(['oidc-login', issuer, clientId]))
  }

  /** The session of a cookie; undefined: it is none of ours. No promise where it was seen before. */
  open(sealed: string): MaybePromise<Session | undefined> {
    const fingerprint = toFingerprint(sealed)
    return this.#opened.get(fingerprint) ?? this.#decrypt(sealed, fingerprint)
  }

  async #decrypt(sealed: string, fingerprint: string): Promise<Session | undefined> {
    const session = toKnownSession(await this.#seal.open(sealed))
    if (session !== undefined) this.#opened.set(fingerprint, session, session.untilMs)
    return session
  }

  seal(session: Session): Promise<string> {
    return this.#seal.seal(session)
  }

  /** A session with an id of its own, whatever the browser had before. `beganAtMs`: when its login did. */
  create(tokens: ProviderTokens, beganAtMs: number): Session {
    return createSession(tokens, beganAtMs, { rules: this.rules, nowMs: this.#now() })
  }

  touch(session: Session): Promise<string> {
    return this.seal({ ...session, seenAtMs: this.#now() })
  }

  /** Why it counts no more, for records; undefined: it does. */
  findEnd(session: Session): string | undefined {
    return findEnd(session, this.rules, this.#now()) ?? (this.isLoggedOut(session) ? 'logged-out' : undefined)
  }

  /** Nobody is to come back with a copy of it, as far as this process can see to it. */
  end({ id, beganAtMs }: Session): void {
    // The clock of another gateway, at which it began, may be ahead.
    this.#revoked.revoke(`id ${id}`, Math.max(this.#now(), beganAtMs))
  }

  /**
   * The provider ended one session of its own, or all of somebody (Back-Channel Logout 1.0 §2.7), up to this moment. Sessions of
   * which it did not say at the login by which of its own they are could be any: they end with each of that person.
   */
  endByProvider({ sid, sub }: Pick<LogoutToken, 'sid' | 'sub'>, atMs: number): void {
    if (sid !== undefined) this.#revoked.revoke(`sid ${sid}`, atMs)
    if (sub !== undefined) this.#revoked.revoke(sid === undefined ? `sub ${sub}` : `alone ${sub}`, atMs)
  }

  readonly isLoggedOut = ({ id, providerSession, subject, beganAtMs }: Session): boolean => {
    const theirs = providerSession === undefined ? `alone ${subject}` : `sid ${providerSession}`
    const revoked = this.#revoked
    return (
      revoked.isRevoked(`id ${id}`, beganAtMs) ||
      revoked.isRevoked(theirs, beganAtMs) ||
      revoked.isRevoked(`sub ${subject}`, beganAtMs)
    )
  }

  /** One refresh for all requests with this session, on all threads. @rejects CallFault where the provider does not answer */
  async refresh(session: Session): Promise<Refreshed> {
    const { services } = this.#parts
    // Some providers give the same refresh token again: it is the time that tells one refresh from the next.
    const { refreshToken = '', refreshFromMs = 0 } = session
    const key = `oidc-login/refresh/${toFingerprintOf(this.#context, `${refreshFromMs} ${refreshToken}`)}`
    let value = this.#refreshes.get(key)
    if (value === undefined) {
      value = services.shared.open<Refreshed>({ key, load: () => this.#load(session), isOfOnePerson: true })
      this.#refreshes.set(key, value, this.#now() + SUCCESSOR_MS)
    }
    return await value.get()
  }

  async #load(session: Session) {
    const value = await this.#ask(session)
    const untilMs = this.#now() + SUCCESSOR_MS
    return { value, freshUntilMs: untilMs, usableUntilMs: untilMs }
  }

  async #ask(session: Session): Promise<Refreshed> {
    const { provider, services, options } = this.#parts
    try {
      const tokens = await provider.refresh(session)
      return { sealed: await this.seal(refreshSession(session, tokens, { rules: this.rules, nowMs: this.#now() })) }
    } catch (error) {
      const failure = toProviderFailure(error)
      const { reason } = failure
      if (failure.kind === 'refused') return { refusedBecause: reason }
      services.log.warn('a session could not be refreshed', { issuer: options.issuer, reason })
      throw new CallFault(reason, 'the provider does not answer', { cause: error, isAnswered: failure.isAnswered })
    }
  }

  #now(): number {
    return this.#parts.services.clock.now()
  }
}

/** The same on all threads, and for whoever finds it no more than a name: refresh tokens cannot be guessed. */
function toFingerprintOf(context: string, text: string): string {
  return createHmac('sha256', context).update(text).digest('base64url')
}

/** Owns what is known of somebody who logged in, and how long it counts. */
import { randomBytes } from 'node:crypto'
import { toFingerprint } from '../callers/remembered.ts'
import { findClaim } from '../callers/upstream-facts.ts'
import type { Caller, CallerCredential } from '../exchange.ts'

/** Version of what is sealed. */
const VERSION = 2
/** 128 bits: an id says nothing, and no two sessions have the same. */
const ID_BYTES = 16
/** Where a provider does not say how long an access token lasts (RFC 6749 §5.1 only recommends it), for when it is refreshed. */
const UNSAID_LIFE_SECONDS = 300
/** Refreshed this part of its life before an access token ends, and a minute at most. */
const REFRESH_MARGIN = 0.2
const MOST_MARGIN_MS = 60_000
/** A session in use is written anew, so that it does not end as idle, when this part of the idle time is over. */
const TOUCH_PART = 0.1

/** What a provider says when somebody logs in, or of a refresh token. */
export interface ProviderTokens {
  readonly subject: string
  /** `sid` of the ID token: what the provider calls its own session by, where it says so. */
  readonly providerSession: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  readonly scopes: readonly string[]
  readonly accessToken: string
  readonly accessSeconds: number | undefined
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

export interface Session {
  readonly version: typeof VERSION
  readonly id: string
  readonly subject: string
  readonly providerSession?: string
  /** In milliseconds since the epoch, like all times that follow: when the login began that it comes from: a logout while that was under way ends it as well. */
  readonly beganAtMs: number
  readonly claims: Readonly<Record<string, unknown>>
  readonly scopes: readonly string[]
  /** When it ends, whatever happens. */
  readonly untilMs: number
  /** When it was last written: what the idle time is counted from. */
  readonly seenAtMs: number
  readonly accessToken?: string
  /** Of the access token, kept or not; absent: the provider did not say. */
  readonly accessUntilMs?: number
  readonly refreshToken?: string
  readonly refreshFromMs?: number
  /** For the provider, to know at a logout whose it is. */
  readonly idToken?: string
}

/** What of a login is kept, and how long. */
export interface SessionRules {
  readonly sessionSeconds: number
  /** 0: it does not end by not being used. */
  readonly idleSeconds: number
  readonly keepsAccessToken: boolean
  readonly refreshes: boolean
  readonly keepsIdToken: boolean
}

export function createSession(
  tokens: ProviderTokens,
  beganAtMs: number,
  { rules, nowMs }: { rules: SessionRules; nowMs: number },
): Session {
  const id = randomBytes(ID_BYTES).toString('base64url')
  return toSession({ id, beganAtMs, untilMs: nowMs + rules.sessionSeconds * 1000 }, tokens, { rules, nowMs })
}

/** The same session with what a refresh brought; what it did not bring stays (RFC 6749 §6, OpenID Connect Core 1.0 §12.2). */
export function refreshSession(
  session: Session,
  tokens: ProviderTokens,
  { rules, nowMs }: { rules: SessionRules; nowMs: number },
): Session {
  const {
    refreshToken = session.refreshToken,
    idToken = session.idToken,
    providerSession = session.providerSession,
  } = tokens
  return toSession(session, { ...tokens, refreshToken, idToken, providerSession }, { rules, nowMs })
}

function toSession(
  { id, beganAtMs, untilMs }: Pick<Session, 'id' | 'beganAtMs' | 'untilMs'>,
  tokens: ProviderTokens,
  { rules, nowMs }: { readonly rules: SessionRules; readonly nowMs: number },
): Session {
  const { subject, providerSession, claims, scopes, accessToken, accessSeconds, refreshToken, idToken } = tokens
  const lifeMs = (accessSeconds ?? UNSAID_LIFE_SECONDS) * 1000
  const doesRefresh = rules.refreshes && refreshToken !== undefined
  return {
    version: VERSION,
    id,
    subject,
    ...(providerSession !== undefined && { providerSession }),
    beganAtMs,
    claims,
    scopes,
    untilMs,
    seenAtMs: nowMs,
    ...(rules.keepsAccessToken && { accessToken }),
    ...(accessSeconds !== undefined && { accessUntilMs: nowMs + lifeMs }),
    ...(doesRefresh && {
      refreshToken,
      refreshFromMs: nowMs + lifeMs - Math.min(MOST_MARGIN_MS, lifeMs * REFRESH_MARGIN),
    }),
    ...(rules.keepsIdToken && idToken !== undefined && { idToken }),
  }
}

/** What was sealed as a session; undefined: something else, or by another version. */
export function toKnownSession(opened: unknown): Session | undefined {
  const session = opened as Session | undefined
  return session?.version === VERSION ? session : undefined
}

/** Why a session counts no more, for records; undefined: it does. */
export function findEnd(session: Session, { idleSeconds }: SessionRules, nowMs: number): string | undefined {
  if (nowMs >= session.untilMs) return 'session-ended'
  if (idleSeconds > 0 && nowMs >= session.seenAtMs + idleSeconds * 1000) return 'session-idle'
  return undefined
}

/** Has it been in use so long that it must be written anew? */
export function isToBeTouched({ seenAtMs }: Session, { idleSeconds }: SessionRules, nowMs: number): boolean {
  return idleSeconds > 0 && nowMs >= seenAtMs + idleSeconds * 1000 * TOUCH_PART
}

export function isRefreshDue({ refreshFromMs }: Session, nowMs: number): boolean {
  return refreshFromMs !== undefined && nowMs >= refreshFromMs
}

/** Could the access token still be of use? Where the provider does not say how long it lasts, it could. */
export function isAccessAlive({ accessUntilMs }: Session, nowMs: number): boolean {
  return accessUntilMs === undefined || nowMs < accessUntilMs
}

/** `isLoggedOut`: did somebody end the session? */
export function toCaller(
  session: Session,
  groupsClaim: string | undefined,
  isLoggedOut: (session: Session) => boolean,
): Caller {
  const { subject, claims, scopes } = session
  const groups = groupsClaim === undefined ? undefined : toGroups(findClaim(claims, groupsClaim))
  return {
    id: subject,
    credential: new SessionCredential(session, isLoggedOut),
    claims,
    scopes,
    ...(groups && { groups }),
  }
}

/** One object a request, and no closure. */
class SessionCredential implements CallerCredential {
  readonly kind = 'session'
  readonly id: string
  readonly endsAtMs: number
  readonly #session: Session
  readonly #isLoggedOut: (session: Session) => boolean

  constructor(session: Session, isLoggedOut: (session: Session) => boolean) {
    this.id = session.id
    this.endsAtMs = session.untilMs
    this.#session = session
    this.#isLoggedOut = isLoggedOut
  }

  get tokenFingerprint(): string | undefined {
    const { accessToken } = this.#session
    return accessToken === undefined ? undefined : toFingerprint(accessToken)
  }

  isEnded(): boolean {
    return this.#isLoggedOut(this.#session)
  }
}

/** A list, or one name. */
function toGroups(claim: unknown): string[] {
  const groups = Array.isArray(claim) ? claim : [claim]
  return groups.filter((group) => typeof group === 'string' && group !== '')
}

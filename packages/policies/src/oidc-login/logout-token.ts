/** Owns what a logout token has to say, so that it logs somebody out (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). */

/** How far the clocks of provider and gateway may be apart. */
export const CLOCK_SKEW_SECONDS = 60
/** A provider that could not reach the gateway may try for so long; whatever the token says, it does not count later. */
export const LONGEST_AGE_SECONDS = 3_600

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

export interface LogoutToken {
  /** One session at the provider; undefined: all that this person has. */
  readonly sid: string | undefined
  readonly sub: string | undefined
  readonly jti: string
  readonly issuedAtMs: number
}

interface LogoutTokenRules {
  readonly issuer: string
  readonly clientId: string
  readonly nowMs: number
}

/** Of a token whose signature may still be anybody's. `fault`: why it does not count, for the record. */
export function readLogoutToken(
  claims: Readonly<Record<string, unknown>>,
  { issuer, clientId, nowMs }: LogoutTokenRules,
): LogoutToken | { readonly fault: string } {
  const { iss, aud, iat, exp, jti, sid, sub, events } = claims
  if (iss !== issuer) return { fault: 'issuer' }
  if (!(Array.isArray(aud) ? aud : [aud]).includes(clientId)) return { fault: 'audience' }
  // §2.4: so that it can be no ID token, and no ID token can be one.
  if (Object.hasOwn(claims, 'nonce')) return { fault: 'nonce' }
  if (!isObject(events) || !Object.hasOwn(events, EVENT) || !isObject(events[EVENT])) return { fault: 'events' }
  if (!isOptionalText(sid) || !isOptionalText(sub) || !isText(jti)) return { fault: 'claim-malformed' }
  if (sid === undefined && sub === undefined) return { fault: 'claim-missing' }
  if (!isTime(iat) || !isTime(exp)) return { fault: 'claim-malformed' }
  const nowSeconds = nowMs / 1000
  if (iat > nowSeconds + CLOCK_SKEW_SECONDS) return { fault: 'not-yet-valid' }
  const untilSeconds = Math.min(exp, iat + LONGEST_AGE_SECONDS) + CLOCK_SKEW_SECONDS
  return nowSeconds >= untilSeconds ? { fault: 'expired' } : { sid, sub, jti, issuedAtMs: iat * 1000 }
}

/** §2.4 recommends a type of its own; older providers write none, or that of all JWTs. */
export function isLogoutType(typ: string | undefined): boolean {
  return typ === undefined || /^(?:application\/)?(?:logout\+jwt|jwt)$/i.test(typ)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

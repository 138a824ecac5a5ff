/** Owns what the claims of a signed token have to say (RFC 7519 §4.1), and who calls by them. */
import { findClaim } from '../callers/upstream-facts.ts'
import type { Caller, CallerCredential } from '../exchange.ts'
import type { IssuerOptions, JwtOptions } from './jwt-options.ts'

export type Claims = Readonly<Record<string, unknown>>

export type TimeRules = Pick<JwtOptions, 'clockSkewSeconds' | 'maxAgeSeconds' | 'expiry' | 'requiredClaims'>

/** Why the token does not count; undefined: it does. */
export function findClaimFault(
  claims: Claims,
  { audiences, idClaim }: IssuerOptions,
  { nowMs, ...rules }: TimeRules & { readonly nowMs: number },
): string | undefined {
  if (audiences !== 'any' && !isFor(claims.aud, audiences)) return 'audience'
  const id = findClaim(claims, idClaim)
  if (typeof id !== 'string' || id === '') return 'claim-missing'
  if (rules.requiredClaims.some((name) => findClaim(claims, name) === undefined)) return 'claim-missing'
  return findTimeFault(claims, rules, nowMs / 1000)
}

function findTimeFault(
  { exp, nbf, iat }: Claims,
  { clockSkewSeconds, maxAgeSeconds, expiry }: TimeRules,
  now: number,
): string | undefined {
  for (const time of [exp, nbf, iat]) if (time !== undefined && !isTime(time)) return 'claim-malformed'
  if (exp === undefined && expiry === 'required') return 'claim-missing'
  if (isTime(exp) && now >= exp + clockSkewSeconds) return 'expired'
  if (isTime(nbf) && now < nbf - clockSkewSeconds) return 'not-yet-valid'
  if (maxAgeSeconds === undefined) return undefined
  if (!isTime(iat)) return 'claim-missing'
  if (iat > now + clockSkewSeconds) return 'not-yet-valid'
  return now >= iat + maxAgeSeconds + clockSkewSeconds ? 'expired' : undefined
}

/** Until when what was found holds, in milliseconds since the epoch. */
export function toEndMs({ exp, iat }: Claims, { clockSkewSeconds, maxAgeSeconds }: TimeRules): number {
  const byExpiry = isTime(exp) ? exp : Number.POSITIVE_INFINITY
  const byAge = maxAgeSeconds !== undefined && isTime(iat) ? iat + maxAgeSeconds : Number.POSITIVE_INFINITY
  return (Math.min(byExpiry, byAge) + clockSkewSeconds) * 1000
}

/** RFC 7519 §2: a NumericDate. `1e999` is read as infinite, and is none. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** RFC 7519 §4.1.3: one text, or a list of them. */
function isFor(aud: unknown, audiences: readonly string[]): boolean {
  if (typeof aud === 'string') return audiences.includes(aud)
  return Array.isArray(aud) && aud.some((one) => typeof one === 'string' && audiences.includes(one))
}

/** Without plan: apps have those. */
export function toTokenCaller(claims: Claims, issuer: IssuerOptions, credential: CallerCredential): Caller {
  const app = issuer.app ?? (issuer.appClaim === undefined ? undefined : findClaim(claims, issuer.appClaim))
  return {
    id: String(findClaim(claims, issuer.idClaim)),
    app: typeof app === 'string' ? app : undefined,
    credential,
    claims,
    scopes: toTexts(findClaim(claims, issuer.scopesClaim), ' '),
    groups: toTexts(findClaim(claims, issuer.groupsClaim), undefined),
  }
}

function toTexts(value: unknown, separator: string | undefined): readonly string[] {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string')
  if (typeof value !== 'string') return []
  return separator === undefined ? [value] : value.split(separator).filter((item) => item !== '')
}

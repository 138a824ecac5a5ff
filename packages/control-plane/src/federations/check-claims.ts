/** Owns whether a signed token is one that a federation takes. */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { FederationBody } from './federation-body.ts'

const CLOCK_TOLERANCE_SECONDS = 30

export type ClaimsVerdict =
  | { readonly kind: 'right'; readonly claims: JWTPayload }
  /** `why` may be told: who asks has the token. */
  | { readonly kind: 'wrong'; readonly why: string }
  /** Nobody knows: its keys cannot be had. */
  | { readonly kind: 'unknown'; readonly why: string }

interface Checking {
  readonly body: FederationBody
  readonly getKey: JWTVerifyGetKey
  readonly nowMs: number
}

export async function checkClaims(token: string, { body, getKey, nowMs }: Checking): Promise<ClaimsVerdict> {
  const { issuer, audience, algorithms, conditions } = body
  let claims: JWTPayload
  try {
    const verified = await jwtVerify(token, getKey, {
      issuer,
      audience,
      algorithms,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'sub'],
    })
    claims = verified.payload
  } catch (fault) {
    return toVerdict(fault)
  }
  for (const { claim, is, startsWith = '' } of conditions) {
    const value = claims[claim]
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
    const holds = is === undefined ? typeof value === 'string' && value.startsWith(startsWith) : text === is
    if (!holds) return { kind: 'wrong', why: `the claim "${claim}" is ${text}` }
  }
  return { kind: 'right', claims }
}

function toVerdict(fault: unknown): ClaimsVerdict {
  const why = fault instanceof Error ? fault.message : String(fault)
  const isOfToken =
    fault instanceof errors.JOSEError && !(fault instanceof errors.JWKSTimeout) && fault.code !== 'ERR_JOSE_GENERIC'
  return { kind: isOfToken ? 'wrong' : 'unknown', why }
}

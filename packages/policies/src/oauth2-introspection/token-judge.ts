/** Owns what becomes of a token that the server told about: a caller, or the refusal that fits. */
import { hash } from 'node:crypto'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { toFingerprint } from '../callers/remembered.ts'
import { findClaim } from '../callers/upstream-facts.ts'
import type { Verdict } from '../callers/verdicts.ts'
import type { Caller, Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import type { TokenFacts } from './introspection-answer.ts'
import type { TokenRefusals } from './token-refusals.ts'

/** What the token says of who calls; what the gateway knows of the app is looked up for each request. */
export type TokenVerdict = Caller | Problem

export interface JudgeOptions {
  readonly issuer?: string | undefined
  readonly audiences: readonly string[]
  readonly scopes: readonly string[]
  readonly clockSkewSeconds: number
  readonly requireTokenType: boolean
  readonly idClaim?: string | undefined
  readonly appClaim?: string | undefined
  readonly groupsClaim?: string | undefined
  readonly unknownApps: 'refuse' | 'allow'
  readonly cacheSeconds: number
  readonly negativeCacheSeconds: number
  readonly refusals: TokenRefusals
}

export interface TokenJudge {
  toVerdict(token: string, facts: TokenFacts | undefined): Verdict<TokenVerdict>
  /** @throws Problem credential-invalid for an app that is disabled, or has to be known and is not */
  toCaller(caller: Caller, exchange: Exchange): Caller
}

/** Types of access tokens (RFC 6750 §6.1.1, RFC 9449 §5); `N_A` and the like are no access tokens (RFC 8693 §2.2.1). */
const ACCESS_TOKEN_TYPE = /^(?:bearer|dpop|access_token)$/i

export function createTokenJudge(
  options: JudgeOptions,
  { clock, credentials }: Pick<PolicyServices, 'clock' | 'credentials'>,
): TokenJudge {
  const { refusals, cacheSeconds, negativeCacheSeconds } = options
  const inactive = refusals.invalid('inactive')

  return {
    toVerdict(token, facts) {
      const nowSeconds = clock.now() / 1000
      const verdict = facts === undefined ? inactive : judge(facts, { options, nowSeconds, token })
      const isGood = !(verdict instanceof Problem)
      // RFC 7662 §4: never longer than the token lives.
      const untilSeconds = isGood
        ? Math.min(nowSeconds + cacheSeconds, facts?.exp ?? Number.POSITIVE_INFINITY)
        : nowSeconds + negativeCacheSeconds
      return { value: verdict, untilMs: untilSeconds * 1000, isGood, isShared: true }
    },

    toCaller(caller, { route }) {
      const { app } = caller
      const { appClaim, unknownApps } = options
      if (appClaim === undefined) return caller
      if (app === undefined) throw refusals.invalid('unknown-app')
      const named = { app, api: route.api, unknownApps }
      return { ...caller, plan: findAppPlan(credentials, named, (fault) => refusals.invalid(fault)) }
    },
  }
}

interface Judging {
  readonly options: JudgeOptions
  readonly nowSeconds: number
  readonly token: string
}

/** The one place where all that is known of a token is at hand. */
function judge(facts: TokenFacts, { options, nowSeconds, token }: Judging): TokenVerdict {
  const { refusals, scopes } = options
  const fault = findFault(facts, options, nowSeconds)
  if (fault !== undefined) return refusals.invalid(fault)
  if (!scopes.every((scope) => facts.scopes?.includes(scope))) return refusals.lacksScope
  return toTokenCaller(facts, options, token) ?? refusals.invalid('nobody-named')
}

/** Why an active token does not count here. */
function findFault(facts: TokenFacts, options: JudgeOptions, nowSeconds: number): string | undefined {
  const { exp, nbf, iss, aud, tokenType } = facts
  const { clockSkewSeconds, issuer, audiences, requireTokenType } = options
  if (exp !== undefined && exp + clockSkewSeconds <= nowSeconds) return 'expired'
  if (nbf !== undefined && nbf - clockSkewSeconds > nowSeconds) return 'not-yet-valid'
  if (issuer !== undefined && iss !== undefined && iss !== issuer) return 'other-issuer'
  if (audiences.length > 0 && !audiences.some((each) => aud.includes(each))) return 'other-audience'
  // RFC 7662 §2.1: a hint is no more than that: the server may have found a refresh token, which has no type.
  if (tokenType === undefined ? requireTokenType : !ACCESS_TOKEN_TYPE.test(tokenType)) return 'no-access-token'
  return undefined
}

function toTokenCaller({ claims, scopes, exp }: TokenFacts, options: JudgeOptions, token: string): Caller | undefined {
  const app = options.appClaim === undefined ? undefined : toText(findClaim(claims, options.appClaim))
  const id = options.idClaim === undefined ? findUsualId(claims) : toText(findClaim(claims, options.idClaim))
  if (id === undefined) return undefined
  const groups = options.groupsClaim === undefined ? undefined : toTexts(findClaim(claims, options.groupsClaim))
  return {
    id,
    app,
    credential: {
      kind: 'token',
      id: hash('sha256', token),
      tokenFingerprint: toFingerprint(token),
      ...(exp !== undefined && { endsAtMs: (exp + options.clockSkewSeconds) * 1000 }),
    },
    claims,
    ...(scopes !== undefined && { scopes }),
    ...(groups !== undefined && { groups }),
  }
}

/** RFC 7662 §2.2: all of them are optional; a token of a client that acts for itself may have no subject. */
function findUsualId(claims: Readonly<Record<string, unknown>>): string | undefined {
  return (
    toText(findClaim(claims, 'sub')) ?? toText(findClaim(claims, 'username')) ?? toText(findClaim(claims, 'client_id'))
  )
}

function toText(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined
}

function toTexts(claim: unknown): readonly string[] | undefined {
  if (typeof claim === 'string') return claim.split(/[ ,]+/).filter((text) => text !== '')
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : undefined
}

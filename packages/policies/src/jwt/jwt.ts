/** Owns who calls, by a JSON Web Token (RFC 7519) that an issuer signed. */
import { TWO_CREDENTIALS } from '../callers/credential-place.ts'
import { findAppPlan } from '../callers/find-app-plan.ts'
import { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { Remembered, toFingerprint } from '../callers/remembered.ts'
import { tellUpstream, toIdentityFields } from '../callers/upstream-facts.ts'
import { toUnavailable } from '../calls/unavailable.ts'
import type { Caller, Exchange } from '../exchange.ts'
import type { GatewayResponse } from '../messages/response.ts'
import { definePolicy, type Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { Credentials, PolicyServices } from '../services.ts'
import { findBindingFault, isGuess } from '../tokens/confirmation.ts'
import { DpopProofs } from '../tokens/dpop-proof.ts'
import { type Challenges, findBindingDetail, toChallenges } from '../tokens/token-challenges.ts'
import { type PresentedToken, TokenPlaces, toTokenPlace } from '../tokens/token-places.ts'
import { type IssuerOptions, type JwtOptions, jwtOptions } from './jwt-options.ts'
import { TokenVerifier, type Verdict, type VerifiedToken } from './token-verifier.ts'

export const jwt = definePolicy({
  name: 'jwt',
  phase: 'authenticate',
  summary: 'Recognises the caller by a signed token (JWT), and refuses those without a valid one.',
  options: jwtOptions,
  examples: [
    {
      says: 'Takes tokens of one issuer, whose OpenID configuration says where its keys are.',
      options: { issuers: [{ issuer: 'https://login.example.com/', audiences: ['orders'] }] },
    },
    {
      says: 'Takes tokens that belong to the app in `client_id`, and tells the upstream who calls.',
      options: {
        issuers: [
          {
            issuer: 'https://login.example.com/',
            audiences: ['orders'],
            jwksUrl: 'https://login.example.com/keys',
            algorithms: ['RS256', 'ES256'],
            appClaim: 'client_id',
          },
        ],
        types: ['at+jwt'],
        toUpstream: { id: 'X-User', claims: { email: 'X-Email' } },
      },
    },
  ],
  identityFields: ({ toUpstream }) => toIdentityFields(toUpstream),
  credentialPlaces: (options) => TokenPlaces.list(toTokenPlace(options), options.dpop),

  create(options, services) {
    const check = new TokenCheck(options, services)
    return function jwt(exchange, next) {
      return check.run(exchange, next)
    }
  },
})

/** One request with a token. */
interface Attempt {
  readonly exchange: Exchange
  readonly next: Next
  readonly presented: PresentedToken
}

/** One use at work. */
class TokenCheck {
  readonly #options: JwtOptions
  readonly #verifier: TokenVerifier
  readonly #seen: Remembered<VerifiedToken>
  readonly #guard: GuessGuard
  readonly #credentials: Credentials
  readonly #places: TokenPlaces
  readonly #proofs: DpopProofs | undefined

  constructor(options: JwtOptions, services: PolicyServices) {
    const { dpop, dpopMaxAgeSeconds } = options
    this.#options = options
    this.#verifier = new TokenVerifier(options, services)
    this.#seen = new Remembered(options.cacheEntries, services.clock)
    this.#guard = new GuessGuard(services, 'token', options.attempts)
    this.#credentials = services.credentials
    this.#places = new TokenPlaces(toTokenPlace(options), dpop)
    if (this.#places.dpop !== undefined) this.#proofs = new DpopProofs({ maxAgeSeconds: dpopMaxAgeSeconds }, services)
  }

  run(exchange: Exchange, next: Next): ReturnType<Next> {
    const attempt = this.#find(exchange, next)
    if (attempt === undefined) {
      if (!this.#options.anonymous) throw this.#toMissing()
      if (this.#options.forward) this.#places.keep(exchange.request)
      return next(exchange)
    }
    const fingerprint = toFingerprint(attempt.presented.token)
    const seen = this.#seen.get(fingerprint)
    if (seen !== undefined && seen.keys === seen.issuer.keys.peek()) return this.#accept(attempt, seen)
    this.#guard.admit(exchange)
    const verdict = this.#verifier.verify(attempt.presented.token)
    if (typeof verdict === 'function') {
      return this.#guard
        .watch({ exchange }, verdict, isGuessed)
        .then((late) => this.#conclude(attempt, late, fingerprint))
    }
    if (isGuessed(verdict)) this.#guard.failed(exchange)
    return this.#conclude(attempt, verdict, fingerprint)
  }

  #find(exchange: Exchange, next: Next): Attempt | undefined {
    const presented = this.#places.find(exchange.request)
    if (presented === undefined) return undefined
    const { token, place, scheme } = presented
    if (token === TWO_CREDENTIALS) {
      throw this.#toRefusal('two-tokens', `There are two different tokens in ${place.words}. Send one.`)
    }
    if (token.length > this.#options.maxTokenBytes) throw this.#toRefusal('too-long')
    if (scheme === 'bearer' && this.#options.dpop === 'require') throw this.#toRefusal('other-scheme')
    return { exchange, next, presented }
  }

  #conclude(attempt: Attempt, verdict: Verdict, fingerprint: string): ReturnType<Next> {
    if ('unavailable' in verdict) throw toUnavailable(verdict.unavailable, { who: 'The issuer of this token' })
    if ('fault' in verdict) throw this.#toRefusal(verdict.fault)
    this.#seen.set(fingerprint, verdict, verdict.endMs)
    return this.#accept(attempt, verdict)
  }

  #accept(attempt: Attempt, token: VerifiedToken): ReturnType<Next> {
    const isUnbound = token.confirmation === undefined && attempt.presented.scheme === 'bearer'
    return isUnbound ? this.#enter(attempt, token) : this.#acceptBound(attempt, token)
  }

  async #acceptBound(attempt: Attempt, token: VerifiedToken): Promise<GatewayResponse> {
    const { exchange, presented } = attempt
    // Also where the token was seen: whoever has one could have proofs checked by the thousand.
    this.#guard.admit(exchange)
    const fault = await findBindingFault(token.confirmation, exchange, { ...presented, proofs: this.#proofs })
    if (fault !== undefined) {
      if (isGuess(fault)) this.#guard.failed(exchange)
      throw this.#toRefusal(fault)
    }
    return await this.#enter(attempt, token)
  }

  #enter({ exchange, next, presented }: Attempt, { caller, issuer }: VerifiedToken): ReturnType<Next> {
    const known = recognise(exchange, this.#withPlan(caller, exchange, issuer.options))
    const { forward, toUpstream } = this.#options
    if (forward) this.#places.keep(exchange.request)
    else this.#places.remove(exchange.request, presented)
    if (toUpstream !== undefined) tellUpstream(exchange.request, known, toUpstream)
    return next(exchange)
  }

  /** What the app may do now, whenever the token was made. @throws Problem */
  #withPlan(caller: Caller, { route }: Exchange, { app, unknownApps }: IssuerOptions): Caller {
    if (caller.app === undefined) return caller
    const named = { app: caller.app, api: route.api, unknownApps: app === undefined ? unknownApps : 'refuse' } as const
    const plan = findAppPlan(this.#credentials, named, (fault) => this.#toRefusal(fault))
    return plan === undefined ? caller : { ...caller, plan }
  }

  #toMissing(): Problem {
    return new Problem('credential-missing', {
      detail: `Send your token in ${this.#places.bearer.words}.`,
      headers: this.#toChallenges(undefined),
    })
  }

  #toRefusal(reason: string, detail = toDetail(reason)): Problem {
    return new Problem('credential-invalid', { detail, reason, headers: this.#toChallenges(detail) })
  }

  #toChallenges(description: string | undefined): Challenges {
    const { dpop } = this.#options
    const parameters =
      description === undefined ? ['realm="api"'] : ['error="invalid_token"', `error_description="${description}"`]
    return toChallenges(parameters, { dpop, places: this.#places })
  }
}

/** Honest clients come with tokens that were good a moment ago: those are no guesses. */
function isGuessed(verdict: Verdict): boolean {
  return 'fault' in verdict && verdict.fault !== 'expired' && verdict.fault !== 'not-yet-valid'
}

/** What an honest client can do something about is said; the rest is one sentence, and its reason stands in the record. */
const DETAILS = new Map([
  ['expired', 'The token has expired. Get a new one.'],
  ['not-yet-valid', 'The token is not valid yet.'],
  ['audience', 'The token is not meant for this API.'],
  ['too-long', 'The token is too long.'],
  ['disabled-app', 'The app that the token belongs to is disabled.'],
])

function toDetail(reason: string): string {
  return DETAILS.get(reason) ?? findBindingDetail(reason) ?? 'The token is not valid.'
}

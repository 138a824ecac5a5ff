/** Owns what callers with tokens are told when they are refused (RFC 6750 §3, RFC 9449 §7.1), each made once. */
import { Problem } from '../problem.ts'
import { type Challenges, findBindingDetail, toChallenges } from '../tokens/token-challenges.ts'
import type { TokenPlaces } from '../tokens/token-places.ts'

export interface RefusalTexts {
  readonly realm: string
  /** Scopes that the route asks for. */
  readonly scopes: readonly string[]
  readonly dpop: 'off' | 'allow' | 'require'
  readonly places: TokenPlaces
}

export class TokenRefusals {
  readonly missing: Problem
  readonly two: Problem
  readonly malformed: Problem
  readonly lacksScope: Problem
  readonly #texts: RefusalTexts

  constructor(texts: RefusalTexts) {
    const { scopes, places } = texts
    const place = places.bearer.words
    this.#texts = texts
    const scope = scopes.length === 0 ? [] : [`scope="${scopes.join(' ')}"`]
    this.missing = new Problem('credential-missing', {
      detail: `Send your access token in ${place}.`,
      // RFC 6750 §3.1: who sent nothing is told of no error.
      headers: this.#challenge(...scope),
    })
    this.two = new Problem('credential-invalid', {
      detail: `There are two different credentials in ${place}. Send one.`,
      headers: this.#challenge('error="invalid_request"'),
      reason: 'two-tokens',
    })
    this.malformed = new Problem('credential-invalid', {
      detail: `What stands in ${place} is no access token.`,
      headers: this.#challenge('error="invalid_token"'),
      reason: 'malformed-token',
    })
    this.lacksScope = new Problem('access-denied', {
      detail: `The access token lacks a scope. Get one with ${scopes.join(' and ')}.`,
      headers: this.#challenge('error="insufficient_scope"', ...scope),
      reason: 'insufficient-scope',
    })
  }

  /** A token that does not count. Why is for the record: a guesser learns nothing, an honest client gets another token in any case. */
  invalid(reason: string): Problem {
    return new Problem('credential-invalid', {
      detail:
        findBindingDetail(reason) ??
        'The access token is not valid here: it has expired, was revoked, or is meant for others. Get a new one.',
      headers: this.#challenge('error="invalid_token"'),
      reason,
    })
  }

  #challenge(...parameters: readonly string[]): Challenges {
    return toChallenges([`realm="${this.#texts.realm}"`, ...parameters], this.#texts)
  }
}

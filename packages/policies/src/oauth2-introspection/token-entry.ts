/** Owns the way in for a token that is judged: bound ones have to be proven with every request, whatever is remembered of them. */
import type { GuessGuard } from '../callers/guess-guard.ts'
import { recognise } from '../callers/recognise.ts'
import { tellUpstream, type UpstreamFacts } from '../callers/upstream-facts.ts'
import type { Caller, Exchange } from '../exchange.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { GatewayResponse } from '../messages/response.ts'
import type { Next } from '../policy.ts'
import { Problem } from '../problem.ts'
import type { PolicyServices } from '../services.ts'
import { findBindingFault, findConfirmation, isGuess } from '../tokens/confirmation.ts'
import { DpopProofs } from '../tokens/dpop-proof.ts'
import type { PresentedToken, TokenPlaces } from '../tokens/token-places.ts'
import type { TokenJudge, TokenVerdict } from './token-judge.ts'
import type { TokenRefusals } from './token-refusals.ts'

export interface Attempt {
  readonly exchange: Exchange
  readonly presented: PresentedToken
  readonly next: Next
}

interface EntryOptions {
  readonly forward: boolean
  readonly toUpstream?: UpstreamFacts | undefined
  readonly dpopMaxAgeSeconds: number
}

interface EntryParts {
  readonly places: TokenPlaces
  readonly refusals: TokenRefusals
  readonly guard: GuessGuard
  readonly judge: TokenJudge
  readonly services: Pick<PolicyServices, 'clock' | 'counters' | 'replays'>
}

export class TokenEntry {
  readonly #options: EntryOptions
  readonly #parts: EntryParts
  /** Undefined: proofs are not taken. */
  readonly #proofs: DpopProofs | undefined

  constructor(options: EntryOptions, parts: EntryParts) {
    this.#options = options
    this.#parts = parts
    if (parts.places.dpop === undefined) return
    this.#proofs = new DpopProofs({ maxAgeSeconds: options.dpopMaxAgeSeconds }, parts.services)
  }

  /** @throws Problem */
  admit(verdict: TokenVerdict, attempt: Attempt): MaybePromise<GatewayResponse> {
    if (verdict instanceof Problem) throw verdict
    const { claims = {} } = verdict
    // A server that knows of no binding may say so by `null`.
    const confirmation = claims.cnf === null ? undefined : findConfirmation(claims)
    const isUnbound = confirmation === undefined && attempt.presented.scheme === 'bearer'
    return isUnbound ? this.#enter(verdict, attempt) : this.#admitBound(verdict, confirmation, attempt)
  }

  async #admitBound(
    caller: Caller,
    confirmation: ReturnType<typeof findConfirmation>,
    attempt: Attempt,
  ): Promise<GatewayResponse> {
    const { exchange, presented } = attempt
    const fault = await findBindingFault(confirmation, exchange, { ...presented, proofs: this.#proofs })
    if (fault === undefined) return await this.#enter(caller, attempt)
    if (isGuess(fault)) this.#parts.guard.failed(exchange)
    throw this.#parts.refusals.invalid(fault)
  }

  #enter(known: Caller, { exchange, presented, next }: Attempt): MaybePromise<GatewayResponse> {
    const { places, judge } = this.#parts
    const { forward, toUpstream } = this.#options
    const caller = recognise(exchange, judge.toCaller(known, exchange))
    if (forward) places.keep(exchange.request)
    else places.remove(exchange.request, presented)
    if (toUpstream !== undefined) tellUpstream(exchange.request, caller, toUpstream)
    return next(exchange)
  }
}

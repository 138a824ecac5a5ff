/** Owns tokens that somebody else issues to the gateway: fetched once for all who wait, anew before they end, and again where the upstream doubts one. */
import { hash } from 'node:crypto'
import { OutageLog } from '../../calls/outage-log.ts'
import type { Exchange } from '../../exchange.ts'
import type { MaybePromise } from '../../maybe-promise.ts'
import { CallFault, type LoadedValue, type SharedValue } from '../../services.ts'
import {
  setSecretField,
  toNoCredential,
  type UpstreamAuthServices,
  type UpstreamCredential,
} from '../upstream-credential.ts'

/** A request may wait, and be sent again, before the upstream looks at the token. */
const LEAST_LEFT_MS = 10_000
/** Of a token's life, how much is left when the next one is fetched: in the background, while the old one is used. */
const RENEWED_AT_LEFT = 0.2
const MOST_RENEWED_EARLY_MS = 5 * 60_000
/** How long a token is used that does not say when it ends (RFC 6749 §5.1 recommends that it does). */
const UNSAID_LIFE_MS = 5 * 60_000
/** After a failure: clients are told to come back then, and metadata servers of machines that just started answer after some seconds. */
export const RETRY_MS = 5_000
/** So often at most a thread takes a 401 for a doubt: it may be about something else, that whoever likes can send. */
export const DOUBT_MS = 60_000

export interface IssuedToken {
  readonly token: string
  /** Milliseconds since the epoch; undefined: nobody says. */
  readonly endsAtMs: number | undefined
}

export interface TokenSpec {
  /** Who issues it, for the log: `google`, the URL of a token endpoint. No secret. */
  readonly source: string
  /** All that `issue` depends on, secrets too: only a hash of it is kept. Equal ones share a token, on all threads. */
  readonly depends: readonly unknown[]
  /** @throws CallFault */
  issue(): Promise<IssuedToken>
}

/** Of one kind, on all threads. */
export class FetchedToken {
  readonly #value: SharedValue<string>
  readonly #clock: UpstreamAuthServices['clock']
  #doubtedAtMs = Number.NEGATIVE_INFINITY

  constructor({ source, depends, issue }: TokenSpec, { shared, clock, log, useId }: UpstreamAuthServices) {
    const outage = new OutageLog({ log, clock }, { policy: useId, service: source })
    this.#clock = clock
    this.#value = shared.open({
      key: `upstream-token ${hash('sha256', JSON.stringify([source, ...depends]))}`,
      async load(): Promise<LoadedValue<string>> {
        try {
          const { token, endsAtMs } = await issue()
          const loaded = toLoaded(token, clock.now(), endsAtMs)
          outage.worked()
          return loaded
        } catch (fault) {
          // Here, because nobody may wait for it: most are renewed in the background.
          if (fault instanceof CallFault) outage.failed(fault.reason)
          throw fault
        }
      },
      retryMs: RETRY_MS,
    })
  }

  /** @rejects Problem upstream-credential-unavailable */
  get(): MaybePromise<string> {
    const known = this.#value.peek()
    return known === undefined ? this.#wait() : known
  }

  async #wait(): Promise<string> {
    try {
      return await this.#value.get()
    } catch (fault) {
      // A mistake of ours is no outage of others.
      throw fault instanceof CallFault ? toNoCredential(fault.reason) : fault
    }
  }

  doubt(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#doubtedAtMs < DOUBT_MS) return
    this.#doubtedAtMs = nowMs
    // What fails was told when it was loaded, and the token that is there is still used.
    this.#value.refresh().catch(() => {})
  }
}

/** How long a token is used that was issued now, and from when on there should be another one. @throws CallFault */
export function toLoaded(token: string, nowMs: number, endsAtMs = nowMs + UNSAID_LIFE_MS): LoadedValue<string> {
  const lifeMs = endsAtMs - nowMs
  // One that is over when it comes is used for nothing: the clocks differ, or the issuer remembers too long.
  if (lifeMs <= 0) throw new CallFault('token-ended', 'the token that was issued is over already: compare the clocks')
  const earlyMs = Math.min(lifeMs * RENEWED_AT_LEFT, MOST_RENEWED_EARLY_MS)
  return {
    value: token,
    freshUntilMs: endsAtMs - earlyMs,
    usableUntilMs: endsAtMs - Math.min(LEAST_LEFT_MS, earlyMs / 2),
  }
}

/** Where a token is said: `Authorization: Bearer …`, or another field. */
export interface TokenField {
  readonly header: string
  /** '' for none. */
  readonly scheme: string
}

export const BEARER: TokenField = { header: 'Authorization', scheme: 'Bearer' }

export function createTokenCredential(
  spec: TokenSpec,
  { header, scheme }: TokenField,
  services: UpstreamAuthServices,
): UpstreamCredential {
  const token = new FetchedToken(spec, services)
  const prefix = scheme === '' ? '' : `${scheme} `
  const put = (exchange: Exchange, text: string): void =>
    setSecretField(exchange.request.headers, header, prefix + text)
  return {
    apply(exchange) {
      const known = token.get()
      if (typeof known === 'string') return put(exchange, known)
      return known.then((text) => put(exchange, text))
    },
    doubt: () => token.doubt(),
  }
}

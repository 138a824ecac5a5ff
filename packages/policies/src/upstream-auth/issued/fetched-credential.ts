/** Owns credentials that somebody else issues to the gateway: fetched once for all who wait, anew before they end, and again where the upstream doubts one. */
import { hash } from 'node:crypto'
import { OutageLog } from '../../calls/outage-log.ts'
import type { MaybePromise } from '../../maybe-promise.ts'
import { CallFault, type LoadedValue, type SharedValue } from '../../services.ts'
import { toNoCredential, type UpstreamAuthServices } from '../upstream-credential.ts'

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

export interface Issued<Data> {
  /** Plain data, which threads tell each other: texts, or objects of them. */
  readonly value: Data
  /** Milliseconds since the epoch; undefined: nobody says. */
  readonly endsAtMs: number | undefined
}

export interface CredentialSpec<Data, Value> {
  /** Who issues it, for the log: `google`, the URL of a token endpoint. No secret. */
  readonly source: string
  /** All that `issue` depends on, secrets too: only a hash of it is kept. Equal ones share a credential, on all threads. */
  readonly depends: readonly unknown[]
  /** @throws CallFault */
  issue(): Promise<Issued<Data>>
  /** What is used of it: made once of each that is issued, on each thread. */
  read(data: Data): Value
}

/** Of one kind, on all threads. */
export class FetchedCredential<Data, Value> {
  readonly #shared: SharedValue<Data>
  readonly #clock: UpstreamAuthServices['clock']
  readonly #read: (data: Data) => Value
  /** Of the same object, which is the same until another one is issued. */
  #last: { readonly data: Data; readonly value: Value } | undefined
  #doubtedAtMs = Number.NEGATIVE_INFINITY

  constructor(
    { source, depends, issue, read }: CredentialSpec<Data, Value>,
    { shared, clock, log, useId }: UpstreamAuthServices,
  ) {
    const outage = new OutageLog({ log, clock }, { service: source, policy: useId, wants: 'a token' })
    this.#clock = clock
    this.#read = read
    this.#shared = shared.open({
      key: `upstream-credential ${hash('sha256', JSON.stringify([source, ...depends]))}`,
      // Told where it is loaded, because nobody may wait for it: most are renewed in the background.
      load: () => outage.watch(async () => toLoaded(await issue(), clock.now())),
      retryMs: RETRY_MS,
    })
  }

  /** @rejects Problem upstream-credential-unavailable */
  get(): MaybePromise<Value> {
    const known = this.#shared.peek()
    return known === undefined ? this.#wait() : this.#toValue(known)
  }

  async #wait(): Promise<Value> {
    try {
      return this.#toValue(await this.#shared.get())
    } catch (fault) {
      // A mistake of ours is no outage of others.
      throw fault instanceof CallFault ? toNoCredential(fault.reason) : fault
    }
  }

  #toValue(data: Data): Value {
    const last = this.#last
    if (last !== undefined && last.data === data) return last.value
    const value = this.#read(data)
    this.#last = { data, value }
    return value
  }

  doubt(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#doubtedAtMs < DOUBT_MS) return
    this.#doubtedAtMs = nowMs
    // What fails was told when it was loaded, and the credential that is there is still used.
    this.#shared.refresh().catch(() => {})
  }
}

/** How long something is used that was issued now, and from when on there should be another one. @throws CallFault */
export function toLoaded<Data>({ value, endsAtMs }: Issued<Data>, nowMs: number): LoadedValue<Data> {
  const endMs = endsAtMs ?? nowMs + UNSAID_LIFE_MS
  const lifeMs = endMs - nowMs
  // One that is over when it comes is used for nothing: the clocks differ, or the issuer remembers too long.
  if (lifeMs <= 0)
    throw new CallFault('token-ended', 'the token that was issued is over already: compare the clocks', {
      isAnswered: true,
    })
  const earlyMs = Math.min(lifeMs * RENEWED_AT_LEFT, MOST_RENEWED_EARLY_MS)
  return {
    value,
    freshUntilMs: endMs - earlyMs,
    usableUntilMs: endMs - Math.min(LEAST_LEFT_MS, earlyMs / 2),
  }
}

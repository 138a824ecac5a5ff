/** Owns where an issuer's keys come from: the options, or a URL that one thread asks for all. */
import { OutageLog } from '../calls/outage-log.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Clock, Log, SharedValue, SharedValues } from '../services.ts'
import { discoverJwksUrl, type FetchWorld, fetchJwkSet, type JwksSettings } from './jwk-set-fetch.ts'
import type { JwsAlgorithm } from './jws-algorithms.ts'
import { type PublicJwk, toVerificationKey, type VerificationKey } from './verification-key.ts'

export interface KeySource {
  /** What is there and usable: the same list until the keys change. */
  peek(): readonly VerificationKey[] | undefined
  /** Has them fetched where nothing usable is there. @rejects CallFault where they cannot be had */
  get(): MaybePromise<readonly VerificationKey[]>
  /** Looks for newer ones, where that was not done a moment ago. Undefined: there are none to look for. */
  refresh(): Promise<readonly VerificationKey[]> | undefined
}

export class FixedKeys implements KeySource {
  readonly #keys: readonly VerificationKey[]

  constructor(keys: readonly VerificationKey[]) {
    this.#keys = keys
  }

  peek(): readonly VerificationKey[] {
    return this.#keys
  }

  get(): readonly VerificationKey[] {
    return this.#keys
  }

  refresh(): undefined {
    return undefined
  }
}

export interface RemoteKeysSettings extends Omit<JwksSettings, 'url'> {
  readonly issuer: string
  /** Discovered, if absent. */
  readonly url?: string | undefined
  readonly algorithms: readonly JwsAlgorithm[]
}

export interface RemoteKeysWorld extends FetchWorld {
  readonly shared: SharedValues
  readonly log: Log
  readonly clock: Pick<Clock, 'now' | 'monotonicMs'>
}

export class RemoteKeys implements KeySource {
  readonly #shared: SharedValue<PublicJwk[]>
  readonly #algorithms: readonly JwsAlgorithm[]
  readonly #log: Log
  #set: PublicJwk[] | undefined
  #keys: readonly VerificationKey[] = []

  constructor(
    { issuer, url, algorithms, freshMs, staleMs }: RemoteKeysSettings,
    { shared, log, ...world }: RemoteKeysWorld,
  ) {
    this.#algorithms = algorithms
    this.#log = log
    const outage = new OutageLog({ log, clock: world.clock }, { service: url ?? issuer, issuer, wants: 'keys' })
    this.#shared = shared.open({
      key: `jwks ${JSON.stringify([issuer, url, freshMs, staleMs, world.tls?.ca, world.tls?.cert])}`,
      load: () =>
        outage.watch(async () =>
          fetchJwkSet({ url: url ?? (await discoverJwksUrl(issuer, world)), freshMs, staleMs }, world),
        ),
    })
  }

  peek(): readonly VerificationKey[] | undefined {
    const set = this.#shared.peek()
    return set && this.#toKeys(set)
  }

  get(): Promise<readonly VerificationKey[]> {
    return this.#wait(this.#shared.get())
  }

  refresh(): Promise<readonly VerificationKey[]> {
    return this.#wait(this.#shared.refresh())
  }

  async #wait(set: MaybePromise<PublicJwk[]>): Promise<readonly VerificationKey[]> {
    return this.#toKeys(await set)
  }

  #toKeys(set: PublicJwk[]): readonly VerificationKey[] {
    if (set === this.#set) return this.#keys
    const keys = set.map((jwk) => toVerificationKey(jwk, this.#algorithms))
    const unusable = keys.filter((key) => key === undefined).length
    if (unusable > 0)
      this.#log.info('some keys of an issuer cannot be used with the algorithms that are allowed', { unusable })
    this.#keys = keys.filter((key) => key !== undefined)
    this.#set = set
    return this.#keys
  }
}

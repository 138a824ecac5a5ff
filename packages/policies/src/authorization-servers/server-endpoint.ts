/** Owns where an authorization server is asked for something: a URL that is configured, or one that the issuer publishes (RFC 8414). */
import type { MaybePromise } from '../maybe-promise.ts'
import type { CallTls, LoadedValue, PolicyServices, SharedValue } from '../services.ts'
import { discover, type MetadataCall, readMetadataUrl } from './issuer-metadata.ts'

/** What the issuer publishes changes seldom: an hour until it is looked at again, a day that it holds while nobody answers. */
const FRESH_MS = 3_600_000
const USABLE_MS = 86_400_000

/** What is asked there: RFC 7662 §2, RFC 6749 §3.2. */
export type EndpointKind = 'introspection' | 'token'

export interface ServerEndpoint {
  /** @rejects CallFault */
  get(): MaybePromise<string>
  /** It does not answer as it should: perhaps it moved. */
  doubt(): void
}

interface EndpointOptions {
  readonly endpoint: string | undefined
  readonly issuer: string | undefined
  readonly timeoutMs: number
  readonly tls: CallTls | undefined
}

export function createServerEndpoint(
  kind: EndpointKind,
  options: EndpointOptions,
  services: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): ServerEndpoint {
  const { endpoint, issuer, timeoutMs, tls } = options
  if (endpoint !== undefined) return { get: () => endpoint, doubt() {} }
  const value = openPublished({ kind, issuer: issuer ?? '', timeoutMs, tls }, services)
  return {
    get: () => value.get(),
    doubt() {
      value.refresh().catch(() => {})
    },
  }
}

interface Published extends MetadataCall {
  readonly kind: EndpointKind
}

function openPublished(
  published: Published,
  { http, shared, clock }: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): SharedValue<string> {
  const { kind, issuer, timeoutMs, tls } = published
  return shared.open({
    key: `${kind}-endpoint ${JSON.stringify([issuer, timeoutMs, tls?.ca, tls?.cert])}`,
    async load(): Promise<LoadedValue<string>> {
      const value = readMetadataUrl(await discover(published, http), `${kind}_endpoint`, kind)
      const nowMs = clock.now()
      return { value, freshUntilMs: nowMs + FRESH_MS, usableUntilMs: nowMs + USABLE_MS }
    },
  })
}

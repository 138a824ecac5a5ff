/** Owns where tokens are asked about: a URL that is configured, or one that the issuer publishes (RFC 8414). */
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { CallTls, HttpCalls, LoadedValue, PolicyServices, SharedValue } from '../services.ts'

/** What the issuer publishes changes seldom: an hour until it is looked at again, a day that it holds while nobody answers. */
const FRESH_MS = 3_600_000
const USABLE_MS = 86_400_000
const MOST_BYTES = 256 * 1024

export interface IntrospectionEndpoint {
  /** @rejects CallFault */
  get(): MaybePromise<string>
  /** It does not answer as it should: perhaps it moved. */
  doubt(): void
}

export interface EndpointOptions {
  readonly endpoint: string | undefined
  readonly issuer: string | undefined
  readonly timeoutMs: number
  readonly tls: CallTls | undefined
}

export function createEndpoint(
  options: EndpointOptions,
  services: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): IntrospectionEndpoint {
  const { endpoint, issuer } = options
  if (endpoint !== undefined) return { get: () => endpoint, doubt() {} }
  return new PublishedEndpoint(issuer ?? '', options, services)
}

class PublishedEndpoint implements IntrospectionEndpoint {
  readonly #value: SharedValue<string>

  constructor(
    issuer: string,
    { timeoutMs, tls }: EndpointOptions,
    { http, shared, clock }: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
  ) {
    this.#value = shared.open({
      key: `introspection-endpoint ${JSON.stringify([issuer, timeoutMs, tls?.ca, tls?.cert])}`,
      async load(): Promise<LoadedValue<string>> {
        const value = await discover(issuer, { http, timeoutMs, tls })
        const nowMs = clock.now()
        return { value, freshUntilMs: nowMs + FRESH_MS, usableUntilMs: nowMs + USABLE_MS }
      },
    })
  }

  get(): MaybePromise<string> {
    return this.#value.get()
  }

  doubt(): void {
    this.#value.refresh().catch(() => {})
  }
}

interface Asking {
  readonly http: HttpCalls
  readonly timeoutMs: number
  readonly tls: CallTls | undefined
}

async function discover(issuer: string, { http, timeoutMs, tls }: Asking): Promise<string> {
  let reason = 'no-metadata'
  for (const url of toMetadataUrls(issuer)) {
    const answer = await http.send({
      url,
      headers: [['Accept', 'application/json']],
      timeoutMs,
      limitBytes: MOST_BYTES,
      ...(tls !== undefined && { tls }),
    })
    if (answer.status === 200) return readEndpoint(issuer, parseObject(answer.body))
    reason = `metadata-status-${answer.status}`
  }
  throw toSenseless(reason)
}

/** RFC 8414 §3.1: between host and path. Then where OpenID Connect Discovery 1.0 §4 has it: behind the path. */
export function toMetadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ]
}

function readEndpoint(issuer: string, metadata: Readonly<Record<string, unknown>>): string {
  // RFC 8414 §3.3: identical, or what was found is somebody else's.
  if (metadata.issuer !== issuer) throw toSenseless('metadata-issuer')
  const endpoint = metadata.introspection_endpoint
  if (typeof endpoint !== 'string') throw toSenseless('metadata-without-introspection')
  const url = URL.parse(endpoint)
  // RFC 8414 §2: with TLS where the issuer has it: tokens are sent there.
  const isFit = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && issuer.startsWith('http:')))
  if (!isFit) throw toSenseless('metadata-endpoint')
  return endpoint
}

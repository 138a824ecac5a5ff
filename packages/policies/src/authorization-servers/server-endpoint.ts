/** Owns where an authorization server is asked for something: a URL that is configured, or one that the issuer publishes (RFC 8414). */
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { CallTls, HttpCalls, LoadedValue, PolicyServices, SharedValue } from '../services.ts'

/** What the issuer publishes changes seldom: an hour until it is looked at again, a day that it holds while nobody answers. */
const FRESH_MS = 3_600_000
const USABLE_MS = 86_400_000
const MOST_BYTES = 256 * 1024

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

interface Published {
  readonly kind: EndpointKind
  readonly issuer: string
  readonly timeoutMs: number
  readonly tls: CallTls | undefined
}

function openPublished(
  published: Published,
  { http, shared, clock }: Pick<PolicyServices, 'http' | 'shared' | 'clock'>,
): SharedValue<string> {
  const { kind, issuer, timeoutMs, tls } = published
  return shared.open({
    key: `${kind}-endpoint ${JSON.stringify([issuer, timeoutMs, tls?.ca, tls?.cert])}`,
    async load(): Promise<LoadedValue<string>> {
      const value = await discover(published, http)
      const nowMs = clock.now()
      return { value, freshUntilMs: nowMs + FRESH_MS, usableUntilMs: nowMs + USABLE_MS }
    },
  })
}

async function discover({ kind, issuer, timeoutMs, tls }: Published, http: HttpCalls): Promise<string> {
  let reason = 'no-metadata'
  for (const url of toMetadataUrls(issuer)) {
    const answer = await http.send({
      url,
      headers: [['Accept', 'application/json']],
      timeoutMs,
      limitBytes: MOST_BYTES,
      ...(tls !== undefined && { tls }),
    })
    if (answer.status === 200) return readEndpoint(kind, issuer, parseObject(answer.body))
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

function readEndpoint(kind: EndpointKind, issuer: string, metadata: Readonly<Record<string, unknown>>): string {
  // RFC 8414 §3.3: identical, or what was found is somebody else's.
  if (metadata.issuer !== issuer) throw toSenseless('metadata-issuer')
  const endpoint = metadata[`${kind}_endpoint`]
  if (typeof endpoint !== 'string') throw toSenseless(`metadata-without-${kind}`)
  const url = URL.parse(endpoint)
  // RFC 8414 §2: with TLS where the issuer has it: tokens are sent there.
  const isFit = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && issuer.startsWith('http:')))
  if (!isFit) throw toSenseless('metadata-endpoint')
  return endpoint
}

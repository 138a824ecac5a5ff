/** Owns what an issuer says about itself and its keys, read over HTTP: bounded, and never more often than asked. */
import { parseObject } from '../calls/json-answer.ts'
import { CallFault, type CallTls, type Clock, type HttpCalls, type LoadedValue } from '../services.ts'
import { type PublicJwk, parseJwkSet } from './verification-key.ts'

const TIMEOUT_MS = 5000
const LIMIT_BYTES = 512 * 1024
const LEAST_FRESH_MS = 60_000
const MOST_FRESH_MS = 24 * 3_600_000

export interface FetchWorld {
  readonly http: HttpCalls
  readonly clock: Pick<Clock, 'now'>
  readonly tls?: CallTls | undefined
}

export interface JwksSettings {
  readonly url: string
  /** How long a set counts as fresh where its answer does not say. */
  readonly freshMs: number
  /** How long a set is used after its issuer was last reached. */
  readonly staleMs: number
}

/** @throws CallFault: nobody answers, or what comes is no key set */
export async function fetchJwkSet(
  { url, freshMs, staleMs }: JwksSettings,
  world: FetchWorld,
): Promise<LoadedValue<PublicJwk[]>> {
  const { document, maxAgeMs } = await fetchObject(url, world)
  const value = parseJwkSet(document)
  if (value === undefined) throw new CallFault('no-key-set', `${url} answers with no JWK Set (RFC 7517 §5)`)
  const now = world.clock.now()
  const fresh = Math.min(Math.max(maxAgeMs ?? freshMs, LEAST_FRESH_MS), MOST_FRESH_MS)
  return { value, freshUntilMs: now + fresh, usableUntilMs: now + Math.max(fresh, staleMs) }
}

/** OpenID Connect Discovery 1.0 §4; every member is what the issuer wrote. @throws CallFault */
export async function discover(issuer: string, world: FetchWorld): Promise<Readonly<Record<string, unknown>>> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const { document: metadata } = await fetchObject(url, world)
  // §4.3: whoever speaks for another issuer is not to be believed.
  if (metadata.issuer !== issuer) {
    throw new CallFault(
      'other-issuer',
      `${url} speaks for the issuer ${JSON.stringify(metadata.issuer)}, not ${issuer}`,
    )
  }
  return metadata
}

/** Where the issuer's keys are. @throws CallFault */
export async function discoverJwksUrl(issuer: string, world: FetchWorld): Promise<string> {
  const { jwks_uri: url } = await discover(issuer, world)
  const isSafe = typeof url === 'string' && (url.startsWith('https://') || !issuer.startsWith('https://'))
  if (!isSafe) throw new CallFault('no-jwks-uri', `${issuer} names no jwks_uri with https`)
  return url
}

interface Fetched {
  readonly document: Readonly<Record<string, unknown>>
  readonly maxAgeMs?: number
}

async function fetchObject(url: string, { http, tls }: FetchWorld): Promise<Fetched> {
  const answer = await http.send({
    url,
    headers: [['Accept', 'application/json, application/jwk-set+json']],
    timeoutMs: TIMEOUT_MS,
    limitBytes: LIMIT_BYTES,
    ...(tls === undefined ? {} : { tls }),
  })
  if (answer.status !== 200) throw new CallFault(`status-${answer.status}`, `${url} answers with ${answer.status}`)
  const maxAge = /(?:^|,)\s*max-age=(\d{1,9})\s*(?:,|$)/i.exec(answer.headers.get('cache-control') ?? '')?.[1]
  const document = parseObject(answer.body)
  return maxAge === undefined ? { document } : { document, maxAgeMs: Number(maxAge) * 1000 }
}

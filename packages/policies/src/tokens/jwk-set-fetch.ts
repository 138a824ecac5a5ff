/** Owns the keys of an issuer as they are read over HTTP: where they are, and how long they count. */
import { discover, readMetadataUrl } from '../authorization-servers/issuer-metadata.ts'
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import type { CallTls, Clock, HttpCalls, LoadedValue } from '../services.ts'
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
  // RFC 7517 §5.
  if (value === undefined) throw toSenseless('no-key-set')
  const now = world.clock.now()
  const fresh = Math.min(Math.max(maxAgeMs ?? freshMs, LEAST_FRESH_MS), MOST_FRESH_MS)
  return { value, freshUntilMs: now + fresh, usableUntilMs: now + Math.max(fresh, staleMs) }
}

/** Where the issuer's keys are. @throws CallFault */
export async function discoverJwksUrl(issuer: string, { http, tls }: FetchWorld): Promise<string> {
  return readMetadataUrl(await discover({ issuer, timeoutMs: TIMEOUT_MS, tls }, http), 'jwks_uri', 'keys')
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
  if (answer.status !== 200) throw toSenseless(`status-${answer.status}`)
  const maxAge = /(?:^|,)\s*max-age=(\d{1,9})\s*(?:,|$)/i.exec(answer.headers.get('cache-control') ?? '')?.[1]
  const document = parseObject(answer.body)
  return maxAge === undefined ? { document } : { document, maxAgeMs: Number(maxAge) * 1000 }
}

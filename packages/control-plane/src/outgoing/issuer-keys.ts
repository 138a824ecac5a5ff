/** Owns the public keys of issuers: found by what an issuer says of itself, and kept for a while. */
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { toAgeMs } from '../to-age-ms.ts'
import { outgoingFetch } from './outgoing-fetch.ts'

const KEPT_MS = 600_000
/** An unknown key is looked for no more often: anybody may send a token that names one. */
const COOLDOWN_MS = 30_000
const TIMEOUT_MS = 5_000
/** Of more issuers nobody asks on purpose. */
const MOST_ISSUERS = 200

const metadataSchema = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** Whom to ask, and where, if that is not found by asking. */
export interface IssuerPlace {
  readonly issuer: string
  readonly jwksUrl?: string
}

interface Kept {
  readonly atMs: number
  readonly keys: Promise<JWTVerifyGetKey>
}

export class IssuerKeys {
  readonly #kept = new Map<string, Kept>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** For `jwtVerify`. @rejects Error where the issuer cannot be asked */
  async get({ issuer, jwksUrl }: IssuerPlace): Promise<JWTVerifyGetKey> {
    const place = JSON.stringify([issuer, jwksUrl])
    const kept = this.#kept.get(place)
    if (kept !== undefined && toAgeMs(kept.atMs, this.#nowMs()) < KEPT_MS) return await kept.keys
    if (this.#kept.size >= MOST_ISSUERS) this.#kept.clear()
    const keys = find(issuer, jwksUrl)
    this.#kept.set(place, { keys, atMs: this.#nowMs() })
    // What failed is asked again by the next.
    keys.catch(() => this.#kept.delete(place))
    return await keys
  }
}

async function find(issuer: string, jwksUrl: string | undefined): Promise<JWTVerifyGetKey> {
  const url = jwksUrl ?? (await discover(issuer))
  return createRemoteJWKSet(new URL(url), {
    [customFetch]: outgoingFetch,
    cacheMaxAge: KEPT_MS,
    cooldownDuration: COOLDOWN_MS,
    timeoutDuration: TIMEOUT_MS,
  })
}

async function discover(issuer: string): Promise<string> {
  // OpenID Connect Discovery 1.0 §4.1: behind the path of the issuer.
  const answer = await outgoingFetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (answer.status !== 200)
    throw new Error(`${issuer} answers ${answer.status} where it should say where its keys are`)
  const metadata = metadataSchema.parse(await answer.json())
  // §4.3: exactly the one that was asked for.
  if (metadata.issuer !== issuer) throw new Error(`${issuer} calls itself ${metadata.issuer}`)
  return metadata.jwks_uri
}

/** Owns proofs of possession (DPoP, RFC 9449): what a client signs for each request with the key that its token is bound to. */
import { createPublicKey, hash } from 'node:crypto'
import { UsedOnce } from '../callers/used-once.ts'
import type { Exchange } from '../exchange.ts'
import type { Clock, Counters } from '../services.ts'
import { type CompactJws, parseCompactJws, parseJsonObject } from './compact-jws.ts'
import { ASYMMETRIC_ALGORITHMS, findKeyFault, isJwsAlgorithm, isSignedBy } from './jws-algorithms.ts'
import { toJwkThumbprint } from './thumbprint.ts'
import type { PublicJwk } from './verification-key.ts'

/** Longer than any honest one: a key of RSA with 4096 bits makes 2 KiB. */
const MOST_PROOF_BYTES = 8192

/** Proofs are made by clients, whose clocks may go before ours. */
const EARLY_SECONDS = 30

export interface DpopSettings {
  /** How old a proof may be; each is good once in that time. */
  readonly maxAgeSeconds: number
}

export type ProofOutcome = { readonly thumbprint: string } | { readonly fault: string }

/** RFC 9449 §4.3. One instance a use; what was shown is remembered for all threads. */
export class DpopProofs {
  readonly #maxAgeSeconds: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #shown: UsedOnce

  constructor({ maxAgeSeconds }: DpopSettings, { clock, counters }: { clock: Pick<Clock, 'now'>; counters: Counters }) {
    this.#maxAgeSeconds = maxAgeSeconds
    this.#clock = clock
    this.#shown = new UsedOnce(counters, { id: 'dpop', windowMs: (maxAgeSeconds + EARLY_SECONDS) * 1000 })
  }

  /** Whose key signed the proof that the request carries, for this token; or what is wrong with it. */
  async check({ request }: Exchange, token: string): Promise<ProofOutcome> {
    const [text, ...more] = request.headers.getAll('dpop')
    if (text === undefined) return { fault: 'dpop-missing' }
    if (more.length > 0 || text.length > MOST_PROOF_BYTES) return { fault: 'dpop-malformed' }
    const jws = parseCompactJws(text)
    if (jws === undefined) return { fault: 'dpop-malformed' }
    const jwk = findProvenKey(jws)
    if (typeof jwk === 'string') return { fault: jwk }
    const claims = parseJsonObject(jws.payload)
    if (claims === undefined) return { fault: 'dpop-malformed' }
    const thumbprint = toJwkThumbprint(jwk)
    const fault =
      (claims.htm !== request.method ? 'dpop-other-method' : undefined) ??
      (isSameTarget(claims.htu, request) ? undefined : 'dpop-other-target') ??
      (claims.ath === hash('sha256', token, 'base64url') ? undefined : 'dpop-other-token') ??
      this.#findTimeFault(claims.iat) ??
      (await this.#findReplay(claims.jti, thumbprint))
    return fault === undefined ? { thumbprint } : { fault }
  }

  #findTimeFault(iat: unknown): string | undefined {
    if (typeof iat !== 'number') return 'dpop-malformed'
    const age = this.#clock.now() / 1000 - iat
    return age > this.#maxAgeSeconds || age < -EARLY_SECONDS ? 'dpop-not-now' : undefined
  }

  /** RFC 9449 §11.1. Where counters are crowded, an honest proof may be taken for one that was shown: the client makes another. */
  async #findReplay(jti: unknown, thumbprint: string): Promise<string | undefined> {
    if (typeof jti !== 'string' || jti === '') return 'dpop-malformed'
    return (await this.#shown.use(`${thumbprint} ${jti}`)) ? undefined : 'dpop-replayed'
  }
}

/** The public key that the proof brings along, if it is signed with it; else what is wrong. */
function findProvenKey(jws: CompactJws): PublicJwk | string {
  const { alg, typ, members } = jws.header
  // RFC 9449 §4.2: the type keeps other tokens from being taken for proofs.
  if (typ?.toLowerCase() !== 'dpop+jwt') return 'dpop-malformed'
  if (!isJwsAlgorithm(alg) || !(ASYMMETRIC_ALGORITHMS as readonly string[]).includes(alg)) return 'dpop-algorithm'
  const { jwk } = members
  if (typeof jwk !== 'object' || jwk === null) return 'dpop-malformed'
  const { kty, n, e, crv, x, y } = jwk as Record<string, unknown>
  // Nobody sends a private key by intention: whoever does has lost it.
  if (Object.hasOwn(jwk, 'd') || Object.hasOwn(jwk, 'k')) return 'dpop-private-key'
  try {
    const material = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, member]) => member !== undefined),
    )
    const key = createPublicKey({ key: material, format: 'jwk' })
    if (findKeyFault(alg, key) !== undefined) return 'dpop-algorithm'
    // As the key is, and not as it was spelled: a thumbprint is of one spelling.
    return isSignedBy(alg, key, jws) ? (key.export({ format: 'jwk' }) as PublicJwk) : 'dpop-signature'
  } catch {
    return 'dpop-malformed'
  }
}

/** RFC 9449 §4.3 (9): without query and fragment, and in normal form. */
function isSameTarget(htu: unknown, { scheme, authority, rawTarget }: Exchange['request']): boolean {
  if (typeof htu !== 'string') return false
  const asked = URL.parse(rawTarget.startsWith('/') ? `${scheme}://${authority}${rawTarget}` : rawTarget)
  const proven = URL.parse(htu)
  return asked !== null && proven !== null && asked.origin === proven.origin && asked.pathname === proven.pathname
}

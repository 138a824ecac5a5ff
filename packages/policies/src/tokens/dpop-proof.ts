/** Owns proofs of possession (DPoP, RFC 9449): what a client signs for each request with the key that its token is bound to. */
import { createPublicKey, hash } from 'node:crypto'
import { toRetrySeconds } from '../callers/retry-after.ts'
import { UsedOnce } from '../callers/used-once.ts'
import type { Exchange } from '../exchange.ts'
import { Problem } from '../problem.ts'
import type { Clock, Counters, Decision, Limiter, Replays } from '../services.ts'
import { type CompactJws, parseCompactJws, parseJsonObject } from './compact-jws.ts'
import { ASYMMETRIC_ALGORITHMS, findKeyFault, isJwsAlgorithm, isSignedBy } from './jws-algorithms.ts'
import { toJwkThumbprint } from './thumbprint.ts'
import type { PublicJwk } from './verification-key.ts'

/** Longer than any honest one: a key of RSA with 4096 bits makes 2 KiB. */
const MOST_PROOF_BYTES = 8192

/** Of RSA. Issuers may have longer ones, which the operator chose; this one a client chooses, and it costs us by the request. */
const MOST_KEY_BITS = 4096

/** Whose age may still count: an eighth of the room that all have, some 800 a second where they count for five minutes… */
const MOST_OF_ONE_KEY = 2 ** 18
/** …and so many more at once. A bucket as large as what refills would let twice as many be alive. */
const MOST_AT_ONCE = 2 ** 14

/** Proofs are made by clients, whose clocks may go before ours. */
const EARLY_SECONDS = 30

export interface DpopSettings {
  /** How old a proof may be; each is good once in that time. */
  readonly maxAgeSeconds: number
}

/** A token, and the key that it is bound to (RFC 9449 §6.1, `jkt`). */
interface BoundToken {
  readonly token: string
  readonly thumbprint: string
}

interface DpopWorld {
  readonly clock: Pick<Clock, 'now'>
  readonly counters: Counters
  readonly replays: Replays
}

/** RFC 9449 §4.3. One instance a use; what was shown is remembered for all threads. */
export class DpopProofs {
  readonly #maxAgeSeconds: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #shown: UsedOnce
  readonly #byKey: Limiter

  constructor({ maxAgeSeconds }: DpopSettings, { clock, counters, replays }: DpopWorld) {
    this.#maxAgeSeconds = maxAgeSeconds
    this.#clock = clock
    this.#shown = new UsedOnce(replays, 'dpop')
    const windowMs = (maxAgeSeconds + EARLY_SECONDS) * 1000
    const bounds = { limit: MOST_OF_ONE_KEY, burst: MOST_AT_ONCE, windowMs }
    this.#byKey = counters.limiter({ id: 'dpop/keys', algorithm: 'token-bucket', ...bounds })
  }

  /** What is wrong with the proof that the request carries, for this token and its key; undefined: nothing. @rejects Problem rate-limited */
  async findFault(exchange: Exchange, { token, thumbprint }: BoundToken): Promise<string | undefined> {
    const { request } = exchange
    const [text, ...more] = request.headers.getAll('dpop')
    if (text === undefined) return 'dpop-missing'
    if (more.length > 0 || text.length > MOST_PROOF_BYTES) return 'dpop-malformed'
    const jws = parseCompactJws(text)
    if (jws === undefined) return 'dpop-malformed'
    const fault = findSignatureFault(jws, thumbprint)
    if (fault !== undefined) return fault
    const claims = parseJsonObject(jws.payload)
    if (claims === undefined) return 'dpop-malformed'
    return (
      (claims.htm === request.method ? undefined : 'dpop-other-method') ??
      (isSameTarget(claims.htu, request) ? undefined : 'dpop-other-target') ??
      (claims.ath === hash('sha256', token, 'base64url') ? undefined : 'dpop-other-token') ??
      this.#findTimeFault(claims.iat) ??
      (await this.#findReplay(exchange, claims, thumbprint))
    )
  }

  #findTimeFault(iat: unknown): string | undefined {
    if (typeof iat !== 'number') return 'dpop-malformed'
    const age = this.#clock.now() / 1000 - iat
    return age > this.#maxAgeSeconds || age < -EARLY_SECONDS ? 'dpop-not-now' : undefined
  }

  /**
   * RFC 9449 §11.1. For as long as it could come again, and so many of one key that no other is pushed out by them. One that
   * comes again does not count: else whoever copied one could use up what its owner has.
   */
  async #findReplay(
    exchange: Exchange,
    { jti, iat }: Readonly<Record<string, unknown>>,
    thumbprint: string,
  ): Promise<string | undefined> {
    if (typeof jti !== 'string' || jti === '') return 'dpop-malformed'
    const key = `${thumbprint} ${jti}`
    const usage = await this.#shown.use(exchange, key, (Number(iat) + this.#maxAgeSeconds + 1) * 1000)
    if (usage !== 'first') return usage === 'spent' ? 'dpop-replayed' : undefined
    const decision = await this.#byKey.take(thumbprint, 1)
    if (decision.allowed) return undefined
    this.#shown.giveBack(key)
    throw toTooMany(decision)
  }
}

/** Nothing is wrong with the token, nor with the proof: there are too many of its key. */
function toTooMany({ retryAfterMs }: Decision): Problem {
  return new Problem('rate-limited', {
    detail: 'Too many proofs came for this key. Send fewer, or get tokens for several keys.',
    reason: 'dpop-too-many',
    headers: [['Retry-After', `${toRetrySeconds(retryAfterMs)}`]],
  })
}

/** Is it signed with the key that it brings along, and is that the key with this thumbprint? */
function findSignatureFault(jws: CompactJws, thumbprint: string): string | undefined {
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
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > MOST_KEY_BITS) return 'dpop-algorithm'
    if (findKeyFault(alg, key) !== undefined) return 'dpop-algorithm'
    // As the key is, and not as it was spelled: a thumbprint is of one spelling. Before the signature, which costs most of all:
    // else whoever has a token could have signatures checked by any key that they think of.
    if (toJwkThumbprint(key.export({ format: 'jwk' }) as PublicJwk) !== thumbprint) return 'dpop-other-key'
    return isSignedBy(alg, key, jws) ? undefined : 'dpop-signature'
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

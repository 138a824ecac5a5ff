/** Owns the decision about the signatures of a request: which of them are ours to judge, and whether each holds (RFC 9421 §3.2). */
import type { GuessGuard } from '../callers/guess-guard.ts'
import { UsedOnce } from '../callers/used-once.ts'
import type { Exchange } from '../exchange.ts'
import { createVerificationKey, type VerificationKey } from '../message-signatures/signature-algorithm.ts'
import { toSignatureBase } from '../message-signatures/signature-base.ts'
import { SignatureFault } from '../message-signatures/signature-fault.ts'
import type { MessageSignature } from '../message-signatures/signature-input.ts'
import { type StructuredType, toStructuredTypes } from '../message-signatures/structured-types.ts'
import type { Replays } from '../services.ts'
import { type Coverage, createCoverage } from './coverage.ts'
import type { HmacAuthOptions } from './hmac-auth-options.ts'

/** A key of the options, ready to verify with. */
export interface KnownKey {
  readonly id: string
  readonly app: string
  readonly plan: string | undefined
  readonly verification: VerificationKey
  readonly nonces: UsedOnce
}

export interface VerifiedSignature {
  readonly signature: MessageSignature
  readonly key: KnownKey
}

// Each costs a verification, and nobody signs a request with more keys of one gateway than an old one and a new one.
const MOST_VERIFIED = 4

export class SignatureChecks {
  readonly keys: ReadonlyMap<string, KnownKey>
  readonly coverage: Coverage
  readonly #options: HmacAuthOptions
  readonly #types: ReadonlyMap<string, StructuredType>
  readonly #guard: GuessGuard

  /** @throws TypeError for a key that is none, or none for its algorithm */
  constructor(options: HmacAuthOptions, guard: GuessGuard, replays: Replays) {
    this.keys = toKnownKeys(options, replays)
    this.coverage = createCoverage(options)
    this.#options = options
    this.#types = toStructuredTypes(options.structuredFields)
    this.#guard = guard
  }

  /** Those with the tag that is asked for. None: the request has no credential of ours. */
  pick(signatures: readonly MessageSignature[]): MessageSignature[] {
    const { tag } = this.#options
    return signatures.filter((signature) => tag === undefined || signature.tag === tag)
  }

  /**
   * By keys that are known here; those of other keys are for others, who know them. Every one of ours must hold, and they
   * must be of one app: else whoever adds a signature of their own to a request of somebody else could choose who calls
   * (RFC 9421 §7.2.6). @throws SignatureFault
   */
  verify(exchange: Exchange, signatures: readonly MessageSignature[], nowMs: number): VerifiedSignature[] {
    const ours = signatures.flatMap((signature) => {
      const key = this.keys.get(signature.keyid ?? '')
      return key === undefined ? [] : [{ signature, key }]
    })
    const [first] = ours
    if (first === undefined) {
      this.#guard.failed(exchange)
      throw wrongSignature('unknown-key')
    }
    if (ours.length > MOST_VERIFIED || ours.some(({ key }) => key.app !== first.key.app)) {
      throw new SignatureFault('several-callers', `Sign with the keys of one app, and with ${MOST_VERIFIED} at most.`)
    }
    for (const one of ours) this.#verifyOne(exchange, one, nowMs)
    return ours
  }

  /** What costs least comes first. Nothing that is refused here tells more of a key than its owner's guide does. */
  #verifyOne(exchange: Exchange, { signature, key }: VerifiedSignature, nowMs: number): void {
    const { verification } = key
    if (signature.alg !== undefined && signature.alg !== verification.algorithm) {
      this.#guard.failed(exchange)
      throw wrongSignature('other-algorithm')
    }
    this.assertCurrent(signature, nowMs)
    if (signature.nonce === undefined && this.#options.nonce === 'required') {
      throw new SignatureFault('nonce-missing', 'Sign with a nonce: a new one for each request.')
    }
    this.coverage.assertCovered(signature, exchange.request)
    const base = toSignatureBase(signature, exchange.request, this.#types)
    if (verification.verifies(Buffer.from(base, 'latin1'), signature.octets)) return
    this.#guard.failed(exchange)
    throw wrongSignature('wrong-signature')
  }

  /** RFC 9421 §2.3, §7.2.2: neither of the future, nor of long ago. @throws SignatureFault */
  assertCurrent({ created, expires }: MessageSignature, nowMs: number): void {
    const { maxAgeSeconds, clockSkewSeconds } = this.#options
    const nowSeconds = nowMs / 1000
    if (created === undefined)
      throw new SignatureFault('created-missing', 'Sign with created: the time, in seconds since 1970.')
    if (created > nowSeconds + clockSkewSeconds) {
      throw new SignatureFault(
        'created-later',
        'The signature was created in the future. Set the clock right, and sign again.',
      )
    }
    const endSeconds = Math.min(created + maxAgeSeconds, expires ?? Number.POSITIVE_INFINITY)
    if (endSeconds + clockSkewSeconds <= nowSeconds) {
      throw new SignatureFault('signature-expired', 'The signature has expired. Sign again, and send it at once.')
    }
  }
}

function toKnownKeys({ keys }: HmacAuthOptions, replays: Replays): ReadonlyMap<string, KnownKey> {
  const known = new Map<string, KnownKey>()
  for (const [id, { app, plan, ...material }] of Object.entries(keys)) {
    const verification = createVerificationKey(material)
    // Of the key and not of the use: what was used stays so where a use is moved, and where two uses know the same key.
    const nonces = new UsedOnce(replays, JSON.stringify(['hmac-auth', id, verification.thumbprint]))
    known.set(id, { id, app, plan, verification, nonces })
  }
  return known
}

/** One text for all that a guesser could learn from. */
function wrongSignature(reason: string): SignatureFault {
  return new SignatureFault(
    reason,
    'The signature is not one of a key that is known here. Look at keyid, the algorithm, and what was signed.',
  )
}

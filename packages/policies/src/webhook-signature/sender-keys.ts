/** Owns the keys of a sender: the secrets that it signs with, or the public keys that it publishes. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { Secret } from '@gatewright/model/runtime'
import {
  createVerificationKey,
  type SecretEncoding,
  toKeyThumbprint,
  toSecretBytes,
} from '../message-signatures/signature-algorithm.ts'
import type { ClaimedSignature } from './delivery.ts'

export const HMAC_HASHES = ['sha256', 'sha512', 'sha1'] as const

export type HmacHash = (typeof HMAC_HASHES)[number]

export interface SenderKey {
  /** Of what it is, however it is written. */
  readonly thumbprint: string
  /** Is one of these a signature of these octets, one part behind the other? Takes as long for each that is not. */
  verifies(signed: readonly Uint8Array[], signatures: readonly ClaimedSignature[]): boolean
}

/** @throws TypeError where a secret is too short, or not written so */
export function createHmacKey(secret: Secret, hash: HmacHash, encoding: SecretEncoding): SenderKey {
  const bytes = toSecretBytes(secret, encoding)
  return {
    thumbprint: toKeyThumbprint(bytes),
    verifies(signed, signatures) {
      const mac = createHmac(hash, bytes)
      for (const part of signed) mac.update(part)
      const expected = mac.digest()
      let isOne = false
      for (const { kind, octets } of signatures) {
        if (kind === 'hmac' && octets.length === expected.length && timingSafeEqual(octets, expected)) isOne = true
      }
      return isOne
    },
  }
}

const SYMMETRIC_PREFIX = 'whsec_'
const PUBLIC_PREFIX = 'whpk_'

/** Standard Webhooks, “Signature scheme”: `whsec_` and a secret, or `whpk_` and a public key of Ed25519, both in base64. @throws TypeError */
export function createStandardKey(secret: Secret): SenderKey {
  const text = secret.reveal()
  if (text.startsWith('whsk_')) throw new TypeError('this is the private key of a sender; give the public one, whpk_…')
  if (!text.startsWith(PUBLIC_PREFIX)) {
    const base64 = text.startsWith(SYMMETRIC_PREFIX) ? text.slice(SYMMETRIC_PREFIX.length) : text
    return createHmacKey(new Secret(base64), 'sha256', 'base64')
  }
  const octets = Buffer.from(text.slice(PUBLIC_PREFIX.length), 'base64')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: octets.toString('base64url') }
  const key = createVerificationKey({ algorithm: 'ed25519', publicKey: jwk })
  return {
    thumbprint: key.thumbprint,
    verifies(signed, signatures) {
      const ours = signatures.filter(({ kind }) => kind === 'ed25519')
      if (ours.length === 0) return false
      const whole = Buffer.concat(signed)
      return ours.some((signature) => key.verifies(whole, signature.octets))
    },
  }
}

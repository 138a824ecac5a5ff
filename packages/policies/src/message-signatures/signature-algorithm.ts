/** Owns the algorithms of message signatures (RFC 9421 §3.3), and keys that each verify by one of them and by no other. */
import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'
import { findKeyFault, isSignedBy, type JwsAlgorithm } from '../tokens/jws-algorithms.ts'
import { parsePublicKey } from '../tokens/verification-key.ts'

export const SIGNATURE_ALGORITHMS = [
  'hmac-sha256',
  'ed25519',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'rsa-pss-sha512',
  'rsa-v1_5-sha256',
] as const

export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number]

export const SECRET_ENCODINGS = ['utf8', 'base64', 'hex'] as const

export type SecretEncoding = (typeof SECRET_ENCODINGS)[number]

export interface KeyMaterial {
  readonly algorithm: SignatureAlgorithm
  /** For `hmac-sha256`. */
  readonly secret?: Secret | undefined
  readonly secretEncoding?: SecretEncoding | undefined
  /** PEM or a JWK, for all others. */
  readonly publicKey?: string | Readonly<Record<string, unknown>> | undefined
}

export interface VerificationKey {
  readonly algorithm: SignatureAlgorithm
  /** Of what it is, however it is written. */
  readonly thumbprint: string
  /** False for whatever is no signature of these octets by this key, whatever its length. */
  verifies(signed: Uint8Array, signature: Uint8Array): boolean
}

/** @throws TypeError where the key is none, or none for its algorithm; the message holds nothing of it. */
export function createVerificationKey(material: KeyMaterial): VerificationKey {
  const { algorithm, secret, secretEncoding = 'utf8', publicKey } = material
  if (algorithm === 'hmac-sha256') {
    if (secret === undefined || publicKey !== undefined) throw new TypeError('hmac-sha256 needs a secret, and no key')
    return new HmacKey(toSecretBytes(secret, secretEncoding))
  }
  if (publicKey === undefined || secret !== undefined)
    throw new TypeError(`${algorithm} needs a public key, and no secret`)
  return new PublicKey(algorithm, publicKey)
}

// RFC 2104 §3 discourages keys shorter than the hash; NIST SP 800-107 §5.3.4 wants 112 bits at least. We ask for 128.
const LEAST_SECRET_BYTES = 16

/** @throws TypeError where it is not written so, or too short to keep a guesser out. */
export function toSecretBytes(secret: Secret, encoding: SecretEncoding): Buffer {
  const text = secret.reveal()
  const bytes = Buffer.from(text, encoding)
  // `Buffer.from` skips what it cannot read: what comes back differently was something else.
  if (encoding === 'base64' && stripPadding(bytes.toString('base64')) !== stripPadding(toStandardBase64(text))) {
    throw new TypeError('the secret is not base64')
  }
  if (encoding === 'hex' && bytes.toString('hex') !== text.toLowerCase())
    throw new TypeError('the secret is not hexadecimal')
  if (bytes.length < LEAST_SECRET_BYTES) {
    throw new TypeError(`the secret has ${bytes.length} bytes; it needs ${LEAST_SECRET_BYTES} at least`)
  }
  return bytes
}

function toStandardBase64(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/')
}

function stripPadding(base64: string): string {
  return base64.replace(/=+$/, '')
}

/** The octets of a secret, or of a public key in DER. It is for memory alone: of a weak secret it would tell what it is. */
export function toKeyThumbprint(octets: Uint8Array): string {
  return hash('sha256', octets, 'base64url')
}

class HmacKey implements VerificationKey {
  readonly algorithm = 'hmac-sha256'
  readonly thumbprint: string
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.thumbprint = toKeyThumbprint(secret)
    this.#secret = secret
  }

  /** RFC 9421 §3.3.3 */
  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    const expected = createHmac('sha256', this.#secret).update(signed).digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  }
}

/** The same signatures as JSON Web Signature has them: RFC 9421 §3.3.1, §3.3.2, §3.3.4, §3.3.5, §3.3.6. */
const AS_JWS = {
  'rsa-pss-sha512': 'PS512',
  'rsa-v1_5-sha256': 'RS256',
  'ecdsa-p256-sha256': 'ES256',
  'ecdsa-p384-sha384': 'ES384',
  ed25519: 'Ed25519',
} as const satisfies Record<Exclude<SignatureAlgorithm, 'hmac-sha256'>, JwsAlgorithm>

class PublicKey implements VerificationKey {
  readonly algorithm: keyof typeof AS_JWS
  readonly thumbprint: string
  readonly #key: KeyObject

  /** RFC 9421 §7.3.6: a key that could serve another algorithm is an invitation to have it do so. @throws TypeError */
  constructor(algorithm: keyof typeof AS_JWS, given: NonNullable<KeyMaterial['publicKey']>) {
    this.algorithm = algorithm
    this.#key = parseKey(given)
    const fault = findKeyFault(AS_JWS[algorithm], this.#key)
    if (fault !== undefined) throw new TypeError(`this is no key for ${algorithm}: ${fault}`)
    this.thumbprint = toKeyThumbprint(this.#key.export({ format: 'der', type: 'spki' }))
  }

  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    return isSignedBy(AS_JWS[this.algorithm], this.#key, { signed, signature })
  }
}

function parseKey(given: NonNullable<KeyMaterial['publicKey']>): KeyObject {
  try {
    return parsePublicKey(typeof given === 'string' ? given : JSON.stringify(given))
  } catch (cause) {
    throw new TypeError((cause as Error).message, { cause })
  }
}

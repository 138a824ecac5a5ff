/** Owns the algorithms of message signatures (RFC 9421 §3.3), and keys that each verify by one of them and by no other. */
import {
  constants,
  createHmac,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify,
  type webcrypto,
} from 'node:crypto'
import type { Secret } from '@gatewright/model/runtime'

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
  const key = toPublicKey(publicKey)
  assertKeyFits(key, algorithm)
  return new PublicKey(algorithm, key)
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

class HmacKey implements VerificationKey {
  readonly algorithm = 'hmac-sha256'
  readonly #secret: Buffer

  constructor(secret: Buffer) {
    this.#secret = secret
  }

  /** RFC 9421 §3.3.3 */
  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    const expected = createHmac('sha256', this.#secret).update(signed).digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  }
}

/** The hash that `crypto.verify` is told, and what else: RFC 9421 §3.3.1, §3.3.2, §3.3.4, §3.3.5, §3.3.6. */
const VERIFICATIONS = {
  // A salt of 64 octets, and MGF1 with the hash of the message, which is what OpenSSL takes where nothing is said.
  'rsa-pss-sha512': { hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
  'rsa-v1_5-sha256': { hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
  // r and s one behind the other, and no ASN.1 around them.
  'ecdsa-p256-sha256': { hash: 'sha256', dsaEncoding: 'ieee-p1363', sizeBytes: 64 },
  'ecdsa-p384-sha384': { hash: 'sha384', dsaEncoding: 'ieee-p1363', sizeBytes: 96 },
  ed25519: { hash: null, sizeBytes: 64 },
} as const satisfies Record<Exclude<SignatureAlgorithm, 'hmac-sha256'>, object>

class PublicKey implements VerificationKey {
  readonly algorithm: keyof typeof VERIFICATIONS
  readonly #key: KeyObject
  readonly #sizeBytes: number

  constructor(algorithm: keyof typeof VERIFICATIONS, key: KeyObject) {
    const verification = VERIFICATIONS[algorithm]
    this.algorithm = algorithm
    this.#key = key
    const modulusBits = key.asymmetricKeyDetails?.modulusLength ?? 0
    this.#sizeBytes = 'sizeBytes' in verification ? verification.sizeBytes : Math.ceil(modulusBits / 8)
  }

  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== this.#sizeBytes) return false
    const { hash, ...how } = VERIFICATIONS[this.algorithm]
    return verify(hash, signed, { key: this.#key, ...how }, signature)
  }
}

function toPublicKey(given: string | Readonly<Record<string, unknown>>): KeyObject {
  const jwk = typeof given === 'string' ? findJwk(given) : given
  // Whoever verifies needs no private key, and a file that holds one is the wrong file.
  const isPrivate = jwk === undefined ? /PRIVATE KEY/.test(String(given)) : 'd' in jwk
  if (isPrivate)
    throw new TypeError('this is a private key; give the public one, and keep the private one with the signer')
  const { kty } = jwk ?? {}
  if (kty === 'oct') throw new TypeError('this is a secret, and no public key')
  try {
    return jwk === undefined
      ? createPublicKey(String(given))
      : createPublicKey({ key: jwk as webcrypto.JsonWebKey, format: 'jwk' })
  } catch {
    throw new TypeError('this is no public key: give PEM (SPKI or PKCS #1), or a JWK')
  }
}

/** A JWK written as JSON, as files hold them. */
function findJwk(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    throw new TypeError('this is no JWK: it is not JSON')
  }
}

// NIST SP 800-131A rev. 2 §3: shorter ones have been disallowed since 2014.
const LEAST_MODULUS_BITS = 2048
const CURVES = { 'ecdsa-p256-sha256': 'prime256v1', 'ecdsa-p384-sha384': 'secp384r1' } as const

/** RFC 9421 §7.3.6: a key that could serve another algorithm is an invitation to have it do so. */
function assertKeyFits(key: KeyObject, algorithm: keyof typeof VERIFICATIONS): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve, modulusLength = 0 } = {} } = key
  switch (algorithm) {
    case 'ed25519':
      if (type !== 'ed25519') throw new TypeError(`ed25519 needs a key of Ed25519, and this is one of ${type}`)
      return
    case 'ecdsa-p256-sha256':
    case 'ecdsa-p384-sha384':
      if (type !== 'ec' || namedCurve !== CURVES[algorithm]) {
        throw new TypeError(
          `${algorithm} needs a key on ${CURVES[algorithm]}, and this is one of ${namedCurve ?? type}`,
        )
      }
      return
    case 'rsa-pss-sha512':
    case 'rsa-v1_5-sha256':
      // A key that says it is for PSS alone (RFC 4055 §1.2) is for PSS alone.
      if (type !== 'rsa' && !(type === 'rsa-pss' && algorithm === 'rsa-pss-sha512')) {
        throw new TypeError(`${algorithm} needs a key of RSA, and this is one of ${type}`)
      }
      if (modulusLength < LEAST_MODULUS_BITS) {
        throw new TypeError(`the key has ${modulusLength} bits; RSA needs ${LEAST_MODULUS_BITS} at least`)
      }
  }
}

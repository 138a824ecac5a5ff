/** Owns how signatures of JSON Web Signature are made and checked, and which key may be used with which algorithm (RFC 7518 §3.1, RFC 8037, RFC 9864). */
import { constants, createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto'
import { findWeakness } from './weak-rsa.ts'

export const JWS_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'HS256',
  'HS384',
  'HS512',
] as const

export type JwsAlgorithm = (typeof JWS_ALGORITHMS)[number]

export type AsymmetricAlgorithm = Exclude<JwsAlgorithm, `HS${string}`>

/** Those of a key pair: who can check a signature cannot make one. */
export const ASYMMETRIC_ALGORITHMS = JWS_ALGORITHMS.filter(
  (name) => !name.startsWith('HS'),
) as readonly AsymmetricAlgorithm[]

type Family = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'secret'

interface Algorithm {
  readonly family: Family
  /** Null: the signature hashes by itself. */
  readonly hash: string | null
  /** Bytes of the hash: the salt's length (RFC 7518 §3.5), and the shortest secret (§3.2). */
  readonly hashBytes: number
  /** As OpenSSL calls it. */
  readonly curve?: string
  /** RFC 7518 §3.4: R and S side by side, each of the curve's size. */
  readonly signatureBytes?: number
}

const toAlgorithm = (family: Family, bits: number): Algorithm => ({
  family,
  hash: `sha${bits}`,
  hashBytes: bits / 8,
})

const ED25519: Algorithm = { family: 'ed25519', hash: null, hashBytes: 0, signatureBytes: 64 }

const ALGORITHMS: Readonly<Record<JwsAlgorithm, Algorithm>> = {
  RS256: toAlgorithm('rsa', 256),
  RS384: toAlgorithm('rsa', 384),
  RS512: toAlgorithm('rsa', 512),
  PS256: toAlgorithm('rsa-pss', 256),
  PS384: toAlgorithm('rsa-pss', 384),
  PS512: toAlgorithm('rsa-pss', 512),
  ES256: { ...toAlgorithm('ec', 256), curve: 'prime256v1', signatureBytes: 64 },
  ES384: { ...toAlgorithm('ec', 384), curve: 'secp384r1', signatureBytes: 96 },
  ES512: { ...toAlgorithm('ec', 512), curve: 'secp521r1', signatureBytes: 132 },
  EdDSA: ED25519,
  Ed25519: ED25519,
  HS256: toAlgorithm('secret', 256),
  HS384: toAlgorithm('secret', 384),
  HS512: toAlgorithm('secret', 512),
}

/** Names are case-sensitive (RFC 7515 §4.1.1), and `none` is none of them. */
export function isJwsAlgorithm(name: unknown): name is JwsAlgorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name)
}

/** Why this key cannot be used with this algorithm; undefined: it can. */
export function findKeyFault(name: JwsAlgorithm, key: KeyObject): string | undefined {
  const { family, hashBytes, curve } = ALGORITHMS[name]
  if (family === 'secret') {
    if (key.type !== 'secret') return `${name} needs a secret, and this is a ${key.type} key`
    const bytes = key.symmetricKeySize ?? 0
    return bytes < hashBytes ? `${name} needs a secret of ${hashBytes} bytes or more, and this has ${bytes}` : undefined
  }
  if (key.type !== 'public') return `${name} needs a public key, and this is a ${key.type} key`
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (family === 'ec') {
    if (type === 'ec' && details?.namedCurve === curve) return undefined
    return `${name} needs a key on the curve ${curve}, and this is ${details?.namedCurve ?? type}`
  }
  if (family === 'ed25519') return type === family ? undefined : `${name} needs a key of Ed25519, and this is ${type}`
  // A key that says it is for PSS alone (RFC 4055 §1.2) is for PSS alone.
  return type === 'rsa' || type === family ? findWeakness(key) : `${name} needs a key of RSA, and this is ${type}`
}

export interface Signed {
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

/** `key` is one that `findKeyFault` finds nothing at. */
export function isSignedBy(name: JwsAlgorithm, key: KeyObject, { signed, signature }: Signed): boolean {
  const { family, hash, hashBytes, signatureBytes } = ALGORITHMS[name]
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false
  switch (family) {
    case 'secret': {
      const expected = createHmac(hash ?? '', key)
        .update(signed)
        .digest()
      return expected.length === signature.length && timingSafeEqual(expected, signature)
    }
    case 'rsa':
      return verify(hash, signed, { key, padding: constants.RSA_PKCS1_PADDING }, signature)
    case 'rsa-pss':
      return verify(hash, signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: hashBytes }, signature)
    case 'ec':
      return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'ed25519':
      return verify(null, signed, key, signature)
  }
}

/** `privateKey`: of a pair whose public half `findKeyFault` finds nothing at. It takes up to a millisecond, with RSA; nothing is waited for. */
export function toSignature(name: AsymmetricAlgorithm, privateKey: KeyObject, signed: Buffer): Buffer {
  const { family, hash, hashBytes } = ALGORITHMS[name]
  if (family === 'rsa-pss') {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return sign(hash, signed, { key: privateKey, padding, saltLength: hashBytes })
  }
  // RFC 7518 §3.4: R and S side by side, not in DER. The other families have no such choice.
  return sign(hash, signed, { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

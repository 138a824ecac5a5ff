/** Owns a key that signatures are checked with, and the algorithms it was given for: both are decided before any token comes. */
import { createPublicKey, createSecretKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto'
import { findKeyFault, isJwsAlgorithm, type JwsAlgorithm } from './jws-algorithms.ts'

export interface VerificationKey {
  readonly kid: string | undefined
  /** RFC 8725 §3.1: a token may choose among these and no others. */
  readonly algorithms: readonly JwsAlgorithm[]
  readonly key: KeyObject
}

/** @throws Error that says why it is no key for this algorithm */
export function createVerificationKey(
  kid: string | undefined,
  algorithm: JwsAlgorithm,
  material: { readonly publicKey: string } | { readonly secret: Buffer },
): VerificationKey {
  const key = 'secret' in material ? createSecretKey(material.secret) : parsePublicKey(material.publicKey)
  const fault = findKeyFault(algorithm, key)
  if (fault !== undefined) throw new Error(fault)
  return { kid, algorithms: [algorithm], key }
}

const NO_PUBLIC_KEY = 'this is neither a public key in PEM nor a JWK'

/** PEM (SPKI, or a certificate), or a JWK as JSON. @throws Error where it is none of these; what was written is not in its words. */
export function parsePublicKey(text: string): KeyObject {
  if (text.includes('PRIVATE KEY-----'))
    throw new Error('this is a private key: write the public one (openssl pkey -pubout)')
  const jwk = text.trimStart().startsWith('{') ? parseJwk(text) : undefined
  if (jwk?.d !== undefined || jwk?.k !== undefined) throw new Error('this JWK is private: write the public one')
  try {
    return jwk === undefined ? createPublicKey(text) : createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    throw new Error(NO_PUBLIC_KEY)
  }
}

function parseJwk(text: string): JsonWebKeyInput['key'] {
  try {
    return JSON.parse(text) as JsonWebKeyInput['key']
  } catch {
    throw new Error(NO_PUBLIC_KEY)
  }
}

/** A public JWK as plain data: what goes to other threads. */
export interface PublicJwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly n?: string
  readonly e?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
}

/** How many keys of a set are kept: more than any issuer has, and no more than can be tried. */
const MOST_KEYS = 100

/**
 * What is of use in a JWK Set (RFC 7517 §5): public keys for signatures. Others are left out, as the section asks: kinds and
 * uses that are not known, and secrets, which have no business in what anyone can read. Undefined: it is no set.
 */
export function parseJwkSet(document: unknown): PublicJwk[] | undefined {
  const keys = (document as { keys?: unknown } | null | undefined)?.keys
  if (!Array.isArray(keys)) return undefined
  return keys
    .map(toPublicJwk)
    .filter((jwk) => jwk !== undefined)
    .slice(0, MOST_KEYS)
}

function toPublicJwk(value: unknown): PublicJwk | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kty, kid, alg, n, e, crv, x, y, use, key_ops: operations } = value as Record<string, unknown>
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return undefined
  // RFC 7517 §4.2, §4.3: a key that is meant for something else is not used for signatures.
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined
  const texts = Object.entries({ kid, alg, n, e, crv, x, y }).filter(([, text]) => text !== undefined)
  if (!texts.every(([, text]) => typeof text === 'string')) return undefined
  return { kty, ...Object.fromEntries(texts) }
}

/** With the algorithms that the operator allows and that fit it: its own `alg` where it has one. Undefined: there is none. */
export function toVerificationKey(jwk: PublicJwk, allowed: readonly JwsAlgorithm[]): VerificationKey | undefined {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const wanted = jwk.alg === undefined ? allowed : allowed.filter((name) => isSameAlgorithm(name, jwk.alg))
    const algorithms = wanted.filter((name) => isJwsAlgorithm(name) && findKeyFault(name, key) === undefined)
    return algorithms.length === 0 ? undefined : { kid: jwk.kid, algorithms, key }
  } catch {
    return undefined
  }
}

/** RFC 9864 §2.2: `Ed25519` is what `EdDSA` means with such a key. */
function isSameAlgorithm(name: string, other: string | undefined): boolean {
  return name === other || (isEd25519(name) && isEd25519(other))
}

function isEd25519(name: string | undefined): boolean {
  return name === 'EdDSA' || name === 'Ed25519'
}

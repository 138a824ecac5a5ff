/** Owns the making of signed tokens (RFC 7515 §7.1), with one key. */
import type { KeyObject } from 'node:crypto'
import { type AsymmetricAlgorithm, toSignature } from './jws-algorithms.ts'

/** A key, and how its header tells which one it is (RFC 7515 §4.1). */
export interface SignerKey {
  readonly algorithm: AsymmetricAlgorithm
  readonly privateKey: KeyObject | undefined
  readonly kid?: string | undefined
  /** `x5t#S256`: the SHA-256 of its certificate, in base64url. */
  readonly certificateThumbprint?: string
}

export class JwsSigner {
  readonly #algorithm: AsymmetricAlgorithm
  readonly #key: KeyObject
  readonly #header: string

  /** `type`: what kind of token it is, for `typ`. @throws Error where the private half of the key is not there */
  constructor({ algorithm, privateKey, kid, certificateThumbprint }: SignerKey, type: string) {
    if (privateKey === undefined) throw new Error('this key is public: the private one signs')
    this.#algorithm = algorithm
    this.#key = privateKey
    this.#header = toPart(JSON.stringify({ alg: algorithm, typ: type, kid, 'x5t#S256': certificateThumbprint }))
  }

  /** `payload`: JSON. Compact form. */
  sign(payload: string): string {
    const signed = `${this.#header}.${toPart(payload)}`
    const signature = toSignature(this.#algorithm, this.#key, Buffer.from(signed, 'latin1'))
    return `${signed}.${signature.toString('base64url')}`
  }
}

function toPart(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

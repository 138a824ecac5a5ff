/** Owns an issuer of tokens in tests: real keys, and tokens as right or as wrong as a test wants them. */
import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type TestAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384' | 'EdDSA' | 'HS256'

type Json = Readonly<Record<string, unknown>>

/** One pair for each algorithm and number: making one of RSA takes a while. */
const pairs = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>()

function getPair(algorithm: TestAlgorithm, number: number): { publicKey: KeyObject; privateKey: KeyObject } {
  const name = `${algorithm}/${number}`
  const known = pairs.get(name)
  if (known !== undefined) return known
  const pair = makePair(algorithm)
  pairs.set(name, pair)
  return pair
}

function makePair(algorithm: TestAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  if (algorithm === 'ES384') return generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export class TestIssuer {
  readonly algorithm: TestAlgorithm
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject

  /** Two with one number have one key. */
  constructor(
    algorithm: TestAlgorithm = 'RS256',
    { kid = 'key-1', number = 1 }: { kid?: string; number?: number } = {},
  ) {
    const { publicKey, privateKey } = getPair(algorithm, number)
    this.algorithm = algorithm
    this.kid = kid
    this.publicKey = publicKey
    this.privateKey = privateKey
  }

  get pem(): string {
    return this.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  }

  /** As a JWK Set has it. */
  get jwk(): Json {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.algorithm, use: 'sig' }
  }

  /** Compact form. What the header says in addition stands over what it says by itself; undefined takes a member away. */
  sign(claims: Json | string, header: Json = {}): string {
    const head = JSON.stringify({ alg: this.algorithm, kid: this.kid, ...header })
    const body = typeof claims === 'string' ? claims : JSON.stringify(claims)
    const signed = `${toBase64url(head)}.${toBase64url(body)}`
    return `${signed}.${signWith(this.algorithm, this.privateKey, signed).toString('base64url')}`
  }
}

/** With a secret: HS256. */
export function signWithSecret(secret: string | Buffer, claims: Json, header: Json = {}): string {
  const signed = `${toBase64url(JSON.stringify({ alg: 'HS256', ...header }))}.${toBase64url(JSON.stringify(claims))}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

export function toBase64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

function signWith(algorithm: TestAlgorithm, key: KeyObject, text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  switch (algorithm) {
    case 'EdDSA':
      return sign(null, bytes, key)
    case 'ES256':
      return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
    case 'ES384':
      return sign('sha384', bytes, { key, dsaEncoding: 'ieee-p1363' })
    case 'PS256':
      return sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
    default:
      return sign('sha256', bytes, key)
  }
}

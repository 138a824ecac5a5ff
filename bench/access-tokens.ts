// Owns the tokens that the bench sends: real ones, of one issuer, equally long whatever signs them.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type TokenAlgorithm = 'RS256' | 'ES256'

interface SignedToken {
  readonly token: string
  /** PEM. */
  readonly publicKey: string
}

export interface BenchTokens {
  readonly issuer: string
  readonly audience: string
  of(algorithm: TokenAlgorithm): SignedToken
}

/** About what issuers send: 840 bytes. */
const TOKEN_BYTES = 840

export function createTokens(): BenchTokens {
  const issuer = 'https://login.example.com/'
  const audience = 'orders'
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  }
  const made = (algorithm: TokenAlgorithm): SignedToken => {
    const { publicKey, privateKey } = pairs[algorithm]
    const claims = {
      iss: issuer,
      aud: audience,
      sub: 'auth0|66f0c1d2e3f4a5b6c7d8e9f0',
      iat: Math.floor(Date.now() / 1000),
      exp: Math.floor(Date.now() / 1000) + 86_400,
      scope: 'openid profile email read:orders write:orders',
    }
    const bare = signToken(algorithm, privateKey, claims)
    const filler = 'x'.repeat(Math.max(0, Math.floor(((TOKEN_BYTES - bare.length) * 3) / 4) - 12))
    const token = signToken(algorithm, privateKey, { ...claims, session: filler })
    return { token, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
  }
  const tokens = { RS256: made('RS256'), ES256: made('ES256') }
  return { issuer, audience, of: (algorithm) => tokens[algorithm] }
}

function signToken(algorithm: TokenAlgorithm, key: KeyObject, claims: object): string {
  const parts = [{ alg: algorithm, typ: 'JWT', kid: 'bench' }, claims]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

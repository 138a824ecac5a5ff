/** Owns the check that an ID token and an access token were issued together. */
import { createHash, timingSafeEqual } from 'node:crypto'

const HASH_BITS = /^(?:RS|PS|ES|HS)(256|384|512)$/

/** OpenID Connect Core 1.0 §3.1.3.6, §3.1.3.8: the left half of the token's hash, by the hash of the ID token's algorithm. */
export function isHashOfAccessToken(atHash: unknown, accessToken: string, algorithm: string): boolean {
  if (typeof atHash !== 'string') return false
  // RFC 8032 §5.1: Ed25519 hashes with SHA-512; for Ed448 nothing is agreed on, and it is refused.
  const bits = algorithm === 'EdDSA' || algorithm === 'Ed25519' ? '512' : HASH_BITS.exec(algorithm)?.[1]
  if (bits === undefined) return false
  const whole = createHash(`sha${bits}`).update(accessToken, 'ascii').digest()
  const expected = whole.subarray(0, whole.length / 2)
  const found = Buffer.from(atHash, 'base64url')
  return found.length === expected.length && timingSafeEqual(found, expected)
}

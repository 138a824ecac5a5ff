/** Owns the names of keys and certificates that tokens can be bound to. */
import { hash } from 'node:crypto'
import type { ClientCertificate } from '../client-certificate.ts'
import type { PublicJwk } from './verification-key.ts'

/** RFC 7638 §3: the SHA-256 of the members that every key of its kind has, in the order of their names. base64url. */
export function toJwkThumbprint({ kty, n, e, crv, x, y }: PublicJwk): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return hash('sha256', JSON.stringify(members), 'base64url')
}

/** RFC 8705 §3.1, `x5t#S256`: the SHA-256 of the certificate, in base64url. */
export function toCertificateThumbprint({ fingerprint }: Pick<ClientCertificate, 'fingerprint'>): string {
  return Buffer.from(fingerprint, 'hex').toString('base64url')
}

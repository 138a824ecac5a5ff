/** Owns the name of a client's certificate in tokens that are bound to it. */
import { hash } from 'node:crypto'
import type { ClientCertificate } from '../client-certificate.ts'

/** One certificate serves all requests of its connection. */
const thumbprints = new WeakMap<object, string>()

/** RFC 8705 §3.1, the confirmation method `x5t#S256`: base64url of the SHA-256 of the DER, without padding. */
export function toCertificateThumbprint(certificate: Pick<ClientCertificate, 'der'>): string {
  const known = thumbprints.get(certificate)
  if (known !== undefined) return known
  const thumbprint = hash('sha256', certificate.der, 'base64url')
  thumbprints.set(certificate, thumbprint)
  return thumbprint
}

/** Owns the step from a PEM text to the certificates in it: OpenSSL would pass over what it cannot read without a word. */
import { X509Certificate } from 'node:crypto'

/** RFC 7468 §5; the two others are what OpenSSL called it, and still reads. */
const BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g

/** In their order; at least one. @throws OpenSSL's error, or that there is none */
export function parseCertificates(text: string): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...rest] = (text.match(BLOCK) ?? []).map((block) => new X509Certificate(block))
  if (first === undefined) throw new Error('it holds no certificate')
  return [first, ...rest]
}

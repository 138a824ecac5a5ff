import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { toCertificateThumbprint } from './thumbprint.ts'

/** RFC 8705, Appendix A: the certificate, and its thumbprint in the example of a `cnf` claim. */
const RFC_8705_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----`
const RFC_8705_THUMBPRINT = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0'

/** As the gateway keeps it: SHA-256 of the DER, lower-case hex. */
const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()

describe('the thumbprint of a certificate', () => {
  it('is the one of RFC 8705, Appendix A', () => {
    const certificate = { fingerprint: fingerprintOf(RFC_8705_CERTIFICATE) }
    assert.equal(toCertificateThumbprint(certificate), RFC_8705_THUMBPRINT)
  })

  it('has the letters of base64url and no padding (RFC 7515 §2)', () => {
    for (const octet of ['00', 'fb', 'ff', '3e', '3f']) {
      assert.match(toCertificateThumbprint({ fingerprint: octet.repeat(32) }), /^[A-Za-z0-9_-]{43}$/)
    }
  })
})

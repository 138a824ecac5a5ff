import assert from 'node:assert/strict'
import { hash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { toCertificateThumbprint } from './certificate-thumbprint.ts'

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

describe('the thumbprint of a certificate', () => {
  it('is the one of RFC 8705, Appendix A', () => {
    const { raw } = new X509Certificate(RFC_8705_CERTIFICATE)
    assert.equal(toCertificateThumbprint({ der: raw }), RFC_8705_THUMBPRINT)
  })

  it('is of the octets, however they lie in memory', () => {
    const { raw } = new X509Certificate(RFC_8705_CERTIFICATE)
    const inside = Buffer.concat([Buffer.from('before'), raw, Buffer.from('after')]).subarray(6, 6 + raw.length)
    assert.equal(toCertificateThumbprint({ der: inside }), RFC_8705_THUMBPRINT)
    assert.equal(toCertificateThumbprint({ der: new Uint8Array(raw) }), RFC_8705_THUMBPRINT)
  })

  it('has the letters of base64url and no padding (RFC 7515 §2)', () => {
    for (let octet = 0; octet < 64; octet++) {
      const der = Uint8Array.of(octet)
      const thumbprint = toCertificateThumbprint({ der })
      assert.match(thumbprint, /^[A-Za-z0-9_-]{43}$/)
      assert.equal(thumbprint, hash('sha256', der, 'base64url'))
    }
  })
})

/** Proves which keys message signatures are checked with, and that each verifies by its algorithm and no other. */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { RFC9421_PUBLIC_KEYS, RFC9421_SHARED_SECRET } from './rfc9421.fixture.ts'
import { createVerificationKey } from './signature-algorithm.ts'

const secret = new Secret(RFC9421_SHARED_SECRET)

describe('keys of message signatures', () => {
  const message = Buffer.from('signed')

  for (const [algorithm, make, options] of [
    [
      'rsa-pss-sha512',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
      { hash: 'sha512', padding: 6, saltLength: 64 },
    ],
    ['rsa-v1_5-sha256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { hash: 'sha256', padding: 1 }],
    [
      'ecdsa-p256-sha256',
      () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      { hash: 'sha256', dsaEncoding: 'ieee-p1363' },
    ],
    [
      'ecdsa-p384-sha384',
      () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
      { hash: 'sha384', dsaEncoding: 'ieee-p1363' },
    ],
    ['ed25519', () => generateKeyPairSync('ed25519'), { hash: null }],
  ] as const) {
    it(`verify by ${algorithm}, as PEM, as a JWK, and as a JWK in text`, () => {
      const { publicKey, privateKey } = make()
      const { hash, ...how } = options
      const signature = sign(hash, message, { key: privateKey, ...how })
      const jwk = publicKey.export({ format: 'jwk' }) as Record<string, unknown>
      for (const given of [publicKey.export({ format: 'pem', type: 'spki' }).toString(), jwk, JSON.stringify(jwk)]) {
        const key = createVerificationKey({ algorithm, publicKey: given })
        assert.ok(key.verifies(message, signature))
        assert.ok(!key.verifies(Buffer.from('Signed'), signature))
      }
    })
  }

  it('verify ECDSA in its plain form alone: ASN.1 has many ways to write one signature', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = createVerificationKey({
      algorithm: 'ecdsa-p256-sha256',
      publicKey: publicKey.export({ format: 'jwk' }) as object as Record<string, unknown>,
    })
    assert.ok(!key.verifies(message, sign('sha256', message, privateKey)))
    // CVE-2022-21449: r and s of nothing were a signature of everything.
    assert.ok(!key.verifies(message, Buffer.alloc(64)))
  })

  it('verify by a key that is for PSS alone', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const key = createVerificationKey({ algorithm: 'rsa-pss-sha512', publicKey: pem })
    assert.ok(key.verifies(message, sign('sha512', message, { key: privateKey, padding: 6, saltLength: 64 })))
    assert.ok(!key.verifies(Buffer.from('x'), sign('sha512', message, { key: privateKey, padding: 6, saltLength: 64 })))
  })

  it('verify RSA by the one padding that is theirs (RFC 9421 §7.3.6)', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const pss = createVerificationKey({ algorithm: 'rsa-pss-sha512', publicKey: pem })
    assert.ok(!pss.verifies(message, sign('sha256', message, privateKey)))
    assert.ok(!pss.verifies(message, sign('sha512', message, { key: privateKey, padding: 6, saltLength: 20 })))
  })

  const pem = RFC9421_PUBLIC_KEYS
  const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' })
  const pssOnly = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export({
    format: 'pem',
    type: 'spki',
  })
  const { privateKey } = generateKeyPairSync('ed25519')
  const toRsaJwk = (n: bigint, e: string) => ({
    kty: 'RSA',
    n: Buffer.from(n.toString(16).padStart(514, '0'), 'hex').toString('base64url'),
    e,
  })
  /** Odd, of 2049 bits, and what the faulty generator made: a power of 65 537 modulo any prime. */
  const factored = toRsaJwk(65_537n ** 128n, 'AQAB')

  for (const [what, material, message] of [
    ['a secret where a key is needed', { algorithm: 'ed25519', secret }, /needs a public key/],
    ['a secret beside a key', { algorithm: 'ed25519', publicKey: pem.ed25519, secret }, /needs a public key/],
    // The attack that RFC 9421 §7.3.6 describes: a public key as the secret of an HMAC.
    ['a public key for an HMAC', { algorithm: 'hmac-sha256', publicKey: pem.rsa }, /needs a secret/],
    ['nothing for an HMAC', { algorithm: 'hmac-sha256' }, /needs a secret/],
    ['a key of another kind', { algorithm: 'ed25519', publicKey: pem.p256 }, /needs a key of Ed25519/],
    ['a key on another curve', { algorithm: 'ecdsa-p384-sha384', publicKey: pem.p256 }, /secp384r1/],
    ['Ed25519 for ECDSA', { algorithm: 'ecdsa-p256-sha256', publicKey: pem.ed25519 }, /prime256v1/],
    ['Ed25519 for RSA', { algorithm: 'rsa-pss-sha512', publicKey: pem.ed25519 }, /needs a key of RSA/],
    ['a short key of RSA', { algorithm: 'rsa-pss-sha512', publicKey: String(shortRsa) }, /this has 1024/],
    [
      'one with which everything is its own signature',
      { algorithm: 'rsa-v1_5-sha256', publicKey: toRsaJwk(2n ** 2048n + 1n, 'AQ') },
      /exponent/,
    ],
    ['one that can be factored', { algorithm: 'rsa-pss-sha512', publicKey: factored }, /CVE-2017-15361/],
    ['a key for PSS alone', { algorithm: 'rsa-v1_5-sha256', publicKey: String(pssOnly) }, /needs a key of RSA/],
    [
      'a private key',
      { algorithm: 'ed25519', publicKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })) },
      /private key/,
    ],
    [
      'a private JWK',
      { algorithm: 'ed25519', publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'a', d: 'a' } },
      /JWK is private/,
    ],
    ['a secret as a JWK', { algorithm: 'ed25519', publicKey: '{"kty":"oct","k":"YQ"}' }, /JWK is private/],
    ['no PEM', { algorithm: 'ed25519', publicKey: 'hello' }, /neither a public key/],
    ['no JSON', { algorithm: 'ed25519', publicKey: '{' }, /nor a JWK/],
    ['a secret of 15 bytes', { algorithm: 'hmac-sha256', secret: new Secret('x'.repeat(15)) }, /15 bytes/],
    [
      'no base64',
      { algorithm: 'hmac-sha256', secret: new Secret(`${'QUJD'.repeat(6)}!`), secretEncoding: 'base64' },
      /not base64/,
    ],
    [
      'no hexadecimal',
      { algorithm: 'hmac-sha256', secret: new Secret(`${'0123456789abcdef'.repeat(3)}x`), secretEncoding: 'hex' },
      /not hexadecimal/,
    ],
  ] as const) {
    it(`are not made of ${what}`, () => {
      assert.throws(
        () => createVerificationKey(material),
        (thrown: unknown) => thrown instanceof TypeError && message.test(thrown.message),
      )
    })
  }

  it('take secrets as text, base64, base64url and hexadecimal', () => {
    const bytes = Buffer.from([...Array(32).keys()].map((at) => 255 - at))
    const expected = createHmac('sha256', bytes).update(message).digest()
    for (const [encoding, text] of [
      ['base64', bytes.toString('base64')],
      ['base64', bytes.toString('base64url')],
      ['hex', bytes.toString('hex')],
      ['hex', bytes.toString('hex').toUpperCase()],
    ] as const) {
      const key = createVerificationKey({
        algorithm: 'hmac-sha256',
        secret: new Secret(text),
        secretEncoding: encoding,
      })
      assert.ok(key.verifies(message, expected), encoding)
    }
  })
})

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Secret } from '@gatewright/model/runtime'
import { calculateJwkThumbprint } from 'jose'
import type { AsymmetricAlgorithm } from './jws-algorithms.ts'
import { getSigningKey, signingKeysSchema, toPublishedJwk } from './signing-key.ts'

const toPem = (key: KeyObject, type: 'pkcs8' | 'sec1' | 'pkcs1' = 'pkcs8') =>
  key.export({ type, format: 'pem' }).toString()
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const p256Pem = toPem(p256.privateKey)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaPem = toPem(rsa.privateKey)
const ed = generateKeyPairSync('ed25519')
const schema = signingKeysSchema('Keys.')

const get = (text: string, algorithm?: AsymmetricAlgorithm) => getSigningKey({ key: new Secret(text), algorithm })

function faultsOf(...keys: readonly object[]): string[] {
  const { error } = schema.safeParse(keys)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a key that signs', () => {
  const kinds = [
    [p256Pem, 'ES256'],
    [toPem(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, 'sec1'), 'ES384'],
    [toPem(generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).privateKey), 'ES512'],
    [rsaPem, 'RS256'],
    [toPem(rsa.privateKey, 'pkcs1'), 'RS256'],
    [toPem(ed.privateKey), 'EdDSA'],
  ] as const
  for (const [text, algorithm] of kinds) {
    it(`signs as its kind does: ${text.slice(11, 30)} with ${algorithm}`, () => {
      assert.equal(get(text).algorithm, algorithm)
    })
  }

  it('signs as it is told, or as its JWK says', () => {
    assert.equal(get(rsaPem, 'PS512').algorithm, 'PS512')
    assert.equal(get(toPem(ed.privateKey), 'Ed25519').algorithm, 'Ed25519')
    const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS256', use: 'sig' }
    assert.equal(get(JSON.stringify(jwk)).algorithm, 'PS256')
    assert.deepEqual(faultsOf({ key: JSON.stringify(jwk), algorithm: 'RS256' }), [
      '0.algorithm: the JWK names another algorithm (`alg`)',
    ])
  })

  it('is called by its thumbprint: the published one of RFC 7638 §3.1', () => {
    const published = {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
    }
    assert.equal(get(JSON.stringify(published)).kid, 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  it('is called as a library would call it, and by the same name in PEM and as a JWK', async () => {
    for (const { privateKey, publicKey } of [p256, rsa, ed]) {
      const thumbprint = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as { kty: string })
      assert.equal(get(toPem(privateKey)).kid, thumbprint)
      assert.equal(get(JSON.stringify(privateKey.export({ format: 'jwk' }))).kid, thumbprint)
      assert.equal(get(toPem(publicKey as KeyObject, 'spki' as 'pkcs8')).kid, thumbprint)
      assert.equal(toPublishedJwk(get(toPem(privateKey))).kid, thumbprint)
    }
  })

  it('has no private half where only the public one is known', () => {
    assert.equal(get(JSON.stringify(p256.publicKey.export({ format: 'jwk' }))).privateKey, undefined)
    assert.equal(get(p256Pem).privateKey?.type, 'private')
  })
})

describe('what is no key to sign with', () => {
  const encrypted = p256.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ format: 'jwk' })
  const tornPoint = { ...p256.privateKey.export({ format: 'jwk' }), x: other.x, y: other.y }
  // PKCS #8 of EC ends with the public point (RFC 5915 §3); it is not compared with the private number by whoever reads it.
  const tornPkcs8 = Buffer.concat([
    p256.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(0, -64),
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      .publicKey.export({ type: 'spki', format: 'der' })
      .subarray(-64),
  ])
  const tornPem = `-----BEGIN PRIVATE KEY-----\n${tornPkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`
  const cases: readonly [what: string, key: string, fault: RegExp][] = [
    ['any text', 'hunter2-hunter2', /neither a key in PEM nor a JWK; make one: openssl genpkey -algorithm EC /],
    ['a reference that nobody resolved', '${file:/run/secrets/identity.pem}', /neither a key in PEM nor a JWK/],
    ['a PEM that was cut', p256Pem.slice(0, 90), /neither a key/],
    ['JSON that was cut', '{"kty":"EC","crv":"P-256"', /this JWK is no key/],
    ['a JWK without its point', '{"kty":"EC","crv":"P-256"}', /this JWK is no key/],
    ['an empty object', '{}', /this JWK is no key/],
    ['a key with a passphrase', encrypted.toString(), /needs a passphrase: write it without one/],
    [
      'a shared secret',
      '{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}',
      /whoever checks tokens can make them/,
    ],
    [
      'a key to encrypt with',
      JSON.stringify({ ...p256.privateKey.export({ format: 'jwk' }), use: 'enc' }),
      /not meant for signatures/,
    ],
    ['a key of X25519', toPem(generateKeyPairSync('x25519').privateKey), /signs no tokens here/],
    [
      'a key of secp256k1',
      toPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      /signs no tokens here/,
    ],
    [
      'a key of RSA-PSS only',
      toPem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
      /signs no tokens here/,
    ],
    [
      'a short key of RSA (RFC 7518 §3.3)',
      toPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      /2048 bits or more/,
    ],
    ['halves of two keys of P-256, as a JWK', JSON.stringify(tornPoint), /this JWK is no key/],
    [
      'halves of two keys of P-256, in PEM',
      tornPem,
      /the private and the public half of this key do not belong together/,
    ],
    [
      'a JWK of no algorithm',
      JSON.stringify({ ...p256.privateKey.export({ format: 'jwk' }), alg: 'none' }),
      /signs no tokens here/,
    ],
  ]
  for (const [what, key, fault] of cases) {
    it(`is refused: ${what}`, () => {
      const [said = '', ...more] = faultsOf({ key })
      assert.match(said, /^0\.key: /)
      assert.match(said, fault)
      assert.deepEqual(more, [])
      assert.throws(() => get(key), fault)
      // RFC 7638 names may be told; what a key is may not.
      for (const secret of [key, 'hunter2', tornPoint.d ?? '?']) assert.ok(!said.includes(secret))
    })
  }

  it('is an algorithm that does not fit, said at the algorithm', () => {
    assert.match(faultsOf({ key: p256Pem, algorithm: 'RS256' }).join(), /^0\.algorithm: RS256 needs a key of RSA/)
    assert.match(faultsOf({ key: p256Pem, algorithm: 'HS256' }).join(), /^0\.algorithm: /)
  })

  it('is one that stands in the list twice, however it is written', () => {
    const jwk = JSON.stringify(p256.publicKey.export({ format: 'jwk' }))
    assert.deepEqual(faultsOf({ key: p256Pem }, { key: jwk }), ['1.key: this key stands in the list already'])
  })

  it('is none at all: the message says how to make one', () => {
    assert.match(schema.safeParse([]).error?.message ?? '', /there is no key; make one: openssl genpkey/)
    assert.match(schema.safeParse(undefined).error?.message ?? '', /there is no key; make one: openssl genpkey/)
    assert.equal(schema.safeParse('text').success, false)
    assert.equal(schema.safeParse(Array.from({ length: 17 }, () => ({ key: p256Pem }))).success, false)
  })

  it('does not show in what is printed of the options', () => {
    const options = schema.parse([{ key: p256Pem }])
    for (const printed of [inspect(options, { depth: 9 }), JSON.stringify(options)]) {
      assert.ok(!printed.includes('PRIVATE'))
      assert.match(printed, /redacted/)
    }
  })
})

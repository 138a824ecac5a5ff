import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { Secret } from '@gatewright/model/runtime'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { parseCompactJws } from './compact-jws.ts'
import { ASYMMETRIC_ALGORITHMS, type AsymmetricAlgorithm, isSignedBy, toSignature } from './jws-algorithms.ts'
import { JwsSigner } from './jws-signer.ts'
import { getSigningKey } from './signing-key.ts'

/** RFC 8037, appendix A.1: known to everybody. */
const PUBLISHED = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ed = generateKeyPairSync('ed25519').privateKey
const toEc = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey
const KEYS: Readonly<Record<AsymmetricAlgorithm, KeyObject>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: toEc('prime256v1'),
  ES384: toEc('secp384r1'),
  ES512: toEc('secp521r1'),
  EdDSA: ed,
  Ed25519: ed,
}

const get = (text: string, algorithm?: AsymmetricAlgorithm) => getSigningKey({ key: new Secret(text), algorithm })

describe('a signed token', () => {
  it('has the signature that is published (RFC 8037, appendix A.4)', () => {
    const signed = Buffer.from('eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc')
    const key = createPrivateKey({ key: PUBLISHED, format: 'jwk' })
    assert.equal(
      toSignature('EdDSA', key, signed).toString('base64url'),
      'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
    )
  })

  it('names its key by the thumbprint that is published (RFC 8037, appendix A.3)', () => {
    const token = new JwsSigner(get(JSON.stringify(PUBLISHED)), 'JWT').sign('{}')
    assert.deepEqual(decodeProtectedHeader(token), {
      alg: 'EdDSA',
      typ: 'JWT',
      kid: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    })
  })

  for (const algorithm of ASYMMETRIC_ALGORITHMS) {
    it(`is accepted by a library, and by what checks tokens here: ${algorithm}`, async () => {
      const key = get(KEYS[algorithm].export({ type: 'pkcs8', format: 'pem' }).toString(), algorithm)
      const token = new JwsSigner(key, 'at+jwt').sign('{"sub":"ü"}')
      const { payload, protectedHeader } = await compactVerify(token, key.publicKey, { algorithms: [algorithm] })
      assert.deepEqual(
        [Buffer.from(payload).toString(), protectedHeader.alg, protectedHeader.typ],
        ['{"sub":"ü"}', algorithm, 'at+jwt'],
      )
      const jws = parseCompactJws(token) ?? assert.fail('it is no token')
      assert.equal(isSignedBy(algorithm, key.publicKey, jws), true)
    })
  }

  it('is not made by a key that is public', () => {
    const { d: _, ...jwk } = PUBLISHED
    assert.throws(() => new JwsSigner(get(JSON.stringify(jwk)), 'JWT'), /this key is public/)
  })
})

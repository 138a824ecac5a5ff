/** Proves how the gateway says to an authorization server who it is. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { ACTIVE, ENDPOINT, stage } from '../oauth2-introspection/introspection-stage.fixture.ts'
import { FakeClock } from '../testing/index.ts'
import { clientSchema, createClientProof } from './client-authentication.ts'

const clock = new FakeClock()
const prove = (client: unknown) => createClientProof(clientSchema.parse(client), clock)(ENDPOINT)
const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('who the gateway is', () => {
  it('is said by basic, post, bearer, or not at all', () => {
    assert.deepEqual(prove({ id: 'gw', secret: 's' }).headers, [
      ['Authorization', `Basic ${Buffer.from('gw:s').toString('base64')}`],
    ])
    assert.deepEqual(prove({ method: 'post', id: 'gw', secret: 's' }), {
      headers: [],
      form: [
        ['client_id', 'gw'],
        ['client_secret', 's'],
      ],
    })
    assert.deepEqual(prove({ method: 'bearer', token: 't' }), { headers: [['Authorization', 'Bearer t']], form: [] })
    assert.deepEqual(prove({ method: 'none' }), { headers: [], form: [] })
    assert.deepEqual(prove({ method: 'none', id: 'gw' }), { headers: [], form: [['client_id', 'gw']] })
  })

  it('is encoded in basic, so that no colon divides it elsewhere (RFC 6749 §2.3.1)', () => {
    const [[, value = '']] = prove({ id: 'gä:w', secret: 'a b+c&' }).headers as [[string, string]]
    assert.equal(Buffer.from(value.slice(6), 'base64').toString(), 'g%C3%A4%3Aw:a+b%2Bc%26')
  })

  for (const [alg, digest, { privateKey, publicKey }] of [
    ['RS256', 'sha256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', 'sha256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', 'sha384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', 'sha512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', null, generateKeyPairSync('ed25519')],
  ] as const) {
    it(`is an assertion signed by ${alg}, for a minute, once (RFC 7523 §3)`, () => {
      const client = { method: 'private-key-jwt', id: 'gw', key: toPem(privateKey), keyId: 'k1' }
      const { headers, form } = prove(client)
      const fields = Object.fromEntries(form)
      assert.equal(headers.length, 0)
      assert.equal(fields.client_id, 'gw')
      assert.equal(fields.client_assertion_type, 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      const [header = '', claims = '', signature = ''] = fields.client_assertion?.split('.') ?? []
      const key = {
        key: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
        dsaEncoding: 'ieee-p1363',
      } as const
      assert.ok(verify(digest, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')))
      const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
      assert.deepEqual(read(header), { alg, typ: 'JWT', kid: 'k1' })
      const { jti, ...rest } = read(claims)
      const iat = clock.now() / 1000
      assert.deepEqual(rest, { iss: 'gw', sub: 'gw', aud: ENDPOINT, iat, exp: iat + 60 })
      const again = Object.fromEntries(prove(client).form).client_assertion?.split('.')[1] ?? ''
      assert.notEqual(read(again).jti, jti)
    })
  }

  it('is signed with a JWK as well, as that says', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg: 'PS256', use: 'sig' })
    const { client_assertion: assertion = '' } = Object.fromEntries(
      prove({ method: 'private-key-jwt', id: 'gw', key }).form,
    )
    const header = JSON.parse(Buffer.from(assertion.split('.')[0] ?? '', 'base64url').toString())
    assert.deepEqual(header, { alg: 'PS256', typ: 'JWT' })
  })

  it('is asserted to the issuer where there is one, or to whom the options name', async () => {
    const key = toPem(generateKeyPairSync('ed25519').privateKey)
    const audienceOf = async (options: object, client: object = {}) => {
      const { ask, http } = stage(() => ({ body: ACTIVE }), {
        ...options,
        client: { method: 'private-key-jwt', id: 'gw', key, ...client },
      })
      await ask('good')
      const assertion = new URLSearchParams(String(http.calls[0]?.body)).get('client_assertion') ?? ''
      return JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()).aud
    }
    assert.equal(await audienceOf({}), ENDPOINT)
    assert.equal(await audienceOf({ issuer: 'https://login.example.com' }), 'https://login.example.com')
    assert.equal(await audienceOf({}, { audience: 'urn:x' }), 'urn:x')
  })

  for (const [client, path] of [
    [{ id: 'gw' }, 'secret'],
    [{ secret: 's' }, 'id'],
    [{ method: 'post', id: 'gw' }, 'secret'],
    [{ method: 'bearer' }, 'token'],
    [{ method: 'private-key-jwt', id: 'gw' }, 'key'],
    [{ method: 'private-key-jwt', id: 'gw', key: 'no key' }, 'key'],
    [
      {
        method: 'private-key-jwt',
        id: 'gw',
        key: toPem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
      },
      'key',
    ],
    // RFC 7518 §3.3: 2048 bits or more.
    [
      {
        method: 'private-key-jwt',
        id: 'gw',
        key: toPem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
      },
      'key',
    ],
    [
      {
        method: 'private-key-jwt',
        id: 'gw',
        key: generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      },
      'key',
    ],
  ] as const) {
    it(`cannot be said with ${JSON.stringify(Object.keys(client))} by ${'method' in client ? client.method : 'basic'}`, () => {
      const { error } = clientSchema.safeParse(client)
      assert.deepEqual(
        error?.issues.map((issue) => issue.path.join()),
        [path],
      )
      assert.ok(!JSON.stringify(error).includes('PRIVATE'))
    })
  }
})

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, it } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { run } from '../testing/index.ts'
import { jwks } from './jwks.ts'

const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const toJwk = (key: KeyObject) => JSON.stringify(key.export({ format: 'jwk' }))
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')

async function publish(keys: readonly { key: string; algorithm?: 'PS256' }[]) {
  const { response, text } = await run(jwks, { keys: [...keys] }).with()
  assert.equal(response.status, 200)
  const body = await text()
  return { body, set: JSON.parse(body) as JSONWebKeySet }
}

describe('jwks', () => {
  it('publishes a set that a library takes its keys from, in the order of the list', async () => {
    const { set } = await publish([
      { key: toPem(ec.privateKey) },
      { key: toPem(rsa.privateKey) },
      { key: toPem(ed.privateKey) },
    ])
    assert.deepEqual(
      set.keys.map(({ kty, alg, use }) => [kty, alg, use]),
      [
        ['EC', 'ES256', 'sig'],
        ['RSA', 'RS256', 'sig'],
        ['OKP', 'EdDSA', 'sig'],
      ],
    )
    const find = createLocalJWKSet(set)
    for (const { kid = '', alg = '' } of set.keys) assert.equal((await find({ kid, alg })).type, 'public')
  })

  for (const write of [toPem, toJwk]) {
    it(`lets out nothing of a private half: ${write.name}`, async () => {
      const keys = [ec, rsa, ed].map(({ privateKey }) => privateKey)
      const { body, set } = await publish(keys.map((key) => ({ key: write(key) })))
      const allowed = new Set(['kty', 'n', 'e', 'crv', 'x', 'y', 'kid', 'alg', 'use'])
      for (const jwk of set.keys)
        assert.deepEqual(
          Object.keys(jwk).filter((name) => !allowed.has(name)),
          [],
        )
      for (const key of keys) {
        const { d, p, q, dp, dq, qi } = key.export({ format: 'jwk' })
        for (const secret of [d, p, q, dp, dq, qi]) assert.ok(secret === undefined || !body.includes(secret))
      }
    })
  }

  it('leaves out what else a JWK says', async () => {
    const jwk = {
      ...ec.privateKey.export({ format: 'jwk' }),
      kid: 'mine',
      x5u: 'https://evil.example/',
      note: 'internal',
    }
    const { body } = await publish([{ key: JSON.stringify(jwk) }])
    for (const said of ['mine', 'evil.example', 'internal']) assert.ok(!body.includes(said), said)
  })

  it('takes public keys of which the private half is elsewhere', async () => {
    const pem = ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const [ofPublic, ofPrivate] = await Promise.all([publish([{ key: pem }]), publish([{ key: toPem(ec.privateKey) }])])
    assert.equal(ofPublic.body, ofPrivate.body)
  })

  it('says how long it may be kept, and what it is (RFC 7517 §8.5.2)', async () => {
    const { headers } = await run(jwks, { keys: [{ key: toPem(ec.privateKey) }] }).with()
    assert.equal(headers.get('content-type'), 'application/jwk-set+json')
    assert.equal(headers.get('cache-control'), 'public, max-age=300')
    const lasting = await run(jwks, { keys: [{ key: toPem(ec.privateKey) }], maxAgeSeconds: 3600 }).with()
    assert.equal(lasting.headers.get('cache-control'), 'public, max-age=3600')
    const fresh = await run(jwks, { keys: [{ key: toPem(ec.privateKey) }], maxAgeSeconds: 0 }).with()
    assert.equal(fresh.headers.get('cache-control'), 'no-cache')
  })

  it('is only read: other methods are refused, HEAD is not', async () => {
    const published = run(jwks, { keys: [{ key: toPem(ec.privateKey) }] })
    assert.equal((await published.with({ method: 'HEAD' })).status, 200)
    for (const method of ['POST', 'PUT', 'DELETE', 'get']) {
      const { problem, headers, upstream } = await published.with({ method })
      assert.deepEqual([problem?.code, headers.get('allow'), upstream.length], ['method-not-allowed', 'GET, HEAD', 0])
    }
  })

  it('answers each request with fields of its own: what one of them gets said does not stay', async () => {
    const published = run(jwks, { keys: [{ key: toPem(ec.privateKey) }] })
    const { response, text } = await published.with()
    response.headers.set('X-Said', 'once')
    const body = await text()
    const again = await published.with()
    assert.equal(again.headers.get('x-said'), undefined)
    assert.equal(await again.text(), body)
  })
})

/** Tokens that the server says are bound to a key (RFC 7662, with RFC 8705 §3.2 and RFC 9449 §6.2). */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { FakeClock, TestIssuer } from '../testing/index.ts'
import { toJwkThumbprint } from '../tokens/thumbprint.ts'
import type { PublicJwk } from '../tokens/verification-key.ts'
import { ACTIVE, serve, stage } from './introspection-stage.fixture.ts'

const client = new TestIssuer('ES256', { number: 7 })
const jwk = client.publicKey.export({ format: 'jwk' }) as PublicJwk
const now = Math.floor(new FakeClock().now() / 1000)
const bound = serve({ good: { ...ACTIVE, token_type: 'DPoP', cnf: { jkt: toJwkThumbprint(jwk) } } })

const prove = (jti: string) =>
  client.sign(
    { jti, htm: 'GET', htu: 'http://api.example.com/', iat: now, ath: hash('sha256', 'good', 'base64url') },
    { kid: undefined, typ: 'dpop+jwt', jwk },
  )

const showing = (proof: string) => ({ headers: { Authorization: 'DPoP good', DPoP: proof } })

describe('a token that is bound to a key of its client', () => {
  it('is taken with a proof for each request, also where the server is not asked again', async () => {
    const { subject, http } = stage(bound)
    const { status, upstream } = await subject.with(showing(prove('1')))
    assert.equal(status, 200)
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [])
    assert.equal((await subject.with(showing(prove('1')))).problem?.reason, 'dpop-replayed')
    assert.equal((await subject.with(showing('x'))).problem?.reason, 'dpop-malformed')
    assert.equal((await subject.with(showing(prove('2')))).status, 200)
    assert.equal(http.calls.length, 1)
  })

  it('is no bearer token, and a bearer token is none of those', async () => {
    assert.equal((await stage(bound).ask('good')).problem?.reason, 'other-scheme')
    const free = stage(serve({ good: ACTIVE }))
    assert.equal((await free.subject.with(showing(prove('3')))).problem?.reason, 'other-scheme')
  })

  it('is the only kind where that is asked for, and no kind where it is switched off', async () => {
    const strict = stage(serve({ good: ACTIVE }), { dpop: 'require' })
    assert.equal((await strict.ask('good')).problem?.reason, 'other-scheme')
    assert.equal(strict.http.calls.length, 0)
    const { problem } = await stage(bound, { dpop: 'off' }).subject.with(showing(prove('4')))
    assert.equal(problem?.code, 'credential-missing')
  })

  it('are asked for by the schemes that are taken (RFC 9449 §7.1)', async () => {
    const challengesOf = async (dpop: 'off' | 'allow' | 'require', token?: string) =>
      (await stage(serve({}), { dpop }).ask(token)).headers.getAll('www-authenticate').map((each) => each.split(' ')[0])
    assert.deepEqual(await challengesOf('off'), ['Bearer'])
    assert.deepEqual(await challengesOf('allow'), ['Bearer', 'DPoP'])
    assert.deepEqual(await challengesOf('require'), ['DPoP'])
    const { headers, problem } = await stage(serve({}), { dpop: 'require' }).ask('a-bearer')
    assert.match(headers.get('www-authenticate') ?? '', /^DPoP realm="api", error="invalid_token", algs="RS256 /)
    assert.equal(problem?.detail, 'The token has to be sent with the scheme that it is made for.')
  })
})

import assert from 'node:assert/strict'
import { type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { FakeClock, run, signWithSecret, TestIssuer, toBase64url } from '../testing/index.ts'
import { bearing, claims, ISSUER, now, rsa, taking } from './jwt.fixture.ts'
import { jwt } from './jwt.ts'

/** RFC 8725 names most of these. */
describe('attacks on signed tokens', () => {
  const head = (header: unknown) => toBase64url(JSON.stringify(header))
  const body = toBase64url(JSON.stringify(claims))
  const good = rsa.sign(claims)
  const [header = '', payload = '', signature = ''] = good.split('.')
  const other = new TestIssuer('RS256', { number: 2 })
  const publicBytes = Buffer.from(rsa.pem)
  const confused = (secret: string | Buffer) => signWithSecret(secret, claims, { kid: 'key-1' })
  const jwkHeader = { ...other.jwk }

  const rows: readonly (readonly [string, string])[] = [
    // CVE-2015-9235, RFC 8725 §2.1
    ...['none', 'None', 'NONE', 'nOnE', 'none ', '', 'null'].flatMap((alg): [string, string][] => [
      [`alg "${alg}" without a signature`, `${head({ alg, kid: 'key-1' })}.${body}.`],
      [`alg "${alg}" with the signature of another`, `${head({ alg, kid: 'key-1' })}.${body}.${signature}`],
    ]),
    ['no alg', `${head({ kid: 'key-1' })}.${body}.${signature}`],
    ['alg as a list', `${head({ alg: ['RS256'], kid: 'key-1' })}.${body}.${signature}`],
    ['alg as a prototype’s name', `${head({ alg: '__proto__', kid: 'key-1' })}.${body}.${signature}`],
    ['alg in other letters', `${head({ alg: 'rs256', kid: 'key-1' })}.${body}.${signature}`],
    // CVE-2016-5431: the public key taken for a secret.
    ['HS256 with the public key in PEM', confused(publicBytes)],
    ['HS256 with the public key in PEM, without its end', confused(rsa.pem.trimEnd())],
    ['HS256 with the public key in DER', confused(rsa.publicKey.export({ type: 'spki', format: 'der' }))],
    ['HS256 with the modulus', confused(Buffer.from(String(rsa.jwk.n), 'base64url'))],
    ['HS256 with an empty secret', confused('')],
    ['another algorithm of the same key', new TestIssuer('PS256').sign(claims)],
    // CVE-2018-0114, RFC 8725 §2.6: keys that the token brings along.
    ['a key in `jwk`', other.sign(claims, { jwk: jwkHeader })],
    ['a key in `jwk`, without a kid', other.sign(claims, { jwk: jwkHeader, kid: undefined })],
    ['a key at `jku`', other.sign(claims, { jku: 'https://evil.example/keys' })],
    ['a key at `x5u`', other.sign(claims, { x5u: 'https://evil.example/cert' })],
    ['a certificate in `x5c`', other.sign(claims, { x5c: ['MIIB'] })],
    // RFC 8725 §2.? kid as path, query, command
    ...[
      '../../../../dev/null',
      "key-1' OR '1'='1",
      '/dev/null',
      'key-1\0',
      '__proto__',
      'constructor',
      'KEY-1',
      '',
    ].map((kid): [string, string] => [`kid ${JSON.stringify(kid)}`, other.sign(claims, { kid })]),
    ['the key of another', other.sign(claims)],
    ['claims that were changed', `${header}.${toBase64url(JSON.stringify({ ...claims, sub: 'root' }))}.${signature}`],
    ['a header that was changed', `${head({ alg: 'RS256', kid: 'key-1', typ: 'x' })}.${payload}.${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${good}.x`],
    ['five parts, without a key to open it', `${good}.x.y`],
    ['a signature that was cut', good.slice(0, -4)],
    ['padding', `${good}==`],
    ['a space before the token’s end', `${good} x`],
    ['a signature of nulls', `${header}.${payload}.${Buffer.alloc(256).toString('base64url')}`],
    ['base64 instead of base64url', `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`],
    // RFC 7515 §4.1.11, RFC 7797
    ['crit', rsa.sign(claims, { crit: ['exp'], exp: 1 })],
    ['crit, empty', rsa.sign(claims, { crit: [] })],
    ['b64', rsa.sign(claims, { b64: false, crit: ['b64'] })],
    ['a list for claims', rsa.sign('[]')],
    ['a text for claims', rsa.sign('"ann"')],
    ['null for claims', rsa.sign('null')],
    ['no JSON', rsa.sign('{')],
    ['claims nested deeper than a stack', rsa.sign(`${'['.repeat(8000)}`)],
    ['a header that is no object', `${toBase64url('[]')}.${body}.${signature}`],
    ['not even a token', 'x'],
    ['dots', '..'],
    ['nothing', ''],
  ]
  for (const [words, token] of rows) {
    it(`refuses ${words}`, async () => {
      // Without the check of types and sizes that would stop some of them earlier.
      const { status, problem, headers, upstream } = await taking({ maxTokenBytes: 65_536 }).with(bearing(token))
      assert.deepEqual([status, problem?.code, upstream.length], [401, 'credential-invalid', 0])
      assert.match(headers.getAll('www-authenticate').join(), /^Bearer error="invalid_token"/)
      if (token.length > 20) assert.ok(!JSON.stringify(problem).includes(token.slice(-20)))
    })
  }

  it('refuses ES256 signatures of zeros (CVE-2022-21449), and in ASN.1', async () => {
    const issuer = new TestIssuer('ES256')
    const subject = taking({}, { keys: [{ algorithm: 'ES256', publicKey: issuer.pem }] })
    const [head, claim] = issuer.sign(claims).split('.')
    const der = sign('sha256', Buffer.from(`${head}.${claim}`), issuer.privateKey as KeyObject)
    for (const bytes of [Buffer.alloc(64), der, Buffer.alloc(0), Buffer.alloc(63), Buffer.alloc(65)]) {
      const { problem } = await subject.with(bearing(`${head}.${claim}.${bytes.toString('base64url')}`))
      assert.equal(problem?.reason, 'signature')
    }
  })

  it('refuses a token of one issuer that is signed by another one that is trusted too', async () => {
    const second = {
      issuer: 'https://b.example/',
      audiences: ['orders'],
      keys: [{ algorithm: 'RS256' as const, publicKey: other.pem }],
    }
    const first = { issuer: ISSUER, audiences: ['orders'], keys: [{ algorithm: 'RS256' as const, publicKey: rsa.pem }] }
    const subject = run(jwt, { issuers: [first, second] }, { clock: new FakeClock() })
    assert.equal((await subject.with(bearing(other.sign(claims)))).problem?.reason, 'signature')
    assert.equal((await subject.with(bearing(other.sign({ ...claims, iss: 'https://b.example/' })))).status, 200)
  })

  it('refuses what is longer than allowed, unread', async () => {
    const { problem } = await taking().with(bearing(rsa.sign({ ...claims, filler: 'x'.repeat(20_000) })))
    assert.equal(problem?.reason, 'too-long')
  })

  it('refuses two tokens, and one beside a credential of another kind', async () => {
    const twice = (second: string): [string, string][] => [
      ['Authorization', `Bearer ${good}`],
      ['authorization', second],
    ]
    for (const second of [`Bearer ${rsa.sign({ ...claims, sub: 'bob' })}`, 'Basic YTpi', '']) {
      assert.equal((await taking().with({ headers: twice(second) })).problem?.reason, 'two-tokens')
    }
    assert.equal((await taking().with({ headers: twice(`Bearer ${good}`) })).status, 200)
  })

  it('slows whoever tries one after the other, and nobody who comes with what was good', async () => {
    const subject = taking({ attempts: { perAddress: 3 } })
    for (let i = 0; i < 3; i++) assert.equal((await subject.with(bearing('x'))).status, 401)
    const { status, headers } = await subject.with(bearing('x'))
    assert.equal(status, 429)
    assert.ok(headers.has('retry-after'))
    assert.equal((await subject.with(bearing(good), { address: '198.51.100.7' })).status, 200)
    const expired = taking({ attempts: { perAddress: 1 } })
    for (let i = 0; i < 5; i++) {
      assert.equal((await expired.with(bearing(rsa.sign({ ...claims, exp: now - 60 })))).problem?.reason, 'expired')
    }
  })

  it('takes a seen token from an address whose guesses are used up: it is no guess', async () => {
    const subject = taking({ attempts: { perAddress: 1 } })
    assert.equal((await subject.with(bearing(good))).status, 200)
    assert.equal((await subject.with(bearing('x'))).status, 401)
    assert.equal((await subject.with(bearing('x'))).status, 429)
    assert.equal((await subject.with(bearing(good))).status, 200)
  })
})

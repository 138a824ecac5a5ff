import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFault } from '../services.ts'
import {
  countStatuses,
  FakeClock,
  FakeHttp,
  MemorySharedValues,
  type PolicyRun,
  run,
  signWithSecret,
  TestIssuer,
  toBase64url,
} from '../testing/index.ts'
import { bearing, claims, ISSUER, type IssuerPart, type Options, rsa, taking } from './jwt.fixture.ts'
import { jwt } from './jwt.ts'

describe('the keys of an issuer', () => {
  const next = new TestIssuer('RS256', { kid: 'key-2', number: 2 })
  const jwksUrl = 'https://login.example.com/keys'

  function fetching(http: FakeHttp, issuer: IssuerPart = {}, options: Partial<Options> = {}): PolicyRun {
    return taking(options, { jwksUrl, ...issuer }, { http })
  }

  it('are fetched once for all who wait, and not again while they are fresh', async () => {
    const http = new FakeHttp(() => ({ body: { keys: [rsa.jwk] } }))
    const subject = fetching(http)
    const tokens = Array.from({ length: 200 }, (_, i) => bearing(rsa.sign({ ...claims, jti: `${i}` })))
    const answers = await Promise.all(tokens.map((request) => subject.with(request)))
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(http.calls.length, 1)
    assert.equal((await subject.with(bearing(rsa.sign({ ...claims, jti: 'later' })))).status, 200)
    assert.equal(http.calls.length, 1)
  })

  const OPENID = 'https://login.example.com/.well-known/openid-configuration'
  const OAUTH = 'https://login.example.com/.well-known/oauth-authorization-server'
  for (const [place, asked] of [
    [OPENID, [OPENID, jwksUrl]],
    [OAUTH, [OPENID, OAUTH, jwksUrl]],
  ] as const) {
    it(`are found where ${place} says`, async () => {
      const http = new FakeHttp(({ url }) => {
        if (url === place) return { body: { issuer: ISSUER, jwks_uri: jwksUrl } }
        return url === jwksUrl ? { body: { keys: [rsa.jwk] } } : { status: 404 }
      })
      const options = { issuers: [{ issuer: ISSUER, audiences: ['orders'] }] }
      const subject = run(jwt, options, { http, clock: new FakeClock() })
      assert.equal((await subject.with(bearing(rsa.sign(claims)))).status, 200)
      assert.deepEqual(
        http.calls.map(({ url }) => url),
        asked,
      )
    })
  }

  it('that cannot be fetched are told once, and that they can be again', async () => {
    let isDown = true
    const http = new FakeHttp(() => {
      if (isDown) throw new CallFault('ECONNREFUSED', 'nobody listens')
      return { body: { keys: [rsa.jwk] } }
    })
    const subject = fetching(http)
    for (let at = 0; at < 3; at++) {
      assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'ECONNREFUSED')
      await subject.clock.advance(11_000)
    }
    isDown = false
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).status, 200)
    assert.deepEqual(
      subject.log.entries.map(({ level, facts }) => [level, facts.issuer, facts.reason, facts.failures]),
      [
        ['warn', ISSUER, 'ECONNREFUSED', 1],
        ['info', ISSUER, undefined, 3],
      ],
    )
  })

  it('are fetched by each who shows the issuer another certificate', async () => {
    const http = new FakeHttp(() => ({ body: { keys: [rsa.jwk] } }))
    const clock = new FakeClock()
    const shared = new MemorySharedValues(clock)
    for (const cert of ['A', 'B', 'A']) {
      const issuer = { issuer: ISSUER, audiences: ['orders'], jwksUrl, tls: { cert, key: 'K' } }
      await run(jwt, { issuers: [issuer] }, { http, clock, shared }).with(bearing(rsa.sign(claims)))
    }
    assert.deepEqual(
      http.calls.map(({ tls }) => tls?.cert),
      ['A', 'B'],
    )
  })

  for (const [words, document] of [
    ['speaks for another issuer', { issuer: 'https://evil.example/', jwks_uri: jwksUrl }],
    ['names keys without TLS', { issuer: ISSUER, jwks_uri: 'http://login.example.com/keys' }],
    ['names none', { issuer: ISSUER }],
  ] as const) {
    it(`are not taken from a configuration that ${words}`, async () => {
      const http = new FakeHttp(() => ({ body: document }))
      const subject = run(
        jwt,
        { issuers: [{ issuer: ISSUER, audiences: ['orders'] }] },
        { http, clock: new FakeClock() },
      )
      assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.code, 'verifier-unavailable')
    })
  }

  it('are told not to be taken with both issuers, the one that is wanted and the one that is said', async () => {
    const http = new FakeHttp(() => ({ body: { issuer: `${ISSUER}/`, jwks_uri: jwksUrl } }))
    const subject = run(jwt, { issuers: [{ issuer: ISSUER, audiences: ['orders'] }] }, { http, clock: new FakeClock() })
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'metadata-issuer')
    assert.equal(
      subject.log.entries[0]?.facts.said,
      `the options name the issuer "${ISSUER}", and what it publishes names "${ISSUER}/"`,
    )
  })

  it('are looked at again when a token names one that is not there, once in a while', async () => {
    const set = { keys: [rsa.jwk] }
    const http = new FakeHttp(() => ({ body: set }))
    const subject = fetching(http)
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).status, 200)
    await subject.clock.advance(11_000)
    set.keys = [rsa.jwk, next.jwk]
    assert.equal((await subject.with(bearing(next.sign(claims)))).status, 200)
    assert.equal(http.calls.length, 2)
    // A flood of ids that nobody has is no flood of requests.
    for (let i = 0; i < 50; i++) {
      const { problem } = await subject.with(bearing(next.sign(claims, { kid: `none-${i}` })), {
        address: `192.0.2.${i}`,
      })
      assert.equal(problem?.reason, 'unknown-key')
    }
    assert.equal(http.calls.length, 2)
  })

  it('are waited for by a crowd of right tokens, all of which pass, and by wrong ones, of which no more are looked at than may be', async () => {
    for (const [token, statuses] of [
      [(at: number) => rsa.sign({ ...claims, jti: `${at}` }), { 200: 500 }],
      [(at: number) => next.sign({ ...claims, jti: `${at}` }, { kid: 'key-1' }), { 401: 100, 429: 400 }],
      [(at: number) => next.sign(claims, { kid: `none-${at}` }), { 401: 100, 429: 400 }],
    ] as const) {
      const held = Promise.withResolvers<{ body: object }>()
      const subject = fetching(new FakeHttp(() => held.promise))
      const answers = Array.from({ length: 500 }, (_, at) => subject.with(bearing(token(at))))
      await subject.clock.advance(0)
      held.resolve({ body: { keys: [rsa.jwk] } })
      assert.deepEqual(await countStatuses(answers), statuses)
    }
  })

  it('that end while the issuer cannot be reached let a token that was seen pass no more', async () => {
    let isDown = false
    const http = new FakeHttp(() => {
      if (isDown) throw new CallFault('ECONNREFUSED', 'nobody listens')
      return { body: { keys: [rsa.jwk] } }
    })
    const subject = fetching(http, { freshSeconds: 60, staleSeconds: 300 })
    const token = bearing(rsa.sign(claims))
    assert.equal((await subject.with(token)).status, 200)
    isDown = true
    await subject.clock.advance(361_000)
    for (let at = 0; at < 3; at++) assert.equal((await subject.with(token)).problem?.reason, 'ECONNREFUSED')
  })

  it('that are withdrawn count no more, for tokens that were seen neither', async () => {
    const set = { keys: [rsa.jwk, next.jwk] }
    const subject = fetching(new FakeHttp(() => ({ body: set })), { freshSeconds: 60 })
    const token = rsa.sign(claims)
    assert.equal((await subject.with(bearing(token))).status, 200)
    set.keys = [next.jwk]
    await subject.clock.advance(61_000)
    // This look has the stale set fetched, in the background.
    await subject.with(bearing(token))
    await subject.clock.advance(0)
    assert.equal((await subject.with(bearing(token))).problem?.reason, 'unknown-key')
  })

  it('are used on while the issuer is down, for so long; then nobody is let in, and nobody asks more than once in a while', async () => {
    let isDown = false
    const http = new FakeHttp(() => {
      if (isDown) throw new CallFault('ECONNREFUSED', 'nobody listens')
      return { body: { keys: [rsa.jwk] } }
    })
    const subject = fetching(http, { freshSeconds: 60, staleSeconds: 600 }, { cacheEntries: 0 })
    const ask = () => subject.with(bearing(rsa.sign(claims)))
    assert.equal((await ask()).status, 200)
    isDown = true
    await subject.clock.advance(500_000)
    assert.equal((await ask()).status, 200)
    await subject.clock.advance(101_000)
    const { status, problem, headers } = await ask()
    assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', 'ECONNREFUSED'])
    assert.ok(headers.has('retry-after'))
    const { length } = http.calls
    for (let i = 0; i < 50; i++) assert.equal((await ask()).status, 503)
    assert.ok(http.calls.length <= length + 1)
    isDown = false
    await subject.clock.advance(11_000)
    assert.equal((await ask()).status, 200)
  })

  for (const [words, answer] of [
    ['are no JSON', { body: 'x' }],
    ['are no set', { body: { keys: {} } }],
    ['come with an error', { status: 500, body: { keys: [] } }],
    ['are elsewhere', { status: 302, headers: { Location: 'http://169.254.169.254/' } }],
  ] as const) {
    it(`that ${words} let nobody in`, async () => {
      const { problem } = await fetching(new FakeHttp(() => answer)).with(bearing(rsa.sign(claims)))
      assert.equal(problem?.code, 'verifier-unavailable')
    })
  }

  for (const [words, jwk] of [
    ['a secret', { kty: 'oct', k: toBase64url('a secret that is as long as a hash!'), kid: 'key-1', alg: 'HS256' }],
    ['for encryption', { ...rsa.jwk, use: 'enc' }],
    ['for other operations', { ...rsa.jwk, use: undefined, key_ops: ['encrypt'] }],
    ['for another algorithm', { ...rsa.jwk, alg: 'PS256' }],
    ['of a kind that nobody knows', { ...rsa.jwk, kty: 'XYZ' }],
    ['with numbers for texts', { ...rsa.jwk, n: 1 }],
  ] as const) {
    it(`that are ${words} check nothing`, async () => {
      const subject = fetching(new FakeHttp(() => ({ body: { keys: [null, 1, 'x', jwk] } })))
      assert.equal((await subject.with(bearing(rsa.sign(claims)))).status, 401)
      const confused = signWithSecret('a secret that is as long as a hash!', claims, { kid: 'key-1' })
      assert.equal((await subject.with(bearing(confused))).status, 401)
    })
  }

  it('are used with the algorithms that are allowed, and no others', async () => {
    const jwk = { ...rsa.jwk, alg: undefined }
    const subject = fetching(new FakeHttp(() => ({ body: { keys: [jwk] } })), { algorithms: ['PS256'] })
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'algorithm')
    const pss = new TestIssuer('PS256')
    const open = fetching(new FakeHttp(() => ({ body: { keys: [{ ...pss.jwk, alg: undefined }] } })), {
      algorithms: ['PS256'],
    })
    assert.equal((await open.with(bearing(pss.sign(claims)))).status, 200)
  })

  it('of one id are two answers to one question (RFC 7517 §4.5)', async () => {
    const twin = { ...next.jwk, kid: 'key-1' }
    const subject = fetching(new FakeHttp(() => ({ body: { keys: [rsa.jwk, twin] } })))
    assert.equal((await subject.with(bearing(rsa.sign(claims)))).problem?.reason, 'ambiguous-key')
    assert.equal((await subject.with(bearing(rsa.sign(claims, { kid: undefined })))).status, 200)
  })
})

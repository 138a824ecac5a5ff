import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { CompactEncrypt } from 'jose'
import { FakeClock, type TestAnswer } from '../testing/index.ts'
import { CLIENT_ID, ISSUER } from './fake-provider.fixture.ts'
import { CALLBACK, COOKIE, type LoginStage, logIn, SECRET, stageLogin } from './login.fixture.ts'
import { locationOf, PAGE, TestBrowser } from './test-browser.fixture.ts'

const SCRIPT = { Accept: '*/*' }

/** Begins a login and comes back as `change` makes of the provider's query. */
async function comeBack(stage: LoginStage, change: (query: URLSearchParams) => void = () => {}): Promise<TestAnswer> {
  const query = new URLSearchParams(stage.provider.approve(locationOf(await stage.browser.load('/'))))
  change(query)
  return await stage.browser.load(`${CALLBACK}?${query}`)
}

/** With a state that is not the one of the login. */
async function logInVainly(stage: LoginStage): Promise<void> {
  const answer = await comeBack(stage, (query) => query.set('state', `${query.get('state')?.split('.')[0]}.other`))
  assertFailed(answer, 'state')
}

/** A login in a browser that has a session already: it begins where the session is not seen. */
async function logInAgain(stage: LoginStage): Promise<void> {
  const held = new Map(stage.browser.cookies)
  stage.browser.cookies.clear()
  const location = locationOf(await stage.browser.load('/'))
  for (const [name, value] of held) stage.browser.cookies.set(name, value)
  assert.equal((await stage.browser.load(CALLBACK + stage.provider.approve(location))).status, 303)
}

function assertFailed({ status, problem, headers }: TestAnswer, reason: string): void {
  assert.deepEqual([status, problem?.code, problem?.reason], [403, 'login-failed', reason])
  assert.equal(headers.get('cache-control'), 'no-store')
  for (const set of headers.getAll('set-cookie')) assert.match(set, /\.login\..*Max-Age=0$/)
}

describe('oidc-login under attack: the way back', () => {
  for (const [name, change, reason] of [
    ['an answer without state (RFC 6749 §10.12)', (query) => query.delete('state'), 'no-login'],
    ['a state of nobody', (query) => query.set('state', 'x.y'), 'no-login'],
    [
      'a state with the right id and another secret',
      (query) => query.set('state', `${query.get('state')?.split('.')[0]}.x`),
      'state',
    ],
    ['two states', (query) => query.append('state', 'x'), 'no-login'],
    ['a prototype name for a state', (query) => query.set('state', '__proto__.x'), 'no-login'],
    ['a huge state', (query) => query.set('state', 'x'.repeat(50_000)), 'no-login'],
    [
      'an answer of another issuer (RFC 9207 §2.4, mix-up)',
      (query) => query.set('iss', 'https://evil.example'),
      'answer-invalid',
    ],
    ['an answer without its issuer (RFC 9207 §2.4)', (query) => query.delete('iss'), 'answer-invalid'],
    ['two codes', (query) => query.append('code', 'x'), 'answer-invalid'],
    ['no code', (query) => query.delete('code'), 'answer-invalid'],
    [
      'an ID token in the query (OAuth 2.0 Multiple Response Types §5)',
      (query) => query.set('id_token', 'x'),
      'id-token-invalid',
    ],
    [
      'a code of somebody else (RFC 9700 §4.5, code injection)',
      (query) => query.set('code', 'code-99'),
      'invalid-grant',
    ],
  ] as [string, (query: URLSearchParams) => void, string][]) {
    it(`is refused: ${name}`, async () => {
      const stage = stageLogin()
      assertFailed(await comeBack(stage, change), reason)
      assert.equal(stage.browser.cookies.has(COOKIE), false)
    })
  }

  it('is refused with a code that was given out for another login: PKCE and nonce (RFC 7636 §1)', async () => {
    const stage = stageLogin()
    const victim = new TestBrowser(stage.run)
    const theirs = new URLSearchParams(stage.provider.approve(locationOf(await victim.load('/'))))
    assertFailed(await comeBack(stage, (query) => query.set('code', theirs.get('code') ?? '')), 'invalid-grant')
  })

  it('is refused in a browser that did not begin it (RFC 6749 §10.12, login CSRF)', async () => {
    const stage = stageLogin()
    const query = stage.provider.approve(locationOf(await stage.browser.load('/')))
    assertFailed(await new TestBrowser(stage.run).load(CALLBACK + query), 'no-login')
    assert.equal(stage.provider.callsOf('/token').length, 0)
  })

  it('is refused with the cookie of another login under this one’s name', async () => {
    const stage = stageLogin()
    const first = locationOf(await stage.browser.load('/'))
    const [[mine, sealed] = ['', '']] = [...stage.browser.cookies]
    const other = new TestBrowser(stage.run)
    await other.load('/')
    const [[, theirs] = ['', '']] = [...other.cookies]
    stage.browser.cookies.set(mine, theirs ?? '')
    assert.notEqual(sealed, theirs)
    assertFailed(await stage.browser.load(CALLBACK + stage.provider.approve(first)), 'state')
  })

  it('is refused with a session in the place of a login (each has keys of its own)', async () => {
    const stage = stageLogin()
    await logIn(stage)
    const session = (stage.browser.cookies.get(COOKIE) ?? '').slice(2)
    const location = locationOf(await stage.run.with({ headers: PAGE, scheme: 'https', host: 'app.example.com' }))
    const id = new URL(location).searchParams.get('state')?.split('.')[0]
    stage.browser.cookies.set(`${COOKIE}.login.${id}`, session)
    assertFailed(await stage.browser.load(CALLBACK + stage.provider.approve(location)), 'state')
  })

  it('is refused at a use for another provider, also at the same path of the same host (RFC 9207 §1, mix-up)', async () => {
    const honest = stageLogin()
    const query = honest.provider.approve(locationOf(await honest.browser.load('/')), { iss: 'https://evil.example' })
    const evil = stageLogin({ issuer: 'https://evil.example' })
    for (const [name, value] of honest.browser.cookies) evil.browser.cookies.set(name, value)
    assertFailed(await evil.browser.load(CALLBACK + query), 'state')
    assert.equal(evil.provider.http.calls.length, 0)
  })

  it('is refused a second time: a code and a login are used once', async () => {
    const stage = stageLogin()
    const query = stage.provider.approve(locationOf(await stage.browser.load('/')))
    assert.equal((await stage.browser.load(CALLBACK + query)).status, 303)
    assertFailed(await stage.browser.load(CALLBACK + query), 'no-login')
  })

  it('is refused when the login took too long', async () => {
    const stage = stageLogin({ loginSeconds: 60 })
    const query = stage.provider.approve(locationOf(await stage.browser.load('/')))
    await stage.clock.advance(60_000)
    assertFailed(await stage.browser.load(CALLBACK + query), 'state')
  })

  it('is refused at another host than it began at', async () => {
    const stage = stageLogin()
    const query = stage.provider.approve(locationOf(await stage.browser.load('/')))
    const elsewhere = new TestBrowser(stage.run, { host: 'other.example.com' })
    for (const [name, value] of stage.browser.cookies) elsewhere.cookies.set(name, value)
    assertFailed(await elsewhere.load(CALLBACK + query), 'redirect-uri')
  })

  it('says that somebody declined, and repeats nothing of what the provider wrote', async () => {
    const stage = stageLogin()
    const answer = await comeBack(stage, (query) => {
      query.delete('code')
      query.set('error', 'access_denied')
      query.set('error_description', '<script>alert(1)</script>')
    })
    assertFailed(answer, 'access-denied')
    assert.doesNotMatch(JSON.stringify(answer.problem?.detail), /script/)
    const odd = await comeBack(stage, (query) => query.set('error', '<script>'))
    assertFailed(odd, 'provider-error')
    assert.doesNotMatch(JSON.stringify([odd.problem?.detail, odd.problem?.reason]), /script/)
  })

  it('is looked at only so often from one address', async () => {
    const stage = stageLogin({ attempts: { perAddress: 2 } })
    for (let i = 0; i < 2; i++) await logInVainly(stage)
    const { status, headers } = await stage.browser.load(`${CALLBACK}?state=x`)
    assert.deepEqual([status, headers.has('retry-after')], [429, true])
  })

  it('that nobody began here slows nobody: pages of others can send it by the hundred', async () => {
    const stage = stageLogin({ attempts: { perAddress: 2 } })
    for (let i = 0; i < 10; i++) assertFailed(await stage.browser.load(`${CALLBACK}?state=x`), 'no-login')
    assert.equal((await comeBack(stage)).status, 303)
  })
})

describe('oidc-login under attack: ID tokens (OpenID Connect Core §3.1.3.7)', () => {
  const now = Math.floor(new FakeClock().now() / 1000)
  for (const [name, claims] of [
    ['for another client', { aud: 'another' }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for several, and issued to none of them', { aud: [CLIENT_ID, 'another'] }],
    ['issued to another client', { azp: 'another' }],
    ['issued to another client among several', { aud: [CLIENT_ID, 'another'], azp: 'another' }],
    ['with the nonce of another login', { nonce: 'another' }],
    ['without a nonce', { nonce: undefined }],
    ['that has expired', { exp: now - 60 }],
    ['without an end', { exp: undefined }],
    ['without a subject', { sub: undefined }],
    ['with the hash of another access token (§3.1.3.8)', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['with a hash that is no text', { at_hash: 7 }],
  ] as const) {
    it(`are refused: ${name}`, async () => {
      const stage = stageLogin()
      stage.provider.claims = claims
      const answer = await comeBack(stage)
      assert.deepEqual([answer.status, answer.problem?.code], [403, 'login-failed'])
      assert.ok(['id-token-invalid', 'answer-invalid'].includes(answer.problem?.reason ?? ''))
      assert.equal(stage.browser.cookies.has(COOKIE), false)
    })
  }

  for (const [name, signsAs] of [
    ['by nobody: alg none (RFC 8725 §3.2)', 'none'],
    ['with another key', 'stranger'],
    ['with the public key as a secret (RFC 8725 §2.1)', 'hmac-of-public-key'],
  ] as const) {
    it(`are refused: signed ${name}`, async () => {
      const stage = stageLogin({ clientSecret: 's3cret' })
      stage.provider.signsAs = signsAs
      const answer = await comeBack(stage)
      assert.deepEqual([answer.status, answer.problem?.code], [403, 'login-failed'])
    })
  }

  it('are needed', async () => {
    const stage = stageLogin()
    stage.provider.tokens = { id_token: undefined }
    assertFailed(await comeBack(stage), 'answer-invalid')
  })

  it('have to be recent where `max_age` is asked for (§3.1.2.1)', async () => {
    const stage = stageLogin({ authorizationParameters: { max_age: '60' } })
    stage.provider.claims = { auth_time: now - 3600 }
    assert.equal((await comeBack(stage)).problem?.code, 'login-failed')
    stage.provider.claims = { auth_time: now - 10 }
    assert.equal((await comeBack(stage)).status, 303)
  })
})

describe('oidc-login under attack: the session', () => {
  for (const [name, change] of [
    [
      'changed in one letter',
      (value: string) => value.slice(0, -3) + (value.at(-3) === 'A' ? 'B' : 'A') + value.slice(-2),
    ],
    ['cut short', (value: string) => value.slice(0, -10)],
    [
      'with another header',
      (value: string) => value.replace(/^1\.[^.]+/, `1.${Buffer.from('{"alg":"none"}').toString('base64url')}`),
    ],
    ['with a header that is no JSON', (value: string) => value.replace(/^1\.[^.]+/, '1.AAAA')],
    ['without its count', (value: string) => value.slice(2)],
    ['that says it has more parts than it has', (value: string) => value.replace(/^1/, '2')],
    ['that says it has more parts than there may be', (value: string) => value.replace(/^1/, '9')],
    ['that is empty', () => ''],
    ['that is huge', () => `1.${'A'.repeat(60_000)}`],
  ] as const) {
    it(`is none: a cookie ${name}`, async () => {
      const stage = stageLogin()
      await logIn(stage)
      stage.browser.cookies.set(COOKIE, change(stage.browser.cookies.get(COOKIE) ?? ''))
      const { status, problem, upstream } = await stage.browser.load('/', { headers: SCRIPT })
      assert.deepEqual([status, problem?.code], [401, 'credential-invalid'])
      assert.equal(upstream.length, 0)
      assert.equal(stage.browser.cookies.size, 0)
    })
  }

  it('is none with two cookies of its name that differ', async () => {
    const stage = stageLogin()
    await logIn(stage)
    const Cookie = `${stage.browser.cookieField}; ${COOKIE}=1.other`
    const { problem } = await stage.run.with({ scheme: 'https', headers: { ...SCRIPT, Cookie } })
    assert.deepEqual([problem?.code, problem?.reason], ['credential-invalid', 'session-garbled'])
  })

  for (const [name, options] of [
    ['another client', { clientId: 'another' }],
    ['another issuer', { issuer: 'https://other.example.com' }],
    ['another secret', { cookie: { secrets: ['another-secret-that-is-long-enough-too'] } }],
    ['another name', { cookie: { secrets: [SECRET], name: 'other' } }],
  ] as [string, Parameters<typeof stageLogin>[0] & object][]) {
    it(`is none elsewhere: ${name}`, async () => {
      const stage = stageLogin()
      await logIn(stage)
      const cookie = `__Host-${options.cookie?.name ?? 'gatewright-session'}`
      const headers = { ...SCRIPT, Cookie: `${cookie}=${stage.browser.cookies.get(COOKIE)}` }
      const { problem } = await stageLogin(options).run.with({ scheme: 'https', headers })
      assert.deepEqual([problem?.code, problem?.reason], ['credential-invalid', 'session-invalid'])
    })
  }

  it('is none where a login is in its place', async () => {
    const { browser } = stageLogin()
    await browser.load('/')
    const [[name, login] = ['', '']] = [...browser.cookies]
    browser.cookies.delete(name)
    browser.cookies.set(COOKIE, `1.${login}`)
    assert.equal((await browser.load('/', { headers: SCRIPT })).problem?.reason, 'session-invalid')
  })

  it('goes on with a new secret before the old one, and not without the old one', async () => {
    const stage = stageLogin()
    await logIn(stage)
    const added = 'a-new-secret-that-is-put-before-the-old-one'
    const headers = { ...SCRIPT, Cookie: stage.browser.cookieField }
    const both = stageLogin({ cookie: { secrets: [added, SECRET] } })
    assert.equal((await both.run.with({ scheme: 'https', headers })).status, 200)
    await logIn(both)
    const alone = stageLogin({ cookie: { secrets: [added] } })
    assert.equal(
      (await alone.run.with({ scheme: 'https', headers: { ...SCRIPT, Cookie: both.browser.cookieField } })).status,
      200,
    )
    assert.equal((await alone.run.with({ scheme: 'https', headers })).status, 401)
  })

  it('is another one after each login: nobody can give one to somebody beforehand (CWE-384)', async () => {
    const stage = stageLogin()
    await logIn(stage)
    const planted = (await stage.browser.load('/')).exchange.caller?.credential.id
    await logInAgain(stage)
    assert.notEqual((await stage.browser.load('/')).exchange.caller?.credential.id, planted)
  })

  it('cannot be made by whoever has no secret, with a key of their own', async () => {
    const { browser } = stageLogin()
    const forged = await new CompactEncrypt(new TextEncoder().encode('{"version":1,"subject":"root"}'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: 'x' })
      .encrypt(new Uint8Array(hkdfSync('sha256', 'guess', '', '', 32)))
    browser.cookies.set(COOKIE, `1.${forged}`)
    assert.equal((await browser.load('/', { headers: SCRIPT })).problem?.reason, 'session-invalid')
  })

  it('says nothing of itself in problems and logs', async () => {
    const stage = stageLogin()
    await logIn(stage)
    const value = stage.browser.cookies.get(COOKIE) ?? ''
    stage.browser.cookies.set(COOKIE, value.slice(0, -5))
    const { problem } = await stage.browser.load('/', { headers: SCRIPT })
    const { detail, reason, cause } = problem ?? assert.fail('it was let in')
    assert.ok(!JSON.stringify([detail, reason, String(cause), stage.run.log.entries]).includes(value.slice(20, 60)))
  })

  it('is split over several cookies where it is long, and joined again', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    stage.provider.tokens = { access_token: 'x'.repeat(6000) }
    stage.provider.claims = { at_hash: undefined }
    await logIn(stage)
    assert.deepEqual([...stage.browser.cookies.keys()], [COOKIE, `${COOKIE}.1`, `${COOKIE}.2`])
    for (const [name, value] of stage.browser.cookies) assert.ok(name.length + value.length < 4000)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization')?.length, 6007)
    stage.browser.cookies.delete(`${COOKIE}.1`)
    const { problem } = await stage.browser.load('/', { headers: SCRIPT })
    assert.equal(problem?.reason, 'session-garbled')
    assert.equal(stage.browser.cookies.size, 0)
  })

  it('leaves no part of a longer one behind', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    stage.provider.claims = { at_hash: undefined }
    stage.provider.tokens = { access_token: 'x'.repeat(6000) }
    await logIn(stage)
    stage.provider.tokens = {}
    await logInAgain(stage)
    assert.deepEqual([...stage.browser.cookies.keys()], [COOKIE])
  })

  it('does without the hint for the logout where that makes it too long, and is refused where that is not enough', async () => {
    const stage = stageLogin({ logoutPath: '/logout' })
    stage.provider.claims = { picture: 'x'.repeat(5500) }
    await logIn(stage)
    assert.equal((await stage.browser.load('/')).status, 200)
    assert.equal(new URL(locationOf(await stage.browser.load('/logout'))).searchParams.has('id_token_hint'), false)
    stage.provider.claims = { picture: 'x'.repeat(20_000) }
    assertFailed(await comeBack(stage), 'session-too-large')
  })

  it('holds a name that cannot stand in a field back from the upstream (CWE-113)', async () => {
    const stage = stageLogin({ toUpstream: { id: 'X-User' } })
    stage.provider.claims = { sub: 'ada\r\nX-Role: admin' }
    await logIn(stage)
    const { problem, upstream } = await stage.browser.load('/')
    assert.deepEqual([problem?.code, problem?.reason, upstream.length], ['credential-invalid', 'unsendable-claim', 0])
  })
})

describe('oidc-login without a provider', () => {
  it('lets nobody begin, says so with 503, and asks again after a while', async () => {
    const stage = stageLogin()
    stage.provider.isDown = true
    const answer = await stage.browser.load('/')
    assert.deepEqual(
      [answer.status, answer.problem?.code, answer.problem?.reason],
      [503, 'verifier-unavailable', 'ECONNREFUSED'],
    )
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.deepEqual(
      stage.run.log.entries.map(({ level, facts }) => [level, facts]),
      [['warn', { issuer: ISSUER, reason: 'ECONNREFUSED' }]],
    )
    await stage.browser.load('/')
    assert.equal(stage.provider.callsOf('/.well-known/openid-configuration').length, 1)
    stage.provider.isDown = false
    await stage.clock.advance(10_000)
    assert.equal((await stage.browser.load('/')).status, 303)
  })

  it('goes on for a day by what the provider said of itself', async () => {
    const stage = stageLogin()
    await stage.browser.load('/')
    stage.provider.isDown = true
    await stage.clock.advance(23 * 3_600_000)
    assert.equal((await stage.browser.load('/')).status, 303)
    await stage.clock.advance(3_600_000)
    assert.equal((await stage.browser.load('/')).status, 503)
  })

  it('refuses what describes another issuer (OpenID Connect Discovery §4.3)', async () => {
    const stage = stageLogin()
    stage.provider.description = { issuer: 'https://evil.example' }
    const { status, problem } = await stage.browser.load('/')
    assert.deepEqual([status, problem?.reason], [503, 'metadata-issuer'])
    assert.match(String(stage.run.log.entries[0]?.facts.said), /names? the issuer ".*", .* "https:\/\/evil\.example"$/)
  })

  for (const [name, refusal, code, reason] of [
    ['fails', { status: 500, body: { error: 'server_error' } }, 'verifier-unavailable', 'status-500'],
    ['answers with a page', { status: 200, body: '<html>' }, 'verifier-unavailable', 'answer-invalid'],
    [
      'does not know this client',
      { status: 401, body: { error: 'invalid_client' } },
      'verifier-unavailable',
      'invalid-client',
    ],
    [
      'sends elsewhere',
      { status: 302, headers: { Location: 'http://169.254.169.254/' } },
      'verifier-unavailable',
      'status-302',
    ],
    ['refuses the code', { status: 400, body: { error: 'invalid_grant' } }, 'login-failed', 'invalid-grant'],
  ] as const) {
    it(`tells whose failure it is when the token endpoint ${name}`, async () => {
      const stage = stageLogin()
      stage.provider.refusal = refusal
      const { problem } = await comeBack(stage)
      assert.deepEqual([problem?.code, problem?.reason], [code, reason])
    })
  }
})

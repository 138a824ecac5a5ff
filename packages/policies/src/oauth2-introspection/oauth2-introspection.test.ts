import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { toFingerprint } from '../callers/remembered.ts'
import { FakeClock, MemoryCredentials, type TestAnswer } from '../testing/index.ts'
import { ACTIVE, CLIENT, ENDPOINT, type Options, serve, stage } from './introspection-stage.fixture.ts'
import { oauth2Introspection } from './oauth2-introspection.ts'

const said = ({ status, problem, headers }: TestAnswer) => ({
  status,
  code: problem?.code,
  reason: problem?.reason,
  challenge: headers.getAll('www-authenticate')[0],
})

describe('oauth2-introspection', () => {
  it('recognises the caller, and names the token by its SHA-256', async () => {
    const { ask } = stage(serve({ good: { ...ACTIVE, extra: { level: 3 } } }))
    const { status, exchange } = await ask('good')
    assert.equal(status, 200)
    const { id, app, scopes, claims, credential } = exchange.caller ?? assert.fail('nobody was recognised')
    assert.deepEqual([id, app, scopes], ['ann', 'shop', ['read', 'write']])
    assert.deepEqual(claims?.extra, { level: 3 })
    assert.deepEqual(credential, { kind: 'token', id: hash('sha256', 'good'), tokenFingerprint: toFingerprint('good') })
  })

  it('asks as RFC 7662 §2.1 says: a form, with what the gateway is (RFC 6749 §2.3.1)', async () => {
    const { ask, http } = stage(serve({}), { client: { id: 'a:b', secret: 'c d%' } })
    await ask('t/o+k=')
    const [call] = http.calls
    assert.deepEqual([call?.url, call?.method], [ENDPOINT, 'POST'])
    assert.equal(call?.body, 'token=t%2Fo%2Bk%3D&token_type_hint=access_token')
    const fields = Object.fromEntries(call?.headers ?? [])
    assert.deepEqual(fields, {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      Authorization: `Basic ${Buffer.from('a%3Ab:c+d%25').toString('base64')}`,
    })
  })

  it('takes the token out of the request, or sends it on where that is asked for', async () => {
    const tokens = serve({ good: ACTIVE })
    assert.equal((await stage(tokens).ask('good')).upstream[0]?.headers.has('authorization'), false)
    const { upstream } = await stage(tokens, { forward: true }).ask('good')
    assert.equal(upstream[0]?.headers.get('authorization'), 'Bearer good')
  })

  it('tells the upstream who calls, whatever the client said', async () => {
    const { subject } = stage(serve({ good: ACTIVE }), {
      toUpstream: { id: 'X-User', scopes: 'X-Scopes', plan: 'X-Plan' },
    })
    const { upstream } = await subject.with({
      headers: { Authorization: 'Bearer good', 'x-user': 'root', 'X-Plan': 'gold' },
    })
    assert.deepEqual(Object.fromEntries(upstream[0]?.headers ?? []), { 'X-User': 'ann', 'X-Scopes': 'read write' })
    const options = oauth2Introspection.options.parse({
      endpoint: ENDPOINT,
      client: CLIENT,
      toUpstream: { id: 'X-User' },
    })
    assert.deepEqual(oauth2Introspection.identityFields?.(options), ['X-User'])
  })

  it('reads the token where it is said to stand', async () => {
    const tokens = serve({ good: ACTIVE })
    const query = await stage(tokens, { in: 'query' }).subject.with({ target: '/?a=1&access_token=good' })
    assert.deepEqual([query.exchange.caller?.id, query.upstream[0]?.search], ['ann', '?a=1'])
    const cookie = await stage(tokens, { in: 'cookie', name: 'at' }).subject.with({
      headers: { Cookie: 'at=good; b=2' },
    })
    assert.deepEqual([cookie.exchange.caller?.id, cookie.upstream[0]?.headers.get('cookie')], ['ann', 'b=2'])
    const bare = await stage(tokens, { name: 'X-Token', scheme: '' }).subject.with({ headers: { 'X-Token': 'good' } })
    assert.equal(bare.exchange.caller?.id, 'ann')
  })
})

describe('who is refused', () => {
  it('sent no token: told where one goes, and of no error (RFC 6750 §3.1)', async () => {
    const { ask, http } = stage(serve({}), { scopes: ['read', 'write'], realm: 'orders' })
    const answer = await ask()
    assert.deepEqual(said(answer), {
      ...{ status: 401, code: 'credential-missing', reason: undefined },
      challenge: 'Bearer realm="orders", scope="read write"',
    })
    assert.match(answer.problem?.detail ?? '', /header field Authorization, as Bearer/)
    assert.equal(http.calls.length, 0)
  })

  it('may be nobody where that is allowed, but nobody else', async () => {
    const { ask } = stage(serve({ good: ACTIVE }), { anonymous: true })
    const nobody = await ask()
    assert.deepEqual([nobody.status, nobody.exchange.caller], [200, undefined])
    assert.equal((await ask('guess')).status, 401)
  })

  it('sent two tokens (RFC 6750 §3.1, invalid_request)', async () => {
    const { subject, http } = stage(serve({ good: ACTIVE }))
    const answer = await subject.with({
      headers: [
        ['Authorization', 'Bearer good'],
        ['authorization', 'Bearer evil'],
      ],
    })
    assert.deepEqual(said(answer), {
      ...{ status: 401, code: 'credential-invalid', reason: 'two-tokens' },
      challenge: 'Bearer realm="api", error="invalid_request"',
    })
    assert.equal(http.calls.length, 0)
  })

  for (const [what, token] of [
    ['empty', ''],
    ['too long', 'a'.repeat(8193)],
    ['not ASCII', 'tök'],
    ['a tab', 'a\tb'],
  ] as const) {
    it(`sent a token that nobody is asked about: ${what}`, async () => {
      const { ask, http } = stage(serve({ [token]: ACTIVE }))
      assert.deepEqual(said(await ask(token)), {
        ...{ status: 401, code: 'credential-invalid', reason: 'malformed-token' },
        challenge: 'Bearer realm="api", error="invalid_token"',
      })
      assert.equal(http.calls.length, 0)
    })
  }

  const refused: readonly [reason: string, claims: object, options: Options][] = [
    ['inactive', { active: false }, {}],
    // RFC 7662 §2.2: what else is said of an inactive token is nobody’s.
    ['inactive', { ...ACTIVE, active: false }, {}],
    ['expired', { ...ACTIVE, exp: toSeconds(-31) }, {}],
    ['expired', { ...ACTIVE, exp: toSeconds(0) }, { clockSkewSeconds: 0 }],
    ['not-yet-valid', { ...ACTIVE, nbf: toSeconds(31) }, {}],
    ['other-issuer', { ...ACTIVE, iss: 'https://evil.example.com' }, { issuer: 'https://login.example.com' }],
    ['other-audience', ACTIVE, { audiences: ['api'] }],
    ['other-audience', { ...ACTIVE, aud: 'api2' }, { audiences: ['api'] }],
    ['other-audience', { ...ACTIVE, aud: ['API', 'x'] }, { audiences: ['api'] }],
    ['no-access-token', { ...ACTIVE, token_type: undefined }, {}],
    ['no-access-token', { ...ACTIVE, token_type: 'N_A' }, { requireTokenType: false }],
    ['no-access-token', { ...ACTIVE, token_type: 'refresh_token' }, {}],
    ['other-scheme', { ...ACTIVE, cnf: { jkt: 'x' } }, {}],
    ['other-certificate', { ...ACTIVE, cnf: { 'x5t#S256': 'x' } }, {}],
    ['confirmation-malformed', { ...ACTIVE, cnf: {} }, {}],
    ['nobody-named', { active: true, token_type: 'Bearer' }, {}],
    ['nobody-named', ACTIVE, { idClaim: 'email' }],
    ['nobody-named', ACTIVE, { idClaim: 'constructor.name' }],
    ['unknown-app', ACTIVE, { unknownApps: 'refuse' }],
    ['unknown-app', { ...ACTIVE, client_id: undefined }, { unknownApps: 'refuse' }],
  ]
  for (const [reason, claims, options] of refused) {
    it(`has a token that is ${reason}: ${JSON.stringify(claims)} ${JSON.stringify(options)}`, async () => {
      const { ask } = stage(serve({ bad: claims }), options)
      const answer = await ask('bad')
      assert.deepEqual(said(answer), {
        ...{ status: 401, code: 'credential-invalid', reason },
        challenge: 'Bearer realm="api", error="invalid_token"',
      })
      assert.equal(answer.upstream.length, 0)
      assert.ok(!JSON.stringify(answer.problem).includes('bad'), 'the token is nowhere')
    })
  }

  it('has a token without a scope: 403, and which ones are needed (RFC 6750 §3.1)', async () => {
    for (const scope of ['read', 'readwrite', 'READ WRITE', undefined, '']) {
      const { ask } = stage(serve({ weak: { ...ACTIVE, scope } }), { scopes: ['read', 'write'] })
      assert.deepEqual(said(await ask('weak')), {
        ...{ status: 403, code: 'access-denied', reason: 'insufficient-scope' },
        challenge: 'Bearer realm="api", error="insufficient_scope", scope="read write"',
      })
    }
  })

  it('learns nothing of why a token does not count', async () => {
    const details = new Set<string | undefined>()
    for (const claims of [{ active: false }, { ...ACTIVE, exp: 1 }, { ...ACTIVE, aud: 'x' }]) {
      details.add((await stage(serve({ bad: claims }), { audiences: ['api'] }).ask('bad')).problem?.detail)
    }
    assert.equal(details.size, 1)
  })
})

function toSeconds(fromNow: number): number {
  return new FakeClock().now() / 1000 + fromNow
}

describe('who passes', () => {
  const passing: readonly [claims: object, options: Options][] = [
    [{ ...ACTIVE, exp: toSeconds(-29) }, {}],
    [{ ...ACTIVE, nbf: toSeconds(29) }, {}],
    [{ ...ACTIVE, aud: ['x', 'api'] }, { audiences: ['other', 'api'] }],
    [{ ...ACTIVE, aud: 'api' }, { audiences: ['api'] }],
    [{ ...ACTIVE, iss: 'https://login.example.com' }, { issuer: 'https://login.example.com' }],
    [ACTIVE, { issuer: 'https://login.example.com' }],
    [{ ...ACTIVE, token_type: undefined }, { requireTokenType: false }],
    [{ ...ACTIVE, token_type: 'DPoP' }, {}],
    [{ ...ACTIVE, scope: ['read', 'write'] }, { scopes: ['write'] }],
    [{ ...ACTIVE, exp: null, nbf: null, aud: null, cnf: null }, {}],
  ]
  for (const [claims, options] of passing) {
    it(`has ${JSON.stringify(claims)} where ${JSON.stringify(options)} is asked for`, async () => {
      assert.equal((await stage(serve({ good: claims }), options).ask('good')).status, 200)
    })
  }

  it('is whom the claims name, in the usual order or by a path', async () => {
    const id = async (claims: object, options: Options = {}) =>
      (await stage(serve({ good: { active: true, token_type: 'Bearer', ...claims } }), options).ask('good')).exchange
        .caller?.id
    assert.equal(await id({ sub: 's', username: 'u', client_id: 'c' }), 's')
    assert.equal(await id({ username: 'u', client_id: 'c' }), 'u')
    assert.equal(await id({ client_id: 'c' }), 'c')
    assert.equal(await id({ sub: 's', org: { email: 'e' } }, { idClaim: 'org.email', appClaim: undefined }), 'e')
  })

  it('has the groups of a claim', async () => {
    for (const groups of [['ops', 'dev'], 'ops dev', 'ops,dev']) {
      const { ask } = stage(serve({ good: { ...ACTIVE, realm: { groups } } }), { groupsClaim: 'realm.groups' })
      assert.deepEqual((await ask('good')).exchange.caller?.groups, ['ops', 'dev'])
    }
  })

  it('has the plan of an app that the gateway knows, looked up for each request', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('shop', { plan: 'gold' })
    const { ask, http } = stage(serve({ good: ACTIVE }), { unknownApps: 'refuse' }, credentials)
    assert.equal((await ask('good')).exchange.caller?.plan, 'gold')
    credentials.setApp('shop', { plan: 'gold', isEnabled: false })
    assert.deepEqual([(await ask('good')).problem?.reason, http.calls.length], ['disabled-app', 1])
  })

  it('is refused with the app that is disabled, even where apps need not be known', async () => {
    const credentials = new MemoryCredentials()
    credentials.setApp('shop', { isEnabled: false })
    assert.equal((await stage(serve({ good: ACTIVE }), {}, credentials).ask('good')).problem?.reason, 'disabled-app')
  })
})

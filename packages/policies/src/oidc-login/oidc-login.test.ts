import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toFingerprint } from '../callers/remembered.ts'
import { CLIENT_ID, ISSUER } from './fake-provider.fixture.ts'
import { CALLBACK, COOKIE, logIn, SECRET, stageLogin } from './login.fixture.ts'
import { oidcLogin } from './oidc-login.ts'
import { locationOf, PAGE, TestBrowser } from './test-browser.fixture.ts'

const SCRIPT = { Accept: '*/*', 'Sec-Fetch-Mode': 'cors' }

describe('oidc-login: a login', () => {
  it('leads a page load to the provider, with PKCE, state and nonce (RFC 9700 §2.1.1)', async () => {
    const { browser } = stageLogin({ authorizationParameters: { prompt: 'login' } })
    const answer = await browser.load('/orders?page=2')
    assert.equal(answer.status, 303)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const url = new URL(locationOf(answer))
    assert.equal(url.origin + url.pathname, `${ISSUER}/authorize`)
    const { state, nonce, code_challenge: challenge, ...others } = Object.fromEntries(url.searchParams)
    assert.deepEqual(others, {
      client_id: CLIENT_ID,
      response_type: 'code',
      redirect_uri: `https://app.example.com${CALLBACK}`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
      prompt: 'login',
    })
    for (const random of [state?.split('.')[1], nonce, challenge]) assert.match(random ?? '', /^[\w-]{43}$/)
  })

  it('comes back to the page that was wanted, and knows who is there', async () => {
    const stage = stageLogin()
    const back = await logIn(stage, '/orders?page=2')
    assert.deepEqual([back.status, locationOf(back)], [303, '/orders?page=2'])
    const { status, exchange, upstream, headers } = await stage.browser.load('/orders?page=2')
    assert.equal(status, 200)
    assert.equal(exchange.caller?.id, 'ada')
    assert.equal(exchange.caller?.credential.kind, 'session')
    assert.deepEqual(exchange.caller?.scopes, ['openid', 'profile', 'email'])
    assert.equal(exchange.caller?.claims?.iss, ISSUER)
    assert.equal(Object.hasOwn(exchange.caller?.claims ?? {}, 'nonce'), false)
    assert.equal(upstream[0]?.headers.has('cookie'), false)
    assert.equal(headers.get('vary'), 'Cookie')
  })

  it('sets a cookie that only this host gets, over TLS only, and no script', async () => {
    const stage = stageLogin()
    const [set = ''] = (await logIn(stage)).headers.getAll('set-cookie')
    assert.match(set, /^__Host-gatewright-session=1\.[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    assert.deepEqual([...stage.browser.cookies.keys()], [COOKIE])
  })

  it('does without `Secure` and the prefix where there is no TLS', async () => {
    const { run, provider } = stageLogin()
    const browser = new TestBrowser(run, { scheme: 'http', host: 'localhost:8080' })
    const [set = ''] = (await logIn({ browser, provider })).headers.getAll('set-cookie')
    assert.match(set, /^gatewright-session=1\.[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/)
    assert.equal((await browser.load('/')).status, 200)
  })

  it('believes `publicOrigin` before the request', async () => {
    const { run, provider } = stageLogin({ publicOrigin: 'https://shop.example.com' })
    const browser = new TestBrowser(run, { scheme: 'http', host: '10.0.0.1:8080' })
    const location = locationOf(await browser.load('/'))
    assert.equal(new URL(location).searchParams.get('redirect_uri'), `https://shop.example.com${CALLBACK}`)
    await browser.load(CALLBACK + provider.approve(location))
    assert.deepEqual([...browser.cookies.keys()], [COOKIE])
  })

  it('keeps the session when the browser is closed only where that is asked for', async () => {
    const [set = ''] = (await logIn(stageLogin({ cookie: { secrets: [SECRET], persistent: true } }))).headers.getAll(
      'set-cookie',
    )
    assert.match(set, /; Max-Age=28800$/)
  })

  it('answers the second request of a session without a promise', async () => {
    const stage = stageLogin()
    await logIn(stage)
    await stage.browser.load('/')
    const request = {
      headers: { Cookie: stage.browser.cookieField },
      scheme: 'https',
      host: 'app.example.com',
    } as const
    const started = stage.run.start(stage.run.open(request))
    assert.equal(started.isSync, true)
    assert.equal((await started.answer).status, 200)
  })

  it('shows its secret in the field Authorization, or in the form', async () => {
    const basic = stageLogin({ clientSecret: 's3cret' })
    await logIn(basic)
    const [call] = basic.provider.callsOf('/token')
    const field = call?.headers?.find(([name]) => name === 'authorization')?.[1]
    assert.equal(field, `Basic ${Buffer.from('shop:s3cret').toString('base64')}`)
    const post = stageLogin({ clientSecret: 's3cret', clientAuthentication: 'post' })
    await logIn(post)
    assert.match(String(post.provider.callsOf('/token')[0]?.body), /client_secret=s3cret/)
  })

  it('asks for what the provider is once, and for its keys once', async () => {
    const stage = stageLogin()
    await logIn(stage)
    stage.browser.cookies.clear()
    await logIn(stage)
    assert.equal(stage.provider.callsOf('/.well-known/openid-configuration').length, 1)
    assert.equal(stage.provider.callsOf('/keys').length, 1)
  })

  it('lets several tabs log in at once, each back to its own page', async () => {
    const stage = stageLogin()
    const first = locationOf(await stage.browser.load('/one'))
    const second = locationOf(await stage.browser.load('/two'))
    const backToTwo = await stage.browser.load(CALLBACK + stage.provider.approve(second))
    const backToOne = await stage.browser.load(CALLBACK + stage.provider.approve(first))
    assert.deepEqual([locationOf(backToOne), locationOf(backToTwo)], ['/one', '/two'])
    assert.deepEqual([...stage.browser.cookies.keys()], [COOKIE])
  })

  it('keeps eight logins under way, and forgets the oldest', async () => {
    const { browser, clock, provider } = stageLogin()
    const locations: string[] = []
    for (let tab = 0; tab < 9; tab++) {
      locations.push(locationOf(await browser.load(`/${tab}`)))
      await clock.advance(1000)
    }
    assert.equal(browser.cookies.size, 8)
    const oldest = await browser.load(CALLBACK + provider.approve(locations[0] ?? ''))
    assert.deepEqual([oldest.status, oldest.problem?.reason], [403, 'no-login'])
    assert.equal((await browser.load(CALLBACK + provider.approve(locations[1] ?? ''))).status, 303)
  })

  it('begins at `loginPath`, and returns to where `return_to` says', async () => {
    const stage = stageLogin({ anonymous: true, loginPath: '/login' })
    const back = await logIn(stage, '/login?return_to=%2Forders%3Fpage%3D2')
    assert.equal(locationOf(back), '/orders?page=2')
  })

  for (const [name, target] of [
    ['another host', '//evil.example/'],
    ['another host after a backslash', '/\\evil.example'],
    ['a scheme', 'https:evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['another host behind a dot segment', '/.//evil.example'],
    ['another host after a tab', '/\t/evil.example'],
    ['what is not allowed', '/admin'],
    ['what only begins alike', '/application'],
  ] as const) {
    it(`returns to no other place than is allowed: ${name} (CWE-601)`, async () => {
      const stage = stageLogin({ anonymous: true, loginPath: '/login', allowedReturnTo: ['/app'] })
      const back = await logIn(stage, `/login?return_to=${encodeURIComponent(target)}`)
      assert.equal(locationOf(back), '/app')
    })
  }

  it('returns to no other host where the path itself looks like one (CWE-601)', async () => {
    assert.equal(locationOf(await logIn(stageLogin(), '//evil.example/%2e%2e')), '/')
  })

  for (const path of ['/logout', '/%6cogout', '/logout?x=1', '/login', CALLBACK, '/login/end']) {
    it(`returns to no path of its own: ${path} would log out again, or fail`, async () => {
      const stage = stageLogin({ loginPath: '/login', logoutPath: '/logout', backChannelLogoutPath: '/login/end' })
      assert.equal(locationOf(await logIn(stage, `/login?return_to=${encodeURIComponent(path)}`)), '/')
    })
  }

  it('takes `return_to` twice for none', async () => {
    const stage = stageLogin({ loginPath: '/login' })
    assert.equal(locationOf(await logIn(stage, '/login?return_to=/a&return_to=/b')), '/')
  })

  it('reads claims from the userinfo where that is asked for, of the same person only (OpenID Connect Core §5.3.2)', async () => {
    const stage = stageLogin({ claims: 'userinfo', toUpstream: { id: 'X-User', claims: { email: 'X-Email' } } })
    await logIn(stage)
    const { upstream } = await stage.browser.load('/')
    assert.deepEqual([...(upstream[0]?.headers ?? [])].slice(-2), [
      ['X-User', 'ada'],
      ['X-Email', 'ada@example.com'],
    ])
    const other = stageLogin({ claims: 'userinfo' })
    other.provider.userinfo = { sub: 'eve' }
    assert.deepEqual((await logIn(other)).problem?.code, 'login-failed')
  })

  it('reads groups from a claim: a list, or one name', async () => {
    const stage = stageLogin({ groupsClaim: 'realm_access.roles', toUpstream: { groups: 'X-Groups' } })
    stage.provider.claims = { realm_access: { roles: ['admin', 7, 'staff'] } }
    await logIn(stage)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('x-groups'), 'admin,staff')
    stage.provider.claims = { realm_access: { roles: 'staff' } }
    await stage.browser.cookies.clear()
    await logIn(stage)
    assert.deepEqual((await stage.browser.load('/')).exchange.caller?.groups, ['staff'])
  })

  it('sends the access token on where that is asked for, in place of what the client said', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    await logIn(stage)
    const { upstream, exchange } = await stage.browser.load('/', {
      headers: { ...PAGE, Authorization: 'Bearer forged' },
    })
    assert.deepEqual(upstream[0]?.headers.getAll('authorization'), ['Bearer access-1'])
    assert.deepEqual(upstream[0]?.headers.neverIndexed, ['authorization'])
    assert.equal(exchange.caller?.credential.tokenFingerprint, toFingerprint('access-1'))
    const not = stageLogin()
    await logIn(not)
    assert.equal((await not.browser.load('/')).upstream[0]?.headers.has('authorization'), false)
  })

  it('reads cookies that HTTP/2 brings in several fields (RFC 9113 §8.2.3)', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    stage.provider.claims = { at_hash: undefined }
    stage.provider.tokens = { access_token: 'x'.repeat(6000) }
    await logIn(stage)
    const crumbs = stage.browser.cookieField.split('; ').map((pair) => ['Cookie', pair] as const)
    const headers = [...crumbs.toReversed(), ['Cookie', 'a=1'] as const]
    const { status, upstream } = await stage.run.with({ scheme: 'https', headers })
    assert.equal(status, 200)
    assert.deepEqual(upstream[0]?.headers.getAll('cookie'), ['a=1'])
  })

  it('cannot begin where a request does not say which site it is for', async () => {
    const { run } = stageLogin()
    const { status, problem } = await run.with({ host: '', headers: PAGE })
    assert.deepEqual([status, problem?.reason], [400, 'no-host'])
  })

  it('names the paths that it answers itself, so that `validate` knows them', () => {
    const given = { issuer: ISSUER, clientId: CLIENT_ID, cookie: { secrets: [SECRET] }, logoutPath: '/logout' }
    assert.deepEqual(oidcLogin.ownPaths?.(oidcLogin.options.parse(given)), [CALLBACK, '/logout'])
  })

  it('leaves the cookies of others as they came', async () => {
    const stage = stageLogin()
    await logIn(stage)
    stage.browser.cookies.set('theme', 'dark')
    stage.browser.cookies.set('gatewright-sessions', 'another')
    const { upstream } = await stage.browser.load('/')
    assert.equal(upstream[0]?.headers.get('cookie'), 'theme=dark; gatewright-sessions=another')
  })
})

describe('oidc-login: who is not logged in', () => {
  for (const [name, given] of [
    ['a script', { headers: SCRIPT }],
    ['a program that takes anything', { headers: { Accept: '*/*' } }],
    ['a form that is sent', { headers: PAGE, method: 'POST' }],
    ['XMLHttpRequest', { headers: { Accept: 'text/html', 'X-Requested-With': 'XMLHttpRequest' } }],
    ['a page that is fetched in case it is wanted', { headers: { ...PAGE, 'Sec-Purpose': 'prefetch;prerender' } }],
    ['a WebSocket', { headers: { ...PAGE, Upgrade: 'websocket' } }],
  ] as const) {
    it(`is refused with 401 where nobody can be led to a login: ${name} (RFC 9110 §11.6.1)`, async () => {
      const { browser } = stageLogin({ loginPath: '/login' })
      const { status, problem, headers, upstream } = await browser.load('/', given)
      assert.deepEqual([status, problem?.code], [401, 'credential-missing'])
      assert.equal(headers.get('www-authenticate'), `Cookie cookie-name="${COOKIE}", form-action="/login"`)
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(upstream.length, 0)
    })
  }

  it('is led to a login by an older browser too, which says only what it accepts', async () => {
    const { browser } = stageLogin()
    assert.equal((await browser.load('/', { headers: { Accept: 'text/html,*/*;q=0.8' } })).status, 303)
  })

  it('is refused everywhere where that is asked for', async () => {
    assert.equal(
      (await stageLogin({ unauthenticated: 'refuse' }).browser.load('/')).problem?.code,
      'credential-missing',
    )
  })

  it('passes as nobody where that is allowed, but not with a session that does not count', async () => {
    const { browser } = stageLogin({ anonymous: true })
    const nobody = await browser.load('/', { headers: SCRIPT })
    assert.deepEqual([nobody.status, nobody.exchange.caller, nobody.headers.get('vary')], [200, undefined, 'Cookie'])
    browser.cookies.set(COOKIE, '1.forged')
    const forged = await browser.load('/', { headers: SCRIPT })
    assert.deepEqual([forged.problem?.code, forged.problem?.reason], ['credential-invalid', 'session-invalid'])
    assert.equal(browser.cookies.size, 0)
  })

  it('never gets the login under way of a browser to the upstream', async () => {
    const { browser } = stageLogin({ anonymous: true, loginPath: '/login' })
    await browser.load('/login')
    assert.equal(browser.cookies.size, 1)
    assert.equal((await browser.load('/')).upstream[0]?.headers.has('cookie'), false)
  })
})

describe('oidc-login: the end of a session', () => {
  it('comes after `sessionSeconds`, however much it is used', async () => {
    const stage = stageLogin({ sessionSeconds: 7_200, refresh: false })
    await logIn(stage)
    await stage.clock.advance(3_500_000)
    assert.equal((await stage.browser.load('/')).status, 200)
    await stage.clock.advance(3_500_000)
    assert.equal((await stage.browser.load('/')).status, 200)
    await stage.clock.advance(200_000)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'session-ended')
  })

  it('comes when it is not used for `idleSeconds`; 0 is never', async () => {
    const stage = stageLogin({ idleSeconds: 600, refresh: false })
    await logIn(stage)
    await stage.clock.advance(599_000)
    const touched = await stage.browser.load('/')
    assert.equal(touched.headers.get('cache-control'), 'no-store')
    await stage.clock.advance(599_000)
    assert.equal((await stage.browser.load('/')).status, 200)
    await stage.clock.advance(600_000)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'session-idle')
    const never = stageLogin({ idleSeconds: 0, refresh: false })
    await logIn(never)
    await never.clock.advance(20_000_000)
    assert.equal((await never.browser.load('/')).status, 200)
  })

  it('leads a page load to a new login, and a new id', async () => {
    const stage = stageLogin({ idleSeconds: 60 })
    await logIn(stage)
    const before = (await stage.browser.load('/')).exchange.caller?.credential.id
    await stage.clock.advance(60_000)
    await logIn(stage, '/again')
    const after = (await stage.browser.load('/')).exchange.caller?.credential.id
    assert.ok(before !== undefined && after !== undefined && before !== after)
  })

  it('is that of the access token where it is sent on and cannot be refreshed', async () => {
    const stage = stageLogin({ forwardAccessToken: true, refresh: false })
    await logIn(stage)
    await stage.clock.advance(300_000)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'access-token-ended')
  })

  it('comes with a logout, here and at the provider (RP-Initiated Logout 1.0 §2)', async () => {
    const stage = stageLogin({ logoutPath: '/logout', postLogoutRedirect: '/bye' })
    await logIn(stage)
    const stolen = new Map(stage.browser.cookies)
    const answer = await stage.browser.load('/logout', { method: 'POST' })
    assert.equal(answer.status, 303)
    const { origin, pathname, searchParams } = new URL(locationOf(answer))
    assert.equal(origin + pathname, `${ISSUER}/logout`)
    assert.match(searchParams.get('id_token_hint') ?? '', /^[\w-]+\.[\w-]+\.[\w-]+$/)
    assert.equal(searchParams.get('post_logout_redirect_uri'), 'https://app.example.com/bye')
    assert.equal(searchParams.get('client_id'), CLIENT_ID)
    assert.equal(stage.browser.cookies.size, 0)
    await stage.clock.advance(0)
    assert.equal(stage.provider.refreshTokens.size, 0)
    for (const [name, value] of stolen) stage.browser.cookies.set(name, value)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'logged-out')
  })

  it('comes here also where the provider is down, or has no logout', async () => {
    const stage = stageLogin({ logoutPath: '/logout' })
    stage.provider.description = { end_session_endpoint: undefined }
    await logIn(stage)
    const answer = await stage.browser.load('/logout')
    assert.deepEqual([answer.status, await answer.text()], [200, 'You are logged out.\n'])
    assert.equal(stage.browser.cookies.size, 0)
    const down = stageLogin({ logoutPath: '/logout', postLogoutRedirect: 'https://www.example.com/' })
    down.provider.isDown = true
    down.browser.cookies.set(COOKIE, '1.whatever')
    const redirected = await down.browser.load('/logout')
    assert.equal(locationOf(redirected), 'https://www.example.com/')
    assert.equal(down.browser.cookies.size, 0)
  })

  it('is not brought about by other sites', async () => {
    const stage = stageLogin({ logoutPath: '/logout' })
    await logIn(stage)
    const headers = { ...PAGE, 'Sec-Fetch-Site': 'cross-site' }
    const answer = await stage.browser.load('/logout', { headers })
    assert.deepEqual([answer.status, answer.problem?.code], [403, 'origin-denied'])
    assert.equal((await stage.browser.load('/')).status, 200)
  })

  it('its own paths take their methods only', async () => {
    const { browser } = stageLogin({ logoutPath: '/logout', loginPath: '/login' })
    for (const [path, method, allow] of [
      [CALLBACK, 'POST', 'GET'],
      ['/login', 'POST', 'GET'],
      ['/logout', 'DELETE', 'GET, POST'],
    ] as const) {
      const { status, headers } = await browser.load(path, { method })
      assert.deepEqual([status, headers.get('allow')], [405, allow])
    }
  })
})

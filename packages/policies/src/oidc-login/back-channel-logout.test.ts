import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  FakeClock,
  MemoryReplays,
  MemoryRevocations,
  MemorySharedValues,
  type TestAnswer,
  type TestRequest,
} from '../testing/index.ts'
import { CLIENT_SECRET, ISSUER } from './fake-provider.fixture.ts'
import { CALLBACK, COOKIE, type LoginStage, logIn, SECRET, stageLogin } from './login.fixture.ts'
import { locationOf, TestBrowser } from './test-browser.fixture.ts'

const END = '/login/end'
const SCRIPT = { headers: { Accept: '*/*' } }
const FORM = 'application/x-www-form-urlencoded'

type Options = Parameters<typeof stageLogin>[0]

function stage(options: Options = {}, setup: Parameters<typeof stageLogin>[1] = {}): LoginStage {
  const made = stageLogin(
    { backChannelLogoutPath: END, clientSecret: CLIENT_SECRET, refresh: false, ...options },
    setup,
  )
  made.provider.claims = { sid: 'session-1' }
  return made
}

function post({ run }: Pick<LoginStage, 'run'>, token: string, more: TestRequest = {}): Promise<TestAnswer> {
  const body = new URLSearchParams({ logout_token: token }).toString()
  const headers = { 'Content-Type': FORM, ...more.headers }
  return run.with({ method: 'POST', target: END, scheme: 'https', host: 'app.example.com', body, ...more, headers })
}

function assertDone({ status, headers }: TestAnswer): void {
  assert.deepEqual([status, headers.get('cache-control')], [200, 'no-store'])
}

async function isIn({ browser }: Pick<LoginStage, 'browser'>): Promise<boolean> {
  const { status, problem } = await browser.load('/', SCRIPT)
  if (status === 200) return true
  assert.deepEqual([status, problem?.reason], [401, 'logged-out'])
  return false
}

describe('oidc-login: a logout that the provider tells of (Back-Channel Logout 1.0)', () => {
  it('ends the session that comes of its `sid`, and no other of this person (§2.7)', async () => {
    const first = stage()
    await logIn(first)
    first.provider.claims = { sid: 'session-2' }
    const second = { ...first, browser: new TestBrowser(first.run) }
    await logIn(second)
    assertDone(await post(first, first.provider.signLogout({ sid: 'session-1', sub: 'ada' })))
    assert.deepEqual([await isIn(first), await isIn(second)], [false, true])
  })

  it('ends all sessions of a `sub`, where there is no `sid`, and those of nobody else', async () => {
    const ada = stage()
    await logIn(ada)
    ada.provider.claims = { sid: 'session-2' }
    const again = { ...ada, browser: new TestBrowser(ada.run) }
    await logIn(again)
    ada.provider.claims = { sid: 'session-3', sub: 'bob' }
    const bob = { ...ada, browser: new TestBrowser(ada.run) }
    await logIn(bob)
    assertDone(await post(ada, ada.provider.signLogout({ sub: 'ada' })))
    assert.deepEqual([await isIn(ada), await isIn(again), await isIn(bob)], [false, false, true])
  })

  it('ends a session of which nobody said by which `sid` it is, with each of that person', async () => {
    const made = stage()
    made.provider.claims = {}
    await logIn(made)
    assertDone(await post(made, made.provider.signLogout({ sid: 'another', sub: 'bob' })))
    assert.equal(await isIn(made), true)
    assertDone(await post(made, made.provider.signLogout({ sid: 'another', sub: 'ada' })))
    assert.equal(await isIn(made), false)
  })

  it('ends it on all threads at once, also where the cookie was seen before', async () => {
    const clock = new FakeClock()
    const replays = new MemoryReplays(clock)
    const revocations = new MemoryRevocations()
    const shared = new MemorySharedValues(clock)
    const one = stage({}, { clock, replays, revocations, shared })
    await logIn(one)
    const two = stage({}, { clock, replays, revocations, shared, http: one.provider.http })
    const there = { browser: new TestBrowser(two.run) }
    for (const [name, value] of one.browser.cookies) there.browser.cookies.set(name, value)
    assert.equal(await isIn(there), true)
    const token = one.provider.signLogout({ sid: 'session-1' })
    assertDone(await post(one, token))
    assert.equal(await isIn(there), false)
    assert.equal((await post(two, token)).problem?.reason, 'replayed')
  })

  it('ends sessions of other cookies and lengths of the same client', async () => {
    const revocations = new MemoryRevocations()
    const one = stage({}, { revocations })
    const other = stage({ cookie: { secrets: [SECRET], name: 'other' }, sessionSeconds: 600 }, { revocations })
    await logIn(other)
    assertDone(await post(one, one.provider.signLogout({ sid: 'session-1' })))
    assert.equal(await isIn(other), false)
  })

  it('ends a login that is under way, and not one that begins afterwards', async () => {
    const made = stage()
    const begun = locationOf(await made.browser.load('/'))
    await made.clock.advance(1000)
    assertDone(await post(made, made.provider.signLogout({ sub: 'ada' })))
    await made.clock.advance(1000)
    await made.browser.load(CALLBACK + made.provider.approve(begun))
    assert.equal(await isIn(made), false)
    await logIn(made)
    assert.equal(await isIn(made), true)
  })

  it('that was long on its way ends nothing that began after it', async () => {
    const made = stage()
    const late = made.provider.signLogout({ sub: 'ada', exp: made.clock.now() / 1000 + 3600 })
    await made.clock.advance(61_000)
    await logIn(made)
    assertDone(await post(made, late))
    assert.equal(await isIn(made), true)
  })

  it('of a provider whose clock is a minute behind ends what there is', async () => {
    const made = stage()
    await made.clock.advance(59_000)
    await logIn(made)
    const behind = Math.floor(made.clock.now() / 1000) - 59
    assertDone(await post(made, made.provider.signLogout({ sub: 'ada', iat: behind, exp: behind + 120 })))
    assert.equal(await isIn(made), false)
  })

  for (const [name, tokens] of [
    ['no ID token', { id_token: undefined }],
    ['an ID token without it', {}],
  ] as const) {
    it(`ends a session that was refreshed since, where the refresh brought ${name}`, async () => {
      const made = stage({ refresh: true })
      await logIn(made)
      made.provider.claims = {}
      made.provider.tokens = tokens
      await made.clock.advance(301_000)
      assert.equal(await isIn(made), true)
      assert.equal(made.provider.callsOf('/token').length, 2)
      assertDone(await post(made, made.provider.signLogout({ sid: 'session-1' })))
      assert.equal(await isIn(made), false)
    })
  }

  it('is known to whoever asks for the credential of a request that was let in: to its tunnel', async () => {
    const made = stage()
    await logIn(made)
    const credential = (await made.browser.load('/')).exchange.caller?.credential
    assert.equal(credential?.isEnded?.(), false)
    assertDone(await post(made, made.provider.signLogout({ sid: 'session-1' })))
    assert.equal(credential?.isEnded?.(), true)
  })

  it('counts with a key that the provider has had for a moment only', async () => {
    const made = stage()
    await logIn(made)
    assertDone(await post(made, made.provider.signLogout({ sid: 'another' })))
    await made.clock.advance(10_000)
    made.provider.kid = 'k2'
    assertDone(await post(made, made.provider.signLogout({ sid: 'session-1' })))
    assert.equal(await isIn(made), false)
  })

  it('leads a page load to a new login', async () => {
    const made = stage()
    await logIn(made)
    await post(made, made.provider.signLogout({ sid: 'session-1' }))
    const answer = await made.browser.load('/orders')
    assert.equal(answer.status, 303)
    assert.ok(locationOf(answer).startsWith(`${ISSUER}/authorize`))
    assert.equal(made.browser.cookies.has(COOKIE), false)
  })

  it('ends nothing of somebody whose name looks like what is noted of another', async () => {
    const made = stage()
    made.provider.claims = {}
    await logIn(made)
    assertDone(await post(made, made.provider.signLogout({ sub: 'without sid ada' })))
    assertDone(await post(made, made.provider.signLogout({ sid: 'ada' })))
    assert.equal(await isIn(made), true)
  })

  it('of somebody who is not known here is answered as any other (§2.8)', async () => {
    const made = stage()
    await logIn(made)
    assertDone(await post(made, made.provider.signLogout({ sid: 'unknown' })))
    assert.equal(await isIn(made), true)
  })

  for (const [name, claims, header] of [
    ['an older provider, without a type', {}, {}],
    ['the type of all JWTs', {}, { typ: 'JWT' }],
    ['its type in full', {}, { typ: 'application/logout+jwt' }],
    ['an audience among several', { aud: ['another', 'shop'] }, {}],
  ] as const) {
    it(`is taken with ${name}`, async () => {
      const made = stage()
      await logIn(made)
      assertDone(await post(made, made.provider.signLogout({ sid: 'session-1', ...claims }, header)))
      assert.equal(await isIn(made), false)
    })
  }

  it('needs no cookie, and looks at none', async () => {
    const made = stage()
    await logIn(made)
    const headers = { Cookie: `${COOKIE}=1.forged` }
    assertDone(await post(made, made.provider.signLogout({ sid: 'session-1' }), { headers }))
  })
})

describe('oidc-login: a logout token that does not count (Back-Channel Logout 1.0 §2.6)', () => {
  const now = Math.floor(new FakeClock().now() / 1000)

  async function assertRefused(made: LoginStage, answer: TestAnswer, reason: string): Promise<void> {
    const { status, problem, headers, upstream } = answer
    assert.deepEqual([status, problem?.code, problem?.reason], [400, 'logout-refused', reason])
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(upstream.length, 0)
    assert.equal(await isIn(made), true)
  }

  for (const [name, claims, reason] of [
    ['of another issuer', { iss: 'https://evil.example' }, 'issuer'],
    ['without an issuer', { iss: undefined }, 'issuer'],
    ['for another client', { aud: 'another' }, 'audience'],
    ['for other clients', { aud: ['another', 'one more'] }, 'audience'],
    ['for nobody', { aud: undefined }, 'audience'],
    ['with a nonce: an ID token', { nonce: 'x' }, 'nonce'],
    ['with an empty nonce', { nonce: null }, 'nonce'],
    ['without events: an ID token', { events: undefined }, 'events'],
    ['with events that are a list', { events: ['http://schemas.openid.net/event/backchannel-logout'] }, 'events'],
    ['with another event', { events: { 'http://schemas.openid.net/secevent/risc': {} } }, 'events'],
    [
      'with an event that is no object',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': true } },
      'events',
    ],
    ['of nobody', { sid: undefined }, 'claim-missing'],
    ['of an empty sid', { sid: '' }, 'claim-malformed'],
    ['of a sub that is no text', { sub: { toString: 'ada' } }, 'claim-malformed'],
    ['without an id', { jti: undefined }, 'claim-malformed'],
    ['without a time', { iat: undefined }, 'claim-malformed'],
    ['without an end', { exp: undefined }, 'claim-malformed'],
    ['with an end that is a text', { exp: `${now + 60}` }, 'claim-malformed'],
    ['that has expired', { iat: now - 200, exp: now - 60 }, 'expired'],
    ['that is older than an hour, whatever it says', { iat: now - 3661, exp: now + 9999 }, 'expired'],
    ['of the future', { iat: now + 61 }, 'not-yet-valid'],
  ] as const) {
    it(`is one ${name}`, async () => {
      const made = stage()
      await logIn(made)
      await assertRefused(made, await post(made, made.provider.signLogout({ sid: 'session-1', ...claims })), reason)
    })
  }

  for (const [signsAs, reason] of [
    ['none', 'algorithm'],
    ['stranger', 'signature'],
    ['hmac-of-public-key', 'algorithm'],
    ['hmac-of-secret', 'algorithm'],
  ] as const) {
    it(`is one signed by nobody who may: ${signsAs} (RFC 8725 §2.1, §3.2)`, async () => {
      const made = stage()
      await logIn(made)
      made.provider.signsAs = signsAs
      await assertRefused(made, await post(made, made.provider.signLogout({ sid: 'session-1' })), reason)
    })
  }

  for (const typ of ['at+jwt', 'secevent+jwt', 'dpop+jwt']) {
    it(`is one of another type: ${typ} (RFC 8725 §3.11)`, async () => {
      const made = stage()
      await logIn(made)
      await assertRefused(made, await post(made, made.provider.signLogout({ sid: 'session-1' }, { typ })), 'type')
    })
  }

  it('is an ID token of the same session, which browsers have', async () => {
    const made = stage({ logoutPath: '/logout' })
    await logIn(made)
    const hint = new URL(locationOf(await made.browser.load('/logout'))).searchParams.get('id_token_hint') ?? ''
    await logIn(made)
    await assertRefused(made, await post(made, hint), 'nonce')
  })

  it('is one that came before: nobody is logged out again by it', async () => {
    const made = stage()
    const token = made.provider.signLogout({ sub: 'ada', exp: now + 3600 })
    assertDone(await post(made, token))
    await made.clock.advance(61_000)
    await logIn(made)
    await assertRefused(made, await post(made, token), 'replayed')
  })

  it('logs out all the same where there is no room and it is taken for one that came before', async () => {
    const replays = { list: () => ({ use: () => false, giveBack() {} }) }
    const made = stage({}, { replays })
    await logIn(made)
    const answer = await post(made, made.provider.signLogout({ sid: 'session-1' }))
    assert.equal(answer.problem?.reason, 'replayed')
    assert.equal(await isIn(made), false)
  })

  for (const [name, more, reason] of [
    ['JSON', { headers: { 'Content-Type': 'application/json' }, body: '{"logout_token":"x"}' }, 'no-form'],
    ['a form of another kind', { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } }, 'no-form'],
    ['no token', { body: 'token=x' }, 'no-token'],
    ['two tokens', { body: 'logout_token=a&logout_token=b' }, 'no-token'],
    ['a token that is none', { body: 'logout_token=x' }, 'malformed'],
    ['one of two parts', { body: 'logout_token=e30.e30' }, 'malformed'],
    ['an encrypted one', { body: 'logout_token=e30.e30.e30.e30.e30' }, 'malformed'],
    [
      'a header with what is critical',
      { body: `logout_token=${encode({ alg: 'RS256', crit: ['b64'] })}.e30.e30` },
      'malformed',
    ],
    ['nothing', { body: '' }, 'no-token'],
  ] as const) {
    it(`comes as a form with one signed token, and not as ${name}`, async () => {
      const made = stage()
      await logIn(made)
      await assertRefused(made, await post(made, '', more), reason)
    })
  }

  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
    it(`comes by POST, and not by ${method}: a link logs nobody out`, async () => {
      const made = stage()
      await logIn(made)
      const token = made.provider.signLogout({ sid: 'session-1' })
      const { status, headers } = await made.run.with({ method, target: `${END}?logout_token=${token}` })
      assert.deepEqual([status, headers.get('allow'), headers.get('cache-control')], [405, 'POST', 'no-store'])
      assert.equal(await isIn(made), true)
    })
  }

  it('is not read where it is longer than any is', async () => {
    const made = stage()
    const { status, problem, headers } = await post(made, 'x'.repeat(20_000))
    assert.deepEqual([status, problem?.code, headers.get('cache-control')], [413, 'body-too-large', 'no-store'])
  })

  it('says nothing of why to whoever sent it', async () => {
    const made = stage()
    const details = new Set<string | undefined>()
    for (const claims of [{ iss: 'x' }, { aud: 'x' }, { exp: 0 }])
      details.add((await post(made, made.provider.signLogout({ sid: 'x', ...claims }))).problem?.detail)
    assert.equal(details.size, 1)
  })

  it('costs the provider one look at its keys in ten seconds, however many are made up, and does not keep out a real one', async () => {
    const made = stage()
    await logIn(made)
    const before = made.provider.callsOf('/keys').length
    for (let i = 0; i < 300; i++) {
      const madeUp = made.provider.signLogout({ sid: 'session-1' }, { kid: `made-up-${i}` })
      assert.equal((await post(made, madeUp)).problem?.reason, 'unknown-key')
    }
    assert.ok(made.provider.callsOf('/keys').length <= before + 2)
    assertDone(await post(made, made.provider.signLogout({ sid: 'session-1' })))
    assert.equal(await isIn(made), false)
  })

  it('cannot be told from a good one while the provider shows no keys: 503, and it may try again', async () => {
    const made = stage()
    made.provider.isDown = true
    const token = made.provider.signLogout({ sid: 'session-1' })
    const { status, problem, headers } = await post(made, token)
    assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', 'ECONNREFUSED'])
    assert.equal(headers.get('cache-control'), 'no-store')
    made.provider.isDown = false
    await made.clock.advance(10_000)
    assertDone(await post(made, token))
  })

  it('has no path of its own where none is given', async () => {
    const made = stageLogin()
    assert.equal((await post(made, made.provider.signLogout({ sid: 'x' }))).problem?.code, 'credential-missing')
  })
})

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

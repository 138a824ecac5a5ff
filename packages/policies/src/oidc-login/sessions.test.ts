import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { GatewayResponse } from '../messages/response.ts'
import { type FakeAnswer, FakeClock, MemoryCounters, MemoryRevocations, MemorySharedValues } from '../testing/index.ts'
import { type LoginStage, logIn, stageLogin } from './login.fixture.ts'
import { PAGE } from './test-browser.fixture.ts'

const SCRIPT = { Accept: '*/*', 'Sec-Fetch-Mode': 'cors' }

describe('oidc-login: refreshing', () => {
  it('happens once for many requests with one session, beside the upstream, and all get the new cookie', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    await logIn(stage)
    await stage.clock.advance(250_000)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        stage.run.with({ scheme: 'https', headers: { ...PAGE, Cookie: stage.browser.cookieField } }),
      ),
    )
    assert.equal(stage.provider.callsOf('/token').length, 2)
    const cookies = new Set(answers.map(({ headers }) => headers.getAll('set-cookie')[0]))
    assert.equal(cookies.size, 1)
    for (const { status, upstream, headers } of answers) {
      assert.deepEqual([status, headers.get('cache-control')], [200, 'no-store'])
      assert.equal(upstream[0]?.headers.get('authorization'), 'Bearer access-1')
    }
    for (const answer of answers) stage.browser.keep(answer)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), 'Bearer access-2')
  })

  it('happens once for all threads', async () => {
    const clock = new FakeClock()
    const shared = new MemorySharedValues(clock)
    const counters = new MemoryCounters(clock)
    const first = stageLogin({ forwardAccessToken: true }, { clock, shared, counters })
    await logIn(first)
    // The same provider: which of the two asks it is anybody's guess.
    const { http } = first.provider
    const second = stageLogin({ forwardAccessToken: true }, { clock, shared, counters, http })
    await clock.advance(300_000)
    const request = { scheme: 'https', headers: { ...PAGE, Cookie: first.browser.cookieField } } as const
    const answers = await Promise.all([first.run.with(request), second.run.with(request)])
    assert.deepEqual(
      answers.map(({ upstream }) => upstream[0]?.headers.get('authorization')),
      ['Bearer access-2', 'Bearer access-2'],
    )
    assert.equal(first.provider.callsOf('/token').length, 2)
  })

  it('comes before the upstream where the access token has ended', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    await logIn(stage)
    await stage.clock.advance(301_000)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), 'Bearer access-2')
  })

  it('is at hand for a browser that comes with the cookie from before: a refresh token is taken once (RFC 9700 §4.14.2)', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    await logIn(stage)
    const before = new Map(stage.browser.cookies)
    await stage.clock.advance(301_000)
    await stage.browser.load('/')
    for (const [name, value] of before) stage.browser.cookies.set(name, value)
    await stage.clock.advance(60_000)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), 'Bearer access-2')
    assert.equal(stage.provider.callsOf('/token').length, 2)
  })

  it('ends the session where the provider says no', async () => {
    const stage = stageLogin()
    await logIn(stage)
    stage.provider.refreshTokens.clear()
    await stage.clock.advance(301_000)
    const { problem, upstream } = await stage.browser.load('/', { headers: SCRIPT })
    assert.deepEqual([problem?.code, problem?.reason], ['credential-invalid', 'refresh-refused'])
    assert.equal(upstream.length, 0)
    assert.equal(stage.browser.cookies.size, 0)
  })

  it('forgets a session after the answer where the provider says no beside it', async () => {
    const stage = stageLogin()
    await logIn(stage)
    stage.provider.refreshTokens.clear()
    await stage.clock.advance(250_000)
    assert.equal((await stage.browser.load('/')).status, 200)
    assert.equal(stage.browser.cookies.size, 0)
  })

  it('believes no refresh that is of somebody else (OpenID Connect Core §12.2)', async () => {
    const stage = stageLogin()
    await logIn(stage)
    stage.provider.claims = { sub: 'eve' }
    await stage.clock.advance(301_000)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'refresh-refused')
  })

  it('does not end sessions while the provider is down, and sends no token on that has ended', async () => {
    const stage = stageLogin()
    const sending = stageLogin({ forwardAccessToken: true })
    for (const each of [stage, sending]) {
      await logIn(each)
      each.provider.isDown = true
      await each.clock.advance(250_000)
      assert.equal((await each.browser.load('/')).status, 200)
      await each.clock.advance(100_000)
    }
    assert.equal((await stage.browser.load('/')).status, 200)
    const { status, problem, upstream } = await sending.browser.load('/')
    assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', 'ECONNREFUSED'])
    assert.equal(upstream.length, 0)
    assert.notEqual(sending.browser.cookies.size, 0)
    sending.provider.isDown = false
    await sending.clock.advance(10_000)
    assert.equal((await sending.browser.load('/')).status, 200)
  })

  it('does not happen where it is switched off, and the refresh token is not kept', async () => {
    const stage = stageLogin({ refresh: false })
    await logIn(stage)
    await stage.clock.advance(301_000)
    assert.equal((await stage.browser.load('/')).status, 200)
    assert.equal(stage.provider.callsOf('/token').length, 1)
  })

  it('happens every few minutes where the provider does not say how long a token lasts (RFC 6749 §5.1)', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    stage.provider.tokens = { expires_in: undefined }
    await logIn(stage)
    await stage.clock.advance(239_000)
    await stage.browser.load('/')
    assert.equal(stage.provider.callsOf('/token').length, 1)
    stage.provider.isDown = true
    await stage.clock.advance(600_000)
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), 'Bearer access-1')
    stage.provider.isDown = false
    await stage.clock.advance(10_000)
    await stage.browser.load('/')
    assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), 'Bearer access-2')
  })

  it('keeps the refresh token that it had where no new one comes (RFC 6749 §6)', async () => {
    const stage = stageLogin({ forwardAccessToken: true })
    await logIn(stage)
    stage.provider.tokens = { refresh_token: undefined, id_token: undefined }
    for (const token of ['access-2', 'access-3']) {
      await stage.clock.advance(301_000)
      assert.equal((await stage.browser.load('/')).upstream[0]?.headers.get('authorization'), `Bearer ${token}`)
      // This provider takes one as often as it comes.
      stage.provider.refreshTokens.add('refresh-1')
    }
  })

  it('brings claims that have changed, and leaves the end of the session where it was', async () => {
    const stage = stageLogin({ sessionSeconds: 600, groupsClaim: 'groups' })
    stage.provider.claims = { groups: ['staff'] }
    await logIn(stage)
    stage.provider.claims = { groups: ['guests'] }
    await stage.clock.advance(301_000)
    assert.deepEqual((await stage.browser.load('/')).exchange.caller?.groups, ['guests'])
    await stage.clock.advance(299_000)
    assert.equal((await stage.browser.load('/', { headers: SCRIPT })).problem?.reason, 'session-ended')
  })
})

describe('oidc-login: an answer that was under way when somebody logged out', () => {
  for (const [name, options, ready] of [
    ['a session in use is written anew', { refresh: false }, () => {}],
    ['the tokens were refreshed', {}, () => {}],
    ['the provider refused to refresh', {}, (stage: LoginStage) => stage.provider.refreshTokens.clear()],
  ] as const) {
    it(`leaves the cookies of the browser as they are then: ${name}`, async () => {
      const { stage, arrived, answerLate, logOut } = await stageSlowUpstream(options)
      await stage.clock.advance(250_000)
      ready(stage)
      const slow = stage.run.with(toPageLoad(stage))
      // Until then it is not under way: it is still being found out whose it is.
      await arrived
      await logOut()
      answerLate()
      const { status, headers } = await slow
      assert.deepEqual([status, headers.getAll('set-cookie')], [200, []])
    })
  }

  it('is none where it was still to be found out whose the request is', async () => {
    const { stage, logOut } = await stageSlowUpstream()
    const slow = stage.run.with({ ...toPageLoad(stage), headers: { ...SCRIPT, Cookie: stage.browser.cookieField } })
    await logOut()
    const { problem, upstream } = await slow
    assert.deepEqual([problem?.code, problem?.reason, upstream.length], ['credential-invalid', 'logged-out', 0])
  })

  for (const outcome of ['refused', 'refreshed'] as const) {
    it(`is none where its tokens had ended and are ${outcome} by then, and leaves the cookies of the next login`, async () => {
      const { stage, logOut } = await stageSlowUpstream({ forwardAccessToken: true })
      const { provider } = stage
      await stage.clock.advance(301_000)
      const told = Promise.withResolvers<FakeAnswer>()
      provider.refusal = told.promise
      const slow = stage.run.with({ ...toPageLoad(stage), headers: { ...SCRIPT, Cookie: stage.browser.cookieField } })
      while (provider.callsOf('/token').length < 2) await setImmediate()
      await logOut()
      told.resolve(
        outcome === 'refused'
          ? { status: 400, body: { error: 'invalid_grant' } }
          : { body: { access_token: 'access-late', token_type: 'Bearer', expires_in: 300 } },
      )
      const { problem, upstream, headers } = await slow
      assert.deepEqual([problem?.reason, upstream.length, headers.getAll('set-cookie')], ['logged-out', 0, []])
    })
  }
})

/**
 * Somebody who is logged in, at a thread whose upstream waits for `answerLate`. `logOut` is done by another thread, which knows
 * the session: it ends it at once, while the first one has to decrypt the cookie, which takes as long as the machine likes. Were
 * both to decrypt it, either could be first.
 */
async function stageSlowUpstream(options: Parameters<typeof stageLogin>[0] = {}) {
  const arrived = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<GatewayResponse>()
  const clock = new FakeClock()
  const world = { clock, shared: new MemorySharedValues(clock), revocations: new MemoryRevocations() }
  const allOptions = { logoutPath: '/logout', idleSeconds: 600, ...options }
  const upstream = () => {
    arrived.resolve()
    return answer.promise
  }
  const stage = stageLogin(allOptions, { ...world, upstream })
  const other = stageLogin(allOptions, { ...world, http: stage.provider.http })
  await logIn(stage)
  assert.equal((await other.run.with(toPageLoad(stage))).status, 200)
  return {
    stage,
    arrived: arrived.promise,
    answerLate: () => answer.resolve(GatewayResponse.ofText(200, 'late')),
    logOut: () => other.run.with({ ...toPageLoad(stage), target: '/logout' }),
  }
}

function toPageLoad({ browser }: LoginStage) {
  return { scheme: 'https', host: 'app.example.com', headers: { ...PAGE, Cookie: browser.cookieField } } as const
}

/** Proves tokens that an authorization server issues to the gateway itself. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayResponse } from '../../messages/response.ts'
import { CallFault, type OutgoingCall } from '../../services.ts'
import { type FakeAnswer, FakeClock, FakeHttp, run } from '../../testing/index.ts'
import { upstreamAuth } from '../upstream-auth.ts'

const ENDPOINT = 'https://login.example.com/token'
const CLIENT = { id: 'gw', secret: 's3cret' }

function stage(answer: (call: OutgoingCall) => FakeAnswer, more: object = {}, upstreamStatus = 200) {
  const http = new FakeHttp(answer)
  const clock = new FakeClock()
  const policy = run(upstreamAuth, { clientCredentials: { endpoint: ENDPOINT, client: CLIENT, ...more } } as never, {
    http,
    clock,
    upstream: () => new GatewayResponse({ status: upstreamStatus }),
  })
  const ask = async () => {
    const { status, problem, upstream } = await policy.with({ headers: { authorization: 'Bearer of-the-client' } })
    return { status, reason: problem?.reason, problem, said: upstream[0]?.headers.getAll('authorization') }
  }
  return { ask, http, clock, log: policy.log }
}

const issue = (expires: unknown = 3600) => {
  let issued = 0
  return () => ({ body: { access_token: `t${++issued}`, token_type: 'Bearer', expires_in: expires } })
}

describe('a token for the gateway itself (RFC 6749 §4.4)', () => {
  it('is asked for once, for all who wait, and said in the place of what the client says', async () => {
    const { ask, http } = stage(issue(), { scopes: ['a', 'b'], audience: 'orders', parameters: { tenant: 'x' } })
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    assert.ok(answers.every(({ said }) => said?.length === 1 && said[0] === 'Bearer t1'))
    assert.equal(http.calls.length, 1)
    const [call] = http.calls
    assert.deepEqual([call?.url, call?.method], [ENDPOINT, 'POST'])
    assert.deepEqual(
      [...new URLSearchParams(String(call?.body))],
      [
        ['grant_type', 'client_credentials'],
        ['scope', 'a b'],
        ['audience', 'orders'],
        ['tenant', 'x'],
      ],
    )
    assert.ok(call?.headers?.some(([name, value]) => name === 'Authorization' && value.startsWith('Basic ')))
  })

  it('is renewed before it ends, while the old one is used', async () => {
    const { ask, http, clock } = stage(issue(100))
    assert.deepEqual((await ask()).said, ['Bearer t1'])
    await clock.advance(79_000)
    assert.deepEqual((await ask()).said, ['Bearer t1'])
    await clock.advance(1_000)
    assert.deepEqual((await ask()).said, ['Bearer t1'])
    await clock.advance(0)
    assert.deepEqual([(await ask()).said, http.calls.length], [['Bearer t2'], 2])
  })

  it('is used while nobody issues another one, and not beyond its end', async () => {
    let isDown = false
    const issuer = issue(100)
    const { ask, clock, log } = stage(() => {
      if (isDown) throw new CallFault('ECONNREFUSED', 'nobody listens')
      return issuer()
    })
    await ask()
    isDown = true
    await clock.advance(85_000)
    assert.equal((await ask()).status, 200)
    await clock.advance(0)
    assert.deepEqual(
      log.entries.map(({ level, facts }) => [level, facts.reason]),
      [['warn', 'ECONNREFUSED']],
      'it is told while the old one is still used',
    )
    await clock.advance(15_000)
    assert.deepEqual([(await ask()).status, (await ask()).reason], [503, 'ECONNREFUSED'])
    isDown = false
    await clock.advance(10_000)
    assert.deepEqual((await ask()).said, ['Bearer t2'])
  })

  it('is asked for anew where the upstream does not take it', async () => {
    const { ask, http, clock } = stage(issue(), {}, 401)
    assert.equal((await ask()).status, 401)
    await clock.advance(60_000)
    await ask()
    await clock.advance(0)
    assert.deepEqual([(await ask()).said, http.calls.length], [['Bearer t2'], 2])
  })

  for (const [reason, answer] of [
    ['status-401', { status: 401, body: { error: 'invalid_client' } }],
    ['status-302', { status: 302, headers: { Location: 'https://elsewhere.example' } }],
    ['no-json', { body: 'access_token=a' }],
    ['no-token', { body: { token_type: 'Bearer' } }],
    ['no-token', { body: { access_token: 'a\r\nX-Admin: 1', token_type: 'Bearer' } }],
    ['token-type', { body: { access_token: 'a', token_type: 'DPoP' } }],
    ['token-ended', { body: { access_token: 'a', token_type: 'bearer', expires_in: 0 } }],
    ['token-end', { body: { access_token: 'a', token_type: 'bearer', expires_in: 'soon' } }],
  ] as const) {
    it(`is none where the server answers ${JSON.stringify(answer)}: ${reason}`, async () => {
      const { status, reason: told, problem, said } = await stage(() => answer as FakeAnswer).ask()
      assert.deepEqual([status, told, said], [503, reason, undefined])
      assert.equal(problem?.code, 'upstream-credential-unavailable')
      assert.ok(!JSON.stringify(problem).includes('s3cret'))
    })
  }

  it('is found where the issuer publishes it (RFC 8414)', async () => {
    const issuer = 'https://login.example.com'
    const { ask, http } = stage(
      ({ url }) => (url.endsWith('/token') ? issue()() : { body: { issuer, token_endpoint: ENDPOINT } }),
      { endpoint: undefined, issuer },
    )
    assert.deepEqual((await ask()).said, ['Bearer t1'])
    assert.equal(http.calls.at(-1)?.url, ENDPOINT)
  })

  for (const [what, more] of [
    ['nowhere to ask', { endpoint: undefined }],
    ['a parameter that the gateway says', { parameters: { grant_type: 'password' } }],
    ['a scope with a space', { scopes: ['a b'] }],
  ] as const) {
    it(`is refused in the options: ${what}`, () => {
      const options = { clientCredentials: { endpoint: ENDPOINT, client: CLIENT, ...more } }
      assert.equal(upstreamAuth.options.safeParse(options).error?.issues.length, 1)
    })
  }

  it('leaves no secret in the log', async () => {
    const { ask, log } = stage(() => ({ status: 500 }))
    await ask()
    assert.equal(log.entries.length, 1)
    assert.ok(!JSON.stringify(log.entries).includes('s3cret'))
  })
})

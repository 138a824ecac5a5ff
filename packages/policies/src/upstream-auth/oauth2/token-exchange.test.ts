/** Proves tokens that are issued in exchange for the caller's. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toFingerprint } from '../../callers/remembered.ts'
import type { Caller } from '../../exchange.ts'
import { GatewayResponse } from '../../messages/response.ts'
import { CallFault, type OutgoingCall } from '../../services.ts'
import { type FakeAnswer, FakeClock, FakeHttp, run } from '../../testing/index.ts'
import { upstreamAuth } from '../upstream-auth.ts'

const ENDPOINT = 'https://login.example.com/token'
const CLIENT = { id: 'gw', secret: 's3cret' }
/** Somebody who became known by this token. */
const callerBy = (token: string): Caller => ({
  id: 'ann',
  credential: { kind: 'token', id: 'a', tokenFingerprint: toFingerprint(token) },
})
const CALLER = callerBy('ann')

function stage(answer: (call: OutgoingCall) => FakeAnswer, more: object = {}) {
  const http = new FakeHttp(answer)
  const clock = new FakeClock()
  const options = { tokenExchange: { endpoint: ENDPOINT, client: CLIENT, ...more } }
  let upstreamSays = 200
  const upstream = () => new GatewayResponse({ status: upstreamSays })
  const policy = run(upstreamAuth, options as never, { http, clock, upstream })
  const ask = async (headers: Record<string, string>, caller: Caller = CALLER, target = '/') => {
    const { status, problem, upstream } = await policy.with({ target, headers }, { caller })
    return { status, reason: problem?.reason, sent: upstream[0], said: upstream[0]?.headers.getAll('authorization') }
  }
  const askAs = (token: string) => ask({ authorization: `Bearer ${token}` }, callerBy(token))
  const letUpstreamSay = (status: number): void => {
    upstreamSays = status
  }
  return { ask, askAs, http, clock, letUpstreamSay }
}

const formOf = (call: OutgoingCall | undefined) => Object.fromEntries(new URLSearchParams(String(call?.body)))
/** What is issued says for whom. */
const issue = (call: OutgoingCall): FakeAnswer => ({
  body: { access_token: `for-${formOf(call).subject_token}`, token_type: 'Bearer', expires_in: 100 },
})

describe('a token in exchange for the caller’s (RFC 8693)', () => {
  it('is asked for with it, and goes on in its place', async () => {
    const { askAs, http } = stage(issue, { audience: 'orders', requestedType: 'access-token' })
    assert.deepEqual((await askAs('ann')).said, ['Bearer for-ann'])
    assert.deepEqual(formOf(http.calls[0]), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'ann',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'orders',
    })
  })

  it('is asked for once for each token, and remembered until it ends', async () => {
    const { askAs, http, clock } = stage(issue)
    const all = await Promise.all(['ann', 'bob', 'ann', 'bob', 'ann'].map(askAs))
    assert.deepEqual(
      all.map(({ said }) => said?.[0]),
      ['ann', 'bob', 'ann', 'bob', 'ann'].map((name) => `Bearer for-${name}`),
    )
    assert.equal(http.calls.length, 2)
    await clock.advance(89_000)
    await askAs('ann')
    assert.equal(http.calls.length, 2)
    await clock.advance(1_000)
    await askAs('ann')
    assert.equal(http.calls.length, 3)
  })

  it('is for callers alone whom somebody recognised: tokens that are made up are asked about by nobody', async () => {
    const { ask, http } = stage(issue)
    const { status, reason } = await run(
      upstreamAuth,
      { tokenExchange: { endpoint: ENDPOINT, client: CLIENT } },
      { http },
    )
      .with({ headers: { authorization: 'Bearer made-up' } })
      .then(({ status, problem }) => ({ status, reason: problem?.reason }))
    assert.deepEqual([status, reason, http.calls.length], [403, 'no-caller', 0])
    assert.equal((await ask({})).reason, 'no-subject-token')
    for (const authorization of ['Basic eDp5', 'Bearer', 'Bearer ']) {
      assert.equal((await ask({ authorization })).reason, 'no-subject-token')
    }
  })

  it('reads it where the options say, and sends it no further', async () => {
    const { ask } = stage(issue, { subject: { in: 'query', name: 'access_token', type: 'jwt' } })
    const { sent, said } = await ask({}, CALLER, '/?access_token=ann&x=1')
    assert.deepEqual([sent?.search, said], ['?x=1', ['Bearer for-ann']])
    const inField = stage(issue, { subject: { name: 'X-Token' } })
    const moved = await inField.ask({ 'x-token': 'ann', authorization: 'Basic eDp5' })
    assert.deepEqual([moved.sent?.headers.get('x-token'), moved.said], [undefined, ['Bearer for-ann']])
  })

  it('is not asked for again at once where the server refuses the caller’s token, which is told the caller', async () => {
    const { askAs, http, clock } = stage(() => ({ status: 400, body: { error: 'invalid_request' } }))
    for (let at = 0; at < 3; at++) {
      const { status, reason, sent } = await askAs('ann')
      assert.deepEqual([status, reason, sent], [403, 'exchange-invalid-request', undefined])
    }
    assert.equal(http.calls.length, 1)
    await clock.advance(10_000)
    await askAs('ann')
    assert.equal(http.calls.length, 2)
  })

  for (const [reason, answer] of [
    ['status-401', { status: 401, body: { error: 'invalid_client' } }],
    ['status-400', { status: 400, body: { error: 'unauthorized_client' } }],
    ['no-json', { status: 400, body: '<html>' }],
    ['status-500', { status: 500 }],
    ['token-type', { body: { access_token: 'a', token_type: 'N_A' } }],
  ] as const) {
    it(`is not to be had where the gateway or the server is at fault: ${reason}`, async () => {
      const { status, reason: told, sent } = await stage(() => answer as FakeAnswer).askAs('ann')
      assert.deepEqual([status, told, sent], [503, reason, undefined])
    })
  }

  it('waits for no more calls than the options say', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const http = new FakeHttp(async (call) => {
      await held
      return issue(call)
    })
    const policy = run(upstreamAuth, { tokenExchange: { endpoint: ENDPOINT, client: CLIENT, maxCalls: 1 } }, { http })
    const ask = (token: string) =>
      policy.with({ headers: { authorization: `Bearer ${token}` } }, { caller: callerBy(token) })
    const first = ask('ann')
    const { problem } = await ask('bob')
    assert.deepEqual([problem?.code, problem?.reason], ['upstream-credential-unavailable', 'too-many-calls'])
    release()
    assert.equal((await first).status, 200)
  })

  it('is not to be had while the server is down, and again when it is up', async () => {
    let isDown = true
    const { askAs, http, clock } = stage((call) => {
      if (isDown) throw new CallFault('timeout', 'no answer')
      return issue(call)
    })
    assert.deepEqual([(await askAs('ann')).status, (await askAs('ann')).reason], [503, 'timeout'])
    isDown = false
    assert.deepEqual((await askAs('bob')).said, ['Bearer for-bob'])
    assert.equal((await askAs('ann')).reason, 'timeout', 'who comes back at once hears the same')
    assert.equal(http.calls.length, 2)
    await clock.advance(5_000)
    assert.deepEqual((await askAs('ann')).said, ['Bearer for-ann'])
  })

  it('is remembered while it is of use, however short that is', async () => {
    const { askAs, http, clock } = stage(() => ({ body: { access_token: 'short', expires_in: 8 } }))
    await askAs('ann')
    await clock.advance(7_000)
    assert.equal((await askAs('ann')).status, 200)
    assert.equal(http.calls.length, 1)
    await clock.advance(500)
    await askAs('ann')
    assert.equal(http.calls.length, 2)
  })

  it('is asked for anew where the upstream does not take it, unless it was just issued', async () => {
    const lasting: FakeAnswer = { body: { access_token: 'lasting', expires_in: 600 } }
    const { askAs, http, clock, letUpstreamSay } = stage(() => lasting)
    await askAs('ann')
    letUpstreamSay(401)
    await askAs('ann')
    await askAs('ann')
    assert.equal(http.calls.length, 1, 'whoever makes the upstream say 401 has nothing asked for')
    await clock.advance(60_000)
    assert.equal((await askAs('ann')).status, 401)
    assert.equal(http.calls.length, 1)
    await askAs('ann')
    await askAs('ann')
    assert.equal(http.calls.length, 2)
  })

  it('is for the token that says who calls: another one beside a key of one’s own is nobody’s', async () => {
    const { ask, http } = stage(issue)
    const bearer = { authorization: 'Bearer stolen' }
    const byKey: Caller = { id: 'eve', credential: { kind: 'key', id: 'e' } }
    for (const caller of [byKey, callerBy('ann'), { ...byKey, otherCredentials: [CALLER.credential] }]) {
      assert.equal((await ask(bearer, caller)).reason, 'other-token')
    }
    assert.equal(http.calls.length, 0)
    const both = { ...byKey, otherCredentials: [CALLER.credential] }
    assert.deepEqual((await ask({ authorization: 'Bearer ann' }, both)).said, ['Bearer for-ann'])
  })
})

/** Proves how often a server is asked about tokens, and what holds while it cannot be. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFault } from '../services.ts'
import { countStatuses, type FakeAnswer, type FakeClock } from '../testing/index.ts'
import { ACTIVE, serve, stage } from './introspection-stage.fixture.ts'

describe('what the server said of a token', () => {
  it('holds for a while, and then it is asked again', async () => {
    const { ask, http, clock } = stage(serve({ good: ACTIVE }), { cacheSeconds: 30 })
    for (let at = 0; at < 5; at++) assert.equal((await ask('good')).status, 200)
    await clock.advance(29_999)
    await ask('good')
    assert.equal(http.calls.length, 1)
    await clock.advance(1)
    await ask('good')
    assert.equal(http.calls.length, 2)
  })

  it('holds no longer than the token (RFC 7662 §4)', async () => {
    let exp = 0
    const server = () => ({ body: { ...ACTIVE, exp } })
    const { ask, http, clock } = stage(server, { cacheSeconds: 3600, clockSkewSeconds: 0 })
    exp = clock.now() / 1000 + 10
    await ask('good')
    await clock.advance(9_999)
    assert.deepEqual([(await ask('good')).status, http.calls.length], [200, 1])
    await clock.advance(1)
    assert.deepEqual([(await ask('good')).problem?.reason, http.calls.length], ['expired', 2])
  })

  it('is seen to be revoked once it is asked again', async () => {
    let tokens: Record<string, object> = { good: ACTIVE }
    const { ask, clock } = stage((call) => serve(tokens)(call), { cacheSeconds: 30 })
    await ask('good')
    tokens = {}
    assert.equal((await ask('good')).status, 200)
    await clock.advance(30_000)
    assert.equal((await ask('good')).problem?.reason, 'inactive')
  })

  it('holds for nobody where that is asked for', async () => {
    const { ask, http } = stage(serve({ good: ACTIVE }), { cacheSeconds: 0, negativeCacheSeconds: 0 })
    for (const token of ['good', 'good', 'bad', 'bad']) await ask(token)
    assert.equal(http.calls.length, 4)
  })

  it('holds for its own short time where the token does not count', async () => {
    const { ask, http, clock } = stage(serve({}), { cacheSeconds: 3600, negativeCacheSeconds: 10 })
    for (let at = 0; at < 5; at++) assert.equal((await ask('bad')).problem?.reason, 'inactive')
    await clock.advance(9_999)
    await ask('bad')
    assert.equal(http.calls.length, 1)
    await clock.advance(1)
    await ask('bad')
    assert.equal(http.calls.length, 2)
  })

  it('is asked for once by 200 requests that wait, and none of them is held longer than the others', async () => {
    const held = Promise.withResolvers<FakeAnswer>()
    const { ask, http, clock } = stage(() => held.promise)
    const asked = Array.from({ length: 200 }, () => ask('good'))
    await clock.advance(0)
    held.resolve({ body: ACTIVE })
    for (const { status, exchange } of await Promise.all(asked)) {
      assert.deepEqual([status, exchange.caller?.id], [200, 'ann'])
    }
    assert.equal(http.calls.length, 1)
  })

  it('needs no promise once it is known', async () => {
    const { ask, subject } = stage(serve({ good: ACTIVE }))
    await ask('good')
    assert.ok(subject.start(subject.open({ headers: { Authorization: 'Bearer good' } })).isSync)
  })

  it('is told of this token, and of none that is like it', async () => {
    const { ask, http } = stage(serve({ good: ACTIVE }))
    await ask('good')
    for (const token of ['Good', 'good ', 'good%20', 'goo', 'goodd']) {
      const { status } = await ask(token)
      assert.equal(status, 401, token)
    }
    assert.equal(http.calls.length, 6)
  })
})

describe('a flood of tokens that nobody gave', () => {
  it('is looked at so many times a minute, and then not at all', async () => {
    const { ask, http, clock } = stage(serve({ good: ACTIVE }), { attempts: { perAddress: 5 } })
    assert.equal((await ask('good')).status, 200)
    for (let at = 0; at < 5; at++) assert.equal((await ask(`guess-${at}`)).status, 401)
    for (const token of ['guess-5', 'good']) {
      const { status, problem } = await ask(token)
      assert.deepEqual(
        [status, problem?.code],
        [429, 'too-many-attempts'],
        'a good token tells a guesser nothing either',
      )
    }
    assert.equal(http.calls.length, 6)
    assert.equal((await ask('good', '192.0.2.2')).status, 200)
    await clock.advance(60_000)
    assert.equal((await ask('good')).status, 200)
  })

  it('is no other guess where one token comes again and again', async () => {
    const { ask } = stage(serve({}), { attempts: { perAddress: 2 } })
    for (let at = 0; at < 20; at++) assert.equal((await ask('expired')).status, 401)
  })

  it('does not storm the server, from however many addresses it comes', async () => {
    const held = Promise.withResolvers<FakeAnswer>()
    const { ask, http, clock } = stage(() => held.promise, { maxCalls: 3 })
    const asked = Array.from({ length: 50 }, (_, at) => ask(`guess-${at}`, `192.0.2.${at}`))
    await clock.advance(0)
    assert.equal(http.calls.length, 3)
    held.resolve({ body: { active: false } })
    const answers = await Promise.all(asked)
    assert.equal(answers.filter(({ problem }) => problem?.reason === 'too-many-calls').length, 47)
    assert.equal(answers.filter(({ status }) => status === 503).length, 47)
  })

  it('pushes no good token out of memory', async () => {
    const { ask, http } = stage(serve({ good: ACTIVE }), { cacheEntries: 10, attempts: { perAddress: 0 } })
    await ask('good')
    for (let at = 0; at < 30; at++) await ask(`guess-${at}`)
    await ask('good')
    assert.equal(http.calls.length, 31)
  })
})

describe('a crowd from one address', () => {
  for (const [words, isActive, expected] of [
    ['of wrong tokens', false, { 401: 100, 429: 400 }],
    ['of right ones', true, { 200: 500 }],
  ] as const) {
    it(`${words} leaves the way to the server free for others, and gets what it may`, async () => {
      const calls: PromiseWithResolvers<FakeAnswer>[] = []
      const { ask, clock } = stage(({ body }) => {
        if (String(body).includes('other')) return { body: ACTIVE }
        const call = Promise.withResolvers<FakeAnswer>()
        calls.push(call)
        return call.promise
      })
      const crowd = Array.from({ length: 500 }, (_, at) => ask(`crowd-${at}`, '192.0.2.1'))
      await clock.advance(0)
      assert.equal((await ask('other', '192.0.2.2')).status, 200)
      for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
        call.resolve({ body: isActive ? ACTIVE : { active: false } })
        await clock.advance(0)
      }
      assert.deepEqual(await countStatuses(crowd), expected)
    })
  }
})

describe('a server that cannot be asked', () => {
  const outages: readonly (readonly [reason: string, answer: (clock: () => FakeClock) => FakeAnswer])[] = [
    ['ECONNREFUSED', () => fail('ECONNREFUSED')],
    ['timeout', () => fail('timeout')],
    ['too-large', () => fail('too-large')],
    ['client-refused', () => ({ status: 401, body: ACTIVE })],
    ['client-refused', () => ({ status: 403, body: ACTIVE })],
    ['status-500', () => ({ status: 500, body: ACTIVE })],
    ['status-404', () => ({ status: 404, body: ACTIVE })],
    ['status-204', () => ({ status: 204 })],
    // Followed, the token would go to whomever it names.
    ['status-302', () => ({ status: 302, headers: { Location: 'https://evil.example.com/' } })],
    ['no-json', () => ({ body: '' })],
    ['no-json', () => ({ body: '{"active":true,"sub":"ann"' })],
    ['no-json', () => ({ body: 'eyJhbGciOiJub25lIn0.eyJhY3RpdmUiOnRydWV9.' })],
    ['no-object', () => ({ body: '[{"active":true}]' })],
    ['no-active', () => ({ body: {} })],
    ['no-active', () => ({ body: { ...ACTIVE, active: 'true' } })],
    ['no-active', () => ({ body: { ...ACTIVE, active: 1 } })],
    ['no-active', () => ({ body: { ...ACTIVE, active: null } })],
    ['no-active', () => ({ body: '{"__proto__":{"active":true},"sub":"ann","token_type":"Bearer"}' })],
    ['bad-exp', () => ({ body: { ...ACTIVE, exp: '9999999999' } })],
    ['bad-exp', () => ({ body: '{"active":true,"sub":"ann","token_type":"Bearer","exp":1e999}' })],
    ['bad-nbf', () => ({ body: { ...ACTIVE, nbf: {} } })],
    ['bad-aud', () => ({ body: { ...ACTIVE, aud: { api: true } } })],
    ['bad-aud', () => ({ body: { ...ACTIVE, aud: ['api', 1] } })],
    ['bad-scope', () => ({ body: { ...ACTIVE, scope: 1 } })],
    ['bad-iss', () => ({ body: { ...ACTIVE, iss: ['https://login.example.com'] } })],
    ['bad-token-type', () => ({ body: { ...ACTIVE, token_type: true } })],
  ]
  for (const [at, [reason, answer]] of outages.entries()) {
    it(`lets nobody in, and says when to come back: ${reason} (${at})`, async () => {
      const { ask, subject } = stage(answer as () => FakeAnswer, { anonymous: true })
      const { status, problem, headers, upstream } = await ask('t0ken')
      assert.deepEqual([status, problem?.code, problem?.reason], [503, 'verifier-unavailable', reason])
      assert.equal(headers.get('retry-after'), '5')
      assert.equal(upstream.length, 0)
      assert.ok(!JSON.stringify([problem, subject.log.entries]).includes('t0ken'))
      assert.ok(!JSON.stringify(subject.log.entries).includes('s3cret'))
    })
  }

  it('is told of in the log once, not once a request', async () => {
    let isDown = true
    const { ask, subject } = stage((call) => (isDown ? fail('timeout') : serve({ good: ACTIVE })(call)))
    for (let at = 0; at < 10; at++) await ask(`t-${at}`)
    isDown = false
    assert.equal((await ask('good')).status, 200)
    assert.deepEqual(
      subject.log.entries.map(({ level, facts }) => [level, facts.policy, facts.failures]),
      [
        ['warn', 'oauth2-introspection', 1],
        ['info', 'oauth2-introspection', 10],
      ],
    )
  })

  it('leaves those in who are known, as long as that holds', async () => {
    let isDown = false
    const { ask, clock } = stage((call) => (isDown ? fail('timeout') : serve({ good: ACTIVE })(call)))
    await ask('good')
    isDown = true
    assert.equal((await ask('good')).status, 200)
    await clock.advance(30_000)
    assert.equal((await ask('good')).status, 503)
  })

  it('is asked again at the next request, and counts as nobody’s guess', async () => {
    let isDown = true
    const { ask } = stage((call) => (isDown ? fail('timeout') : serve({ good: ACTIVE })(call)), {
      attempts: { perAddress: 1 },
    })
    for (let at = 0; at < 5; at++) assert.equal((await ask('good')).status, 503)
    isDown = false
    assert.equal((await ask('good')).status, 200)
  })

  it('fails for all who wait for it', async () => {
    const held = Promise.withResolvers<FakeAnswer>()
    const { ask, http, clock } = stage(() => held.promise)
    const asked = Array.from({ length: 20 }, () => ask('good'))
    await clock.advance(0)
    held.reject(new CallFault('ECONNRESET', 'reset'))
    for (const { status } of await Promise.all(asked)) assert.equal(status, 503)
    assert.equal(http.calls.length, 1)
  })
})

function fail(reason: string): never {
  throw new CallFault(reason, 'the call failed')
}

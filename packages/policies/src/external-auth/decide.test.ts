/** Proves who is let pass while the service cannot be asked, and what it is never asked. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BytesBody } from '../messages/body.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'
import { countStatuses } from '../testing/index.ts'
import { fail, stage } from './external-auth-stage.fixture.ts'

describe('a service that cannot be asked', () => {
  const outages = [
    ['ECONNREFUSED', () => fail('ECONNREFUSED')],
    ['ENOTFOUND', () => fail('ENOTFOUND')],
    ['timeout', () => fail('timeout')],
    ['status-500', () => ({ status: 500, body: 's3cret' })],
    ['status-503', () => ({ status: 503, headers: [['X-Auth-User', 'root']] as const })],
  ] as const
  for (const [reason, answer] of outages) {
    it(`lets nobody pass: ${reason}`, async () => {
      const { subject } = stage({ copyToUpstream: ['X-Auth-User'] }, answer)
      const { status, problem, headers, upstream } = await subject.with()
      assert.deepEqual(
        [status, problem?.code, problem?.reason, headers.get('retry-after')],
        [503, 'verifier-unavailable', reason, '5'],
      )
      assert.equal(upstream.length, 0)
      assert.deepEqual(
        subject.log.entries.map(({ facts }) => facts.reason),
        [reason],
      )
    })

    it(`lets pass as nobody where that is asked for: ${reason}`, async () => {
      const { subject } = stage(
        { onError: 'allow', credential: {}, copyToUpstream: ['X-Auth-User'], caller: { id: 'header:X-Auth-User' } },
        answer,
      )
      const { status, exchange, upstream } = await subject.with({
        headers: { Authorization: 'a', 'X-Auth-User': 'root' },
      })
      assert.deepEqual([status, exchange.caller], [200, undefined])
      assert.deepEqual(
        [...(upstream[0]?.headers ?? [])],
        [],
        'what only the service may say is gone, the credential too',
      )
    })
  }

  for (const reason of [
    'url',
    'egress-denied',
    'too-many-calls',
    'half-sent',
    'too-large',
    'not-http',
    'ECONNRESET',
    'EPIPE',
    'HPE_HEADER_OVERFLOW',
    'CERT_HAS_EXPIRED',
  ]) {
    it(`lets nobody pass where it is not down, or where clients could bring it about: ${reason}`, async () => {
      const { subject } = stage({ onError: 'allow' }, () => fail(reason))
      assert.deepEqual([(await subject.with()).problem?.reason, (await subject.with()).status], [reason, 503])
    })
  }

  it('is not asked by more calls at once than configured, and nobody gets past it so', async () => {
    const held = Promise.withResolvers<object>()
    const { subject, service, clock } = stage({ maxCalls: 2, onError: 'allow' }, () => held.promise)
    const asked = [1, 2, 3].map(() => subject.with())
    await clock.advance(0)
    held.resolve({})
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    assert.deepEqual([statuses.toSorted(), service.calls.length], [[200, 200, 503], 2])
  })

  it('is asked no longer than the client is there, which says nothing of the service', async () => {
    const { subject, service, clock } = stage({ onError: 'allow' }, ({ signal }) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal?.addEventListener('abort', () => reject(new CallFault('ABORT_ERR', 'aborted')))
      return promise
    })
    const exchange = subject.open()
    const { answer } = subject.start(exchange)
    await clock.advance(0)
    exchange.abort(new Problem('client-left'))
    const { problem, upstream } = await answer
    assert.deepEqual([problem?.code, upstream.length, service.calls.length], ['client-left', 0, 1])
    assert.equal(subject.log.entries.length, 0)
  })
})

describe('a call that several wait for', () => {
  it('goes on when the client leaves that began it', async () => {
    const held = Promise.withResolvers<object>()
    const { subject, service, clock } = stage({ cache: { ttlSeconds: 60 } }, () => held.promise)
    const first = subject.open()
    const began = subject.start(first).answer
    const second = subject.with()
    await clock.advance(0)
    first.abort(new Problem('client-left'))
    held.resolve({})
    assert.deepEqual([(await second).status, service.calls.length], [200, 1])
    await began
  })

  it('fails for the others as it would for each, whoever left', async () => {
    const held = Promise.withResolvers<object>()
    const { subject, clock } = stage({ cache: { ttlSeconds: 60 }, onError: 'allow' }, () => held.promise)
    const first = subject.open()
    const began = subject.start(first).answer
    const second = subject.with()
    await clock.advance(0)
    first.abort(new Problem('client-left'))
    held.reject(new CallFault('timeout', 'late'))
    assert.equal((await second).status, 200)
    await began
  })
})

describe('a credential', () => {
  const bearer = { scheme: 'Bearer' }

  it('that is missing is refused without asking, or passes as nobody', async () => {
    const { subject, service } = stage({ credential: bearer })
    const { status, problem, headers } = await subject.with()
    assert.deepEqual(
      [status, problem?.code, headers.get('www-authenticate')],
      [401, 'credential-missing', 'Bearer realm="api"'],
    )
    const bare = (await stage({ credential: { scheme: '' } }).subject.with()).headers
    assert.equal(bare.get('www-authenticate'), 'External realm="api"')
    const lax = stage({ credential: bearer, anonymous: true, copyToUpstream: ['X-Auth-User'] })
    const { upstream } = await lax.subject.with({ headers: { 'X-Auth-User': 'root' } })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [])
    assert.equal(service.calls.length + lax.service.calls.length, 0)
  })

  it('that is there twice is refused', async () => {
    const { subject } = stage({ credential: bearer })
    const { problem } = await subject.with({
      headers: [
        ['Authorization', 'Bearer a'],
        ['Authorization', 'Bearer b'],
      ],
    })
    assert.deepEqual([problem?.code, problem?.reason], ['credential-invalid', 'two-credentials'])
  })

  it('is sent to the service whatever is listed, and taken out of the request, or sent on', async () => {
    const { subject, service } = stage({
      credential: { name: 'X-Token' },
      sendFields: [],
      protocol: 'traefik-forward-auth',
    })
    const { upstream } = await subject.with({ headers: { 'X-Token': 't' } })
    assert.deepEqual([service.seen['x-token'], upstream[0]?.headers.has('x-token')], ['t', false])
    const onward = stage({ credential: { name: 'X-Token' }, forward: true })
    assert.equal((await onward.subject.with({ headers: { 'X-Token': 't' } })).upstream[0]?.headers.get('x-token'), 't')
    const cookie = stage({ credential: { in: 'cookie', name: 's' }, sendFields: [], protocol: 'envoy-ext-authz' })
    const its = await cookie.subject.with({ headers: { Cookie: 's=1; t=2' } })
    assert.deepEqual([cookie.service.seen.cookie, its.upstream[0]?.headers.get('cookie')], ['s=1; t=2', 't=2'])
  })

  it('that was refused often is not asked about any more', async () => {
    const { subject, service } = stage({ credential: bearer, attempts: { perAddress: 3 } }, () => ({ status: 401 }))
    const statuses: number[] = []
    for (let at = 0; at < 5; at++)
      statuses.push((await subject.with({ headers: { Authorization: `Bearer ${at}` } })).status)
    assert.deepEqual([statuses, service.calls.length], [[401, 401, 401, 429, 429], 3])
  })

  for (const [words, status, expected] of [
    ['right', 200, { 200: 500 }],
    ['wrong', 401, { 401: 100, 429: 400 }],
  ] as const) {
    for (const cache of [undefined, { ttlSeconds: 60 }]) {
      const way = cache === undefined ? 'asked for each' : 'remembered'
      it(`that is ${words} is looked at as far as it may be where 500 come from one address, and others pass: ${way}`, async () => {
        const calls: PromiseWithResolvers<object>[] = []
        const { subject, clock } = stage({ credential: bearer, maxCalls: 64, ...(cache && { cache }) }, ({ body }) => {
          if (String(body).includes('Bearer other')) return {}
          const call = Promise.withResolvers<object>()
          calls.push(call)
          return call.promise
        })
        const ask = (credential: string, address: string) =>
          subject.with({ headers: { Authorization: `Bearer ${credential}` } }, { address })
        const crowd = Array.from({ length: 500 }, (_, at) => ask(`crowd-${at}`, '192.0.2.1'))
        await clock.advance(0)
        assert.deepEqual([(await ask('other', '192.0.2.2')).status, calls.length], [200, 32])
        for (let call = calls.shift(); call !== undefined; call = calls.shift()) {
          call.resolve({ status })
          await clock.advance(0)
        }
        assert.deepEqual(await countStatuses(crowd), expected)
      })
    }
  }

  it('that may not do this is no guess', async () => {
    const { subject } = stage({ credential: bearer, attempts: { perAddress: 1 } }, () => ({ status: 403 }))
    for (let at = 0; at < 4; at++)
      assert.equal((await subject.with({ headers: { Authorization: 'Bearer a' } })).status, 403)
  })
})

describe('the body', () => {
  it('is sent where that is asked for, with its type, and reaches the upstream too', async () => {
    const { subject, service } = stage({ protocol: 'envoy-ext-authz', bodyBytes: 10 })
    const { upstream } = await subject.with({
      method: 'POST',
      body: '0123456789',
      headers: { 'Content-Type': 'text/x' },
    })
    assert.equal(Buffer.from((service.calls[0]?.body ?? '') as Uint8Array).toString(), '0123456789')
    assert.equal(service.seen['content-type'], 'text/x')
    assert.equal(Buffer.from((await upstream[0]?.body.bytes({ limitBytes: 10 })) ?? []).toString(), '0123456789')
    await subject.with({ method: 'POST', body: new BytesBody(Buffer.alloc(0)) })
    assert.equal(service.calls[1]?.body, undefined)
  })

  it('is in the document of the generic protocol, octet for octet', async () => {
    const { subject, service } = stage({ bodyBytes: 10 })
    await subject.with({ method: 'POST', body: new BytesBody(Buffer.from([0, 255, 10])) })
    assert.deepEqual(Buffer.from(service.document.request.body ?? '', 'base64'), Buffer.from([0, 255, 10]))
  })

  it('that is longer is refused, even where failures pass', async () => {
    const { subject, service } = stage({ bodyBytes: 10, onError: 'allow' })
    const { status, problem } = await subject.with({ method: 'POST', body: '0123456789a' })
    assert.deepEqual([status, problem?.code, service.calls.length], [413, 'body-too-large', 0])
  })
})

/** Proves for whom an answer is remembered, and for how long. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestRequest } from '../testing/index.ts'
import { fail, type Options, type ServiceAnswer, stage } from './external-auth-stage.fixture.ts'

const REQUEST: TestRequest = { target: '/a?b=1', headers: { Authorization: 'Bearer a', Cookie: 's=1' } }
const kept = (control = 'max-age=60') => ({ headers: [['Cache-Control', control]] as const })

/** How often a service is asked by these requests, one after the other. */
async function countCalls(options: Options, answer: ServiceAnswer, requests: readonly TestRequest[]): Promise<number> {
  const { subject, service } = stage(options, () => answer)
  for (const request of requests) await subject.with(request)
  return service.calls.length
}

describe('an answer', () => {
  it('is remembered by nobody where nothing is said of a cache', async () => {
    assert.equal(await countCalls({}, kept(), [REQUEST, REQUEST]), 2)
    assert.equal(await countCalls({ cache: {} }, {}, [REQUEST, REQUEST]), 2)
  })

  for (const protocol of ['envoy-ext-authz', 'traefik-forward-auth', 'nginx-auth-request', 'generic'] as const) {
    describe(`of ${protocol}`, () => {
      const options: Options = {
        protocol,
        cache: {},
        sendFields: ['Authorization', 'Cookie', 'X-A'],
        bodyBytes: protocol === 'nginx-auth-request' ? 0 : 9,
      }
      const again = (other: TestRequest) => countCalls(options, kept(), [REQUEST, REQUEST, { ...REQUEST, ...other }])

      it('is remembered for the same question', async () => assert.equal(await again({}), 1))

      for (const [what, other] of [
        ['method', { method: 'DELETE' }],
        ['path', { target: '/b?b=1' }],
        ['query', { target: '/a?b=2' }],
        ['spelling of the path', { target: '/%61?b=1' }],
        ['host', { host: 'other.example.com' }],
        ['scheme', { scheme: 'https' }],
        ['credential', { headers: { Authorization: 'Bearer b', Cookie: 's=1' } }],
        ['cookie', { headers: { Authorization: 'Bearer a', Cookie: 's=2' } }],
        ['field', { headers: { Authorization: 'Bearer a', Cookie: 's=1', 'X-A': '1' } }],
        ['missing field', { headers: { Authorization: 'Bearer a' } }],
      ] as const) {
        it(`is for no other ${what}`, async () => assert.equal(await again(other), 2))
      }

      it('is for no other client', async () => {
        const { subject, service } = stage(options, () => kept())
        for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) await subject.with(REQUEST, { address })
        assert.equal(service.calls.length, 2)
      })

      it('is for the same question with what the service does not see', async () => {
        assert.equal(await again({ headers: { Authorization: 'Bearer a', Cookie: 's=1', 'X-Unseen': '1' } }), 1)
      })

      if (protocol !== 'nginx-auth-request') {
        it('is for no other body', async () => {
          const post = (body: string): TestRequest => ({ ...REQUEST, method: 'POST', body })
          assert.equal(await countCalls(options, kept(), [post('1'), post('1'), post('2')]), 2)
        })
      }
    })
  }

  it('is remembered by what it depends on, where that is said; the credential belongs to it', async () => {
    const options: Options = { credential: {}, cache: { by: ['method', 'path', 'header:X-Tenant'] } }
    const of = (target: string, credential: string, tenant: string): TestRequest => ({
      target,
      headers: { Authorization: credential, 'X-Tenant': tenant },
    })
    assert.equal(await countCalls(options, kept(), [of('/a?x=1', 'a', 't'), of('/a?x=2', 'a', 't')]), 1)
    for (const other of [of('/b', 'a', 't'), of('/a', 'b', 't'), of('/a', 'a', 'u')]) {
      assert.equal(await countCalls(options, kept(), [of('/a', 'a', 't'), other]), 2)
    }
  })

  for (const [by, other] of [
    ['method', { method: 'PUT' }],
    ['scheme', { scheme: 'https' }],
    ['host', { host: 'b.example.com' }],
    ['path', { target: '/b' }],
    ['query', { target: '/a?b=2' }],
    ['header:cookie', { headers: { Authorization: 'Bearer a', Cookie: 's=2' } }],
  ] as const) {
    it(`may depend on ${by}`, async () => {
      const requests = [REQUEST, { ...REQUEST, ...other }]
      assert.equal(await countCalls({ credential: {}, cache: { by: [by] } }, kept(), requests), 2)
      const elsewhere = by === 'method' ? 'host' : 'method'
      assert.equal(await countCalls({ credential: {}, cache: { by: [elsewhere] } }, kept(), requests), 1)
    })
  }

  it('may depend on the client or the caller', async () => {
    const ask = async (by: string) => {
      const { subject, service } = stage({ cache: { by: [by] } }, () => kept())
      const caller = (id: string) => ({ id, credential: { kind: 'key', id } })
      await subject.with(REQUEST, { address: '192.0.2.1', caller: caller('a') })
      await subject.with(REQUEST, { address: '192.0.2.2', caller: caller('a') })
      await subject.with(REQUEST, { address: '192.0.2.1', caller: caller('b') })
      await subject.with(REQUEST, { address: '192.0.2.1' })
      return service.calls.length
    }
    assert.deepEqual([await ask('client'), await ask('caller')], [2, 3])
  })

  it('depends on all that is known of the caller, where it depends on that', async () => {
    const key = { kind: 'key', id: 'of-the-app' }
    const token = (id: string) => [{ kind: 'token', id }]
    const admin = { id: 'ann', app: 'shop', credential: key, otherCredentials: token('1'), scopes: ['admin'] }
    const others = [
      { ...admin, scopes: ['read'] },
      { ...admin, groups: ['staff'] },
      { ...admin, claims: { tenant: 'b' } },
      { ...admin, plan: 'gold' },
      { ...admin, id: 'bob' },
      { ...admin, otherCredentials: token('2') },
    ]
    const { subject, service } = stage({ cache: { by: ['caller'] } }, () => kept())
    for (const caller of [admin, { ...admin }, ...others]) await subject.with(REQUEST, { caller })
    assert.equal(service.calls.length, 1 + others.length)
  })

  it('does not run from one part of the key into the next', async () => {
    const options: Options = { cache: { by: ['header:A', 'header:B'] } }
    const of = (a: string, b: string): TestRequest => ({ headers: { A: a, B: b } })
    assert.equal(await countCalls(options, kept(), [of('x"],["y', 'z'), of('x', 'y"],["z')]), 2)
    const twice: TestRequest = {
      headers: [
        ['A', 'x'],
        ['A', 'y'],
        ['B', 'z'],
      ],
    }
    assert.equal(await countCalls(options, kept(), [twice, of('x, y', 'z')]), 2)
  })
})

describe('how long an answer holds', () => {
  const holds = async (answer: ServiceAnswer, cache: Options['cache'] = {}): Promise<number> => {
    const { subject, service, clock } = stage({ cache }, () => answer)
    await subject.with(REQUEST)
    let seconds = 0
    for (; seconds < 400; seconds += 10) {
      await subject.with(REQUEST)
      if (service.calls.length > 1) break
      await clock.advance(10_000)
    }
    return seconds
  }

  for (const [control, seconds] of [
    ['max-age=60', 60],
    ['private, max-age="60"', 60],
    ['MAX-AGE=60', 60],
    ['max-age=10, s-maxage=60', 60],
    ['max-age=0', 0],
    ['no-store, max-age=60', 0],
    ['max-age=60, no-cache', 0],
    ['No-Store', 0],
    ['public', 0],
    ['max-age=soon', 0],
    ['x-max-age=60', 0],
    ['max-age=99999999999999999999', 300],
  ] as const) {
    it(`is ${seconds} s by Cache-Control: ${control} (RFC 9111 §5.2.2)`, async () =>
      assert.equal(await holds(kept(control)), seconds))
  }

  it('is what the options say where it says nothing, and never longer than they allow', async () => {
    assert.equal(await holds({}, { ttlSeconds: 30 }), 30)
    assert.equal(await holds(kept('max-age=10'), { ttlSeconds: 30 }), 10)
    assert.equal(await holds(kept('max-age=60'), { maxSeconds: 20 }), 20)
    assert.equal(await holds({}, { ttlSeconds: 30, maxSeconds: 20 }), 20)
  })

  it('is less where it is old already (RFC 9111 §5.1)', async () => {
    const aged = (age: string) =>
      holds({
        headers: [
          ['Cache-Control', 'max-age=60'],
          ['Age', age],
        ],
      })
    assert.deepEqual([await aged('50'), await aged('60'), await aged('-5'), await aged('old')], [10, 0, 0, 0])
  })

  it('is no time at all where it sets cookies, redirects or varies by everything', async () => {
    const long = ['Cache-Control', 'max-age=60'] as const
    assert.equal(await holds({ headers: [long, ['Set-Cookie', 'a=1']] }), 0)
    assert.equal(await holds({ headers: [long, ['Vary', 'Accept, *']] }), 0)
    assert.equal(await holds({ status: 302, headers: [long, ['Location', '/login']] }), 0)
  })

  it('is for a refusal what it says itself, and never what the options say', async () => {
    assert.equal(await holds({ status: 403 }, { ttlSeconds: 60 }), 0)
    assert.equal(await holds({ status: 403, ...kept('max-age=20') }), 20)
  })

  it('is no time at all for a failure, whichever way it is taken', async () => {
    for (const onError of ['allow', 'refuse'] as const) {
      const { subject, service } = stage({ onError, cache: { ttlSeconds: 60 } }, () => fail('timeout'))
      await subject.with(REQUEST)
      await subject.with(REQUEST)
      assert.equal(service.calls.length, 2)
    }
  })
})

describe('many who ask the same at once', () => {
  async function askTogether(answer: ServiceAnswer) {
    const held = Promise.withResolvers<void>()
    let answers = 0
    const { subject, service, clock } = stage({ cache: {}, copyToClient: ['Set-Cookie', 'X-Number'] }, async () => {
      await held.promise
      return { ...answer, headers: [...(answer.headers ?? []), ['X-Number', `${++answers}`]] }
    })
    const asked = Array.from({ length: 20 }, () => subject.with(REQUEST))
    await clock.advance(0)
    held.resolve()
    const numbers = (await Promise.all(asked)).map(({ headers }) => headers.get('x-number'))
    return { calls: service.calls.length, different: new Set(numbers).size }
  }

  it('share an answer that may be remembered', async () => {
    assert.deepEqual(await askTogether(kept()), { calls: 1, different: 1 })
  })

  it('share no answer that is for one alone: a cookie is one client’s', async () => {
    assert.deepEqual(
      await askTogether({
        headers: [
          ['Cache-Control', 'max-age=60'],
          ['Set-Cookie', 's=1'],
        ],
      }),
      { calls: 20, different: 20 },
    )
    assert.deepEqual(await askTogether(kept('no-store')), { calls: 20, different: 20 })
  })

  it('are answered from memory without a promise', async () => {
    const { subject } = stage({ cache: {} }, () => kept())
    await subject.with(REQUEST)
    assert.ok(subject.start(subject.open(REQUEST)).isSync)
  })
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Caller } from '../exchange.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'
import {
  FakeClock,
  FakeHttp,
  MemoryFiles,
  type PolicyRun,
  run,
  type TestAnswer,
  type TestRequest,
} from '../testing/index.ts'
import { opa } from './opa.ts'

type Options = Parameters<typeof run<typeof opa.options>>[1]

const RULES = { url: 'http://127.0.0.1:8181', path: 'orders/allow' }
const BUNDLE = readFileSync(join(import.meta.dirname, 'cases/rules.tar.gz'))
const ANN: Caller = { id: 'ann', credential: { kind: 'token', id: '1' }, claims: { tenant: 'acme' } }

/** A server that answers so, and what was asked of it. */
function served(body: object | string, options: object = {}, clock = new FakeClock()) {
  const http = new FakeHttp(() => ({ body }))
  const subject = run(opa, { rules: RULES, ...options } as Options, { http, clock })
  return { subject, http, clock }
}

const compiled = (entrypoint: string, options: object = {}, rules: object = {}): PolicyRun =>
  run(
    opa,
    { rules: { file: './rules.tar.gz', entrypoint: `gatewright/test/${entrypoint}`, ...rules }, ...options } as Options,
    {
      files: new MemoryFiles({ './rules.tar.gz': BUNDLE }),
    },
  )

const say = ({ status, problem, upstream }: TestAnswer): string => {
  assert.equal(upstream.length, problem === undefined ? 1 : 0)
  return problem === undefined ? 'passes' : `${status} ${problem.code} ${problem.reason}`
}

const judge = async (result: unknown, options: object = {}): Promise<string> =>
  say(await served(result === undefined ? {} : { result }, options).subject.with({}, { caller: ANN }))

describe('what rules say', () => {
  for (const [says, result, verdict] of [
    ['true', true, 'passes'],
    ['false', false, '403 access-denied denied'],
    ['nothing', undefined, '403 access-denied undefined'],
    ['that it may pass', { allow: true }, 'passes'],
    ['that it may not', { allow: false }, '403 access-denied denied'],
    ['why not', { allow: false, reason: 'tenant' }, '403 access-denied tenant'],
    [
      'why not, in many words',
      { allow: false, reason: `${'a'.repeat(99)}\nb` },
      `403 access-denied ${'a'.repeat(99)} `,
    ],
    ['another status', { allow: false, status: 404 }, '404 route-not-found denied'],
    ['a status that has no code of its own', { allow: false, status: 409 }, '409 access-denied denied'],
    ['to come later', { allow: false, status: 429 }, '429 rate-limited denied'],
    ['a status where it may pass', { allow: true, status: 404, reason: 1 }, 'passes'],
    ['something of its own as well', { allow: true, audit: ['x'] }, 'passes'],
  ] as const) {
    it(`${says}: ${verdict}`, async () => assert.equal(await judge(result), verdict))
  }

  for (const [says, result, reason] of [
    ['a text', 'true', 'no-decision'],
    ['a number', 1, 'no-decision'],
    ['null', null, 'no-decision'],
    ['a list', [true], 'no-decision'],
    ['a document without allow', {}, 'no-allow'],
    ['allow as text', { allow: 'true' }, 'no-allow'],
    ['allow as number', { allow: 1 }, 'no-allow'],
    ['an allow that is inherited', JSON.parse('{"__proto__":{"allow":true}}'), 'no-allow'],
    ['a status of success', { allow: false, status: 200 }, 'status'],
    ['a status that is text', { allow: false, status: '404' }, 'status'],
    ['half a status', { allow: false, status: 403.5 }, 'status'],
    ['a status of the gateway', { allow: false, status: 500 }, 'status'],
    ['401 without a challenge (RFC 9110 §11.6.1)', { allow: false, status: 401 }, 'no-challenge'],
    ['a reason that is none', { allow: false, reason: {} }, 'reason'],
    ['headers that are a list', { allow: false, headers: [] }, 'headers'],
    ['a header that is a number', { allow: false, headers: { 'X-A': 1 } }, 'headers'],
    ['a header of two lines (CWE-113)', { allow: false, headers: { 'X-A': 'a\r\nX-B: c' } }, 'headers'],
    ['a name of two lines', { allow: false, headers: { 'X-A: b\r\nX-B': 'c' } }, 'headers'],
    ['how long the answer is', { allow: false, headers: { 'Content-Length': '0' } }, 'header-not-allowed'],
    ['a field for the upstream that nobody named', { allow: true, headers: { 'X-Admin': '1' } }, 'header-not-allowed'],
  ] as const) {
    it(`${says}: no decision, and nobody passes`, async () => {
      assert.equal(await judge(result), `503 verifier-unavailable ${reason}`)
      assert.equal(await judge(result, { onError: 'deny' }), `403 access-denied ${reason}`)
    })
  }

  it('sets fields of the answer where it refuses', async () => {
    const { subject } = served({
      result: { allow: false, status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="a"', 'X-Why': 'tenant' } },
    })
    const { status, headers, problem } = await subject.with()
    assert.deepEqual([status, problem?.code], [401, 'credential-invalid'])
    assert.deepEqual([headers.get('www-authenticate'), headers.get('x-why')], ['Bearer realm="a"', 'tenant'])
  })

  it('sets fields for the upstream where they are named, whatever the client says in them', async () => {
    const { subject } = served(
      { result: { allow: true, headers: { 'x-tenant': 'acme' } } },
      { upstreamFields: ['X-Tenant'] },
    )
    const { upstream } = await subject.with({ headers: { 'X-Tenant': 'evil', X_Tenant: 'evil' } })
    assert.deepEqual([...(upstream[0]?.headers ?? [])], [['x-tenant', 'acme']])
    const options = opa.options.parse({ rules: RULES, upstreamFields: ['X-Tenant'] })
    assert.deepEqual(opa.identityFields?.(options), ['X-Tenant'])
  })

  it('is not told to the client, but for what is meant for it', async () => {
    const { subject } = served({ result: { allow: false, reason: 's3cret-rule' } })
    const { problem } = await subject.with()
    assert.ok(!`${problem?.detail}${JSON.stringify(problem?.extensions)}`.includes('s3cret'))
  })
})

describe('a server of OPA', () => {
  it('is asked about the document at the path, with the input', async () => {
    const { subject, http } = served(
      { result: true },
      { rules: { ...RULES, url: 'https://opa.example/x/', token: 's3cret' } },
    )
    await subject.with({ method: 'DELETE', target: '/orders/1' }, { caller: ANN })
    const [call] = http.calls
    assert.deepEqual([call?.url, call?.method], ['https://opa.example/x/v1/data/orders/allow', 'POST'])
    assert.deepEqual(call?.headers, [
      ['Accept', 'application/json'],
      ['Content-Type', 'application/json'],
      ['Authorization', 'Bearer s3cret'],
    ])
    const { input, ...others } = JSON.parse(String(call?.body))
    assert.deepEqual(others, {})
    assert.deepEqual([input.request.method, input.request.path, input.caller.id], ['DELETE', ['orders', '1'], 'ann'])
  })

  it('sees no credential that nobody asked to send', async () => {
    const { subject, http } = served({ result: true })
    await subject.with({ target: '/?access_token=s3cret', headers: { Authorization: 's3cret', Cookie: 'a=s3cret' } })
    assert.ok(!JSON.stringify(http.calls).includes('s3cret'))
  })

  for (const [says, answer, reason] of [
    [
      'cannot be reached',
      () => {
        throw new CallFault('ECONNREFUSED', 'no')
      },
      'ECONNREFUSED',
    ],
    [
      'takes too long',
      () => {
        throw new CallFault('timeout', 'no')
      },
      'timeout',
    ],
    [
      'may not be called',
      () => {
        throw new CallFault('egress-denied', 'no')
      },
      'egress-denied',
    ],
    ['fails', () => ({ status: 500, body: { result: true } }), 'status-500'],
    ['does not know the gateway', () => ({ status: 401, body: { result: true } }), 'status-401'],
    ['sends it elsewhere', () => ({ status: 302, body: { result: true } }), 'status-302'],
    ['has no content', () => ({ status: 204 }), 'status-204'],
    ['answers with no JSON', () => ({ body: '<html>true</html>' }), 'no-json'],
    ['breaks off', () => ({ body: '{"result":tr' }), 'no-json'],
    ['answers with a list', () => ({ body: '[true]' }), 'no-object'],
  ] as const) {
    it(`lets nobody pass where it ${says}: ${reason}`, async () => {
      for (const [onError, verdict] of [
        ['unavailable', `503 verifier-unavailable ${reason}`],
        ['deny', `403 access-denied ${reason}`],
      ] as const) {
        const subject = run(opa, { rules: RULES, onError }, { http: new FakeHttp(answer) })
        const answered = await subject.with()
        assert.equal(say(answered), verdict)
        assert.equal(answered.headers.has('retry-after'), onError === 'unavailable')
        assert.deepEqual(
          subject.log.entries.map(({ facts }) => facts.reason),
          [reason],
        )
      }
    })
  }

  it('is asked by so many requests at once at most', async () => {
    const waiting: ((answer: object) => void)[] = []
    const http = new FakeHttp(() => new Promise((resolve) => waiting.push(resolve)))
    const subject = run(opa, { rules: { ...RULES, maxCalls: 2 } }, { http })
    const answers = [0, 1, 2].map(() => subject.start(subject.open()).answer)
    const [last] = await Promise.all(answers.slice(2))
    assert.equal(say(last ?? assert.fail()), '503 verifier-unavailable too-many-calls')
    for (const resolve of waiting) resolve({ body: { result: true } })
    assert.deepEqual((await Promise.all(answers.slice(0, 2))).map(say), ['passes', 'passes'])
  })

  it('does not count as failed where the client left', async () => {
    const http = new FakeHttp(
      ({ signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new CallFault('ABORT_ERR', 'left')))),
    )
    const subject = run(opa, { rules: RULES }, { http })
    const exchange = subject.open()
    const { answer } = subject.start(exchange)
    exchange.abort(new Problem('client-left'))
    assert.equal((await answer).problem?.code, 'client-left')
    assert.deepEqual(subject.log.entries, [])
  })
})

describe('decisions that are remembered', () => {
  const cached = (cache: object = {}) => ({ cache: { ttlSeconds: 5, ...cache } })

  it('are asked for anew without the option', async () => {
    const { subject, http } = served({ result: true })
    await subject.with()
    await subject.with()
    assert.equal(http.calls.length, 2)
  })

  for (const result of [true, false]) {
    it(`hold for their time, where they say ${result}`, async () => {
      const { subject, http, clock } = served({ result }, cached())
      const status = result ? 200 : 403
      for (let at = 0; at < 3; at++) assert.equal((await subject.with()).status, status)
      assert.equal(http.calls.length, 1)
      await clock.advance(5000)
      assert.equal((await subject.with()).status, status)
      assert.equal(http.calls.length, 2)
    })
  }

  it('are asked for once by all who wait for the same, and the client that leaves decides for nobody', async () => {
    const waiting: ((answer: object) => void)[] = []
    const http = new FakeHttp(() => new Promise((resolve) => waiting.push(resolve)))
    const subject = run(opa, { rules: RULES, ...cached() }, { http })
    const exchanges = [0, 1, 2].map(() => subject.open())
    const answers = exchanges.map((exchange) => subject.start(exchange).answer)
    exchanges[0]?.abort(new Problem('client-left'))
    for (const resolve of waiting) resolve({ body: { result: true } })
    assert.deepEqual((await Promise.all(answers.slice(1))).map(say), ['passes', 'passes'])
    assert.equal(http.calls.length, 1)
  })

  it('are of everything that the rules see, so that no other request has them', async () => {
    const { subject, http } = served({ result: true }, cached())
    const requests: TestRequest[] = [
      {},
      { method: 'PUT' },
      { target: '/b' },
      { target: '/?a=1' },
      { headers: { 'X-A': '1' } },
    ]
    for (const request of requests) await subject.with(request)
    await subject.with({}, { caller: ANN })
    await subject.with({}, { caller: { ...ANN, claims: { tenant: 'other' } } })
    await subject.with({}, { address: '198.51.100.1' })
    assert.equal(http.calls.length, 8)
  })

  it('are of what is named, if anything is', async () => {
    const { subject, http } = served({ result: true }, cached({ by: ['caller', 'method'] }))
    await subject.with({ target: '/a' }, { caller: ANN })
    await subject.with({ target: '/b' }, { caller: ANN })
    assert.equal(http.calls.length, 1)
    await subject.with({ target: '/a' }, { caller: { ...ANN, id: 'ben' } })
    await subject.with({ target: '/a', method: 'PUT' }, { caller: ANN })
    assert.equal(http.calls.length, 3)
  })

  it('are none where nothing was decided', async () => {
    const { subject, http } = served('', cached())
    for (let at = 0; at < 2; at++) assert.equal((await subject.with()).status, 503)
    assert.equal(http.calls.length, 2)
  })

  it('are so many at most', async () => {
    const { subject, http } = served({ result: true }, cached({ entries: 2 }))
    for (const target of ['/a', '/b', '/c', '/a']) await subject.with({ target })
    assert.equal(http.calls.length, 4)
  })
})

describe('rules in the gateway', () => {
  it('decide without a promise, and without a call', () => {
    const subject = compiled('allow')
    for (const [target, status] of [
      ['/public/x', 200],
      ['/private/x', 403],
    ] as const) {
      const exchange = subject.open({ target })
      const { answer, isSync } = subject.start(exchange)
      assert.ok(isSync)
      void answer.then((made) => assert.equal(made.status, status))
    }
    assert.equal((subject.http as FakeHttp).calls.length, 0)
  })

  it('see who calls, and tell the upstream what the options name', async () => {
    const subject = compiled('decision', { upstreamFields: ['X-Tenant'] })
    const own = await subject.with({ target: '/tenants/acme' }, { caller: ANN })
    assert.equal(own.upstream[0]?.headers.get('x-tenant'), 'acme')
    assert.equal(say(await subject.with({ target: '/tenants/other' }, { caller: ANN })), '403 access-denied denied')
    const hidden = await subject.with({ target: '/secret/x' }, { caller: ANN })
    assert.equal(say(hidden), '404 route-not-found hidden')
    assert.equal(hidden.headers.get('x-why'), 'hidden')
  })

  it('see the input that is documented', async () => {
    const { headers } = await compiled('echo').with({ target: '/a/b', headers: { 'X-A': 'ü' } }, { caller: ANN })
    const input = JSON.parse(Buffer.from(headers.get('x-input') ?? '', 'utf8').toString())
    assert.deepEqual(Object.keys(input).sort(), ['caller', 'client', 'request', 'route'])
    assert.deepEqual(input.request.path, ['a', 'b'])
  })

  it('let nobody pass where they fail', async () => {
    for (const [subject, request] of [
      [compiled('conflict'), { target: '/public' }],
      [compiled('big'), {}],
    ] as [PolicyRun, TestRequest][]) {
      assert.equal(say(await subject.with(request)), '503 verifier-unavailable rules-failed')
      assert.equal(subject.log.entries.length, 1)
    }
    assert.equal(
      say(await compiled('conflict', { onError: 'deny' }).with({ target: '/public' })),
      '403 access-denied rules-failed',
    )
  })

  it('let nobody pass with what is longer than they may see', async () => {
    const request = { target: '/public/x', headers: { 'X-Long': 'a'.repeat(2000) } }
    assert.equal(say(await compiled('allow').with(request)), 'passes')
    const subject = compiled('allow', { inputBytes: 1024 })
    assert.equal(say(await subject.with(request)), '503 verifier-unavailable input-too-long')
    assert.deepEqual(subject.log.entries, [])
    const denying = compiled('allow', { inputBytes: 1024, onError: 'deny' })
    assert.equal(say(await denying.with(request)), '403 access-denied input-too-long')
  })

  it('see the input although a claim holds a half of a surrogate pair', async () => {
    const caller: Caller = { ...ANN, claims: { tenant: 'acme', name: '\ud800' } }
    // Where they see no input, no rule of `decision` holds.
    const { upstream } = await compiled('decision', { upstreamFields: ['X-Tenant'] }).with(
      { target: '/a/acme' },
      { caller },
    )
    assert.equal(upstream[0]?.headers.get('x-tenant'), 'acme')
  })

  it('are those of the file as it is now', async () => {
    const files = new MemoryFiles({ 'rules.tar.gz': BUNDLE })
    const subject = run(opa, { rules: { file: 'rules.tar.gz', entrypoint: 'gatewright/test/allow' } }, { files })
    const target = '/public/x'
    assert.equal((await subject.with({ target })).status, 200)
    files.replace('rules.tar.gz', Buffer.from('broken'))
    assert.equal(say(await subject.with({ target })), '503 verifier-unavailable rules-failed')
    files.replace('rules.tar.gz', Buffer.from(BUNDLE))
    assert.equal((await subject.with({ target })).status, 200)
  })

  it('are looked at before they are used', () => {
    const options = opa.options.parse({ rules: { file: './a.wasm', entrypoint: 'gatewright/test/allow' } })
    const [file] = opa.files?.(options) ?? []
    assert.deepEqual([file?.path, file?.at], ['./a.wasm', ['rules', 'file']])
    assert.doesNotThrow(() => file?.check(BUNDLE))
    assert.throws(() => file?.check(Buffer.from('x')), /neither a Wasm module/)
    const other = opa.options.parse({ rules: { file: './a.wasm', entrypoint: 'a/b' } })
    assert.throws(() => opa.files?.(other)[0]?.check(BUNDLE), /no entrypoint "a\/b"/)
    assert.deepEqual(opa.files?.(opa.options.parse({ rules: RULES })), [])
  })
})

describe('the options of opa', () => {
  it('name a server or a file', () => {
    for (const options of [
      {},
      { rules: { ...RULES, file: 'a' } },
      { rules: {} },
      { rules: { file: 'a' }, cache: { ttlSeconds: 5 } },
      { rules: { ...RULES, path: '/a' } },
      { rules: { ...RULES, path: 'a/../b' } },
      { rules: { ...RULES, path: 'a?b' } },
      { rules: { ...RULES, path: 'a%2Fb' } },
      { rules: { ...RULES, url: 'http://user:pass@a/' } },
      { rules: { ...RULES, url: 'http://a/?b' } },
      { rules: RULES, cache: { ttlSeconds: 5, by: [] } },
      { rules: RULES, cache: { ttlSeconds: 5, by: ['body'] } },
      { rules: RULES, onError: 'allow' },
      { rules: RULES, upstreamFields: ['Host'] },
      { rules: RULES, headers: 'all' },
    ]) {
      assert.equal(opa.options.safeParse(options).success, false, JSON.stringify(options))
    }
  })

  it('keep the token to themselves', () => {
    const options = opa.options.parse({ rules: { ...RULES, token: 's3cret' } })
    assert.ok(!JSON.stringify(options).includes('s3cret'))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayResponse, Problem } from '@gatewright/policies'
import type { CompiledErrorShape } from '../snapshot/runtime.ts'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { renderProblem } from './problem-response.ts'

function shape(text: string | undefined, more: Partial<CompiledErrorShape> = {}): CompiledErrorShape {
  return {
    status: undefined,
    headers: [],
    body: text === undefined ? undefined : () => text,
    scopeOf: (_, { code }) => ({ code }),
    ...more,
  }
}

function render(problem: Problem, errors: Readonly<Record<string, CompiledErrorShape>> = {}, problemBase?: string) {
  const response = GatewayResponse.ofProblem(problem)
  const failures: unknown[] = []
  renderProblem(response, new TestExchange(), {
    errors: new Map(Object.entries(errors)),
    problemBase,
    onShapeFailed: (error) => failures.push(error),
  })
  const body = Buffer.from(response.body.held() ?? []).toString('utf8')
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body,
    headers: response.headers,
    failures,
  }
}

const LIMITED = new Problem('rate-limited', {
  detail: 'Try again in 5 s.',
  headers: [['Retry-After', '5']],
  extensions: { retry_after: 5 },
})

describe('problem response', () => {
  it('is a document of RFC 9457 with what the problem says', () => {
    const { status, type, body, headers } = render(LIMITED)
    assert.deepEqual([status, type, headers.get('retry-after')], [429, 'application/problem+json', '5'])
    assert.deepEqual(JSON.parse(body), {
      type: 'urn:gatewright:problem:rate-limited',
      title: 'Too many requests',
      status: 429,
      detail: 'Try again in 5 s.',
      instance: 'urn:request:0123456789abcdef0123456789abcdef',
      retry_after: 5,
    })
  })

  it("has types under the operator's own address", () => {
    const { body } = render(LIMITED, {}, 'https://errors.example.com/')
    assert.equal(JSON.parse(body).type, 'https://errors.example.com/rate-limited')
  })

  it('shows nothing of causes and reasons', () => {
    const { body } = render(new Problem('unexpected', { cause: new Error('s3cret'), reason: 's3cret' }))
    assert.ok(!body.includes('s3cret'))
  })

  it('keeps what policies put on it', () => {
    const response = GatewayResponse.ofProblem(LIMITED)
    response.headers.set('Access-Control-Allow-Origin', '*')
    renderProblem(response, new TestExchange(), { errors: new Map(), problemBase: undefined, onShapeFailed() {} })
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
  })

  it('leaves an answer that is none alone', () => {
    const response = GatewayResponse.ofText(500, "the upstream's own")
    renderProblem(response, new TestExchange(), {
      errors: new Map([['default', shape('x')]]),
      problemBase: undefined,
      onShapeFailed() {},
    })
    assert.equal(Buffer.from(response.body.held() ?? []).toString(), "the upstream's own")
  })

  for (const [what, code, shapes, expected] of [
    ['its code before its class', 'rate-limited', ['rate-limited', '4xx', 'default'], 'rate-limited'],
    ['its class before the default', 'rate-limited', ['4xx', '5xx', 'default'], '4xx'],
    ['the class of its status', 'upstream-timeout', ['4xx', '5xx', 'default'], '5xx'],
    ['the default at last', 'upstream-timeout', ['4xx', 'rate-limited', 'default'], 'default'],
  ] as const) {
    it(`takes the shape of ${what}`, () => {
      const errors = Object.fromEntries(shapes.map((name) => [name, shape(name)]))
      assert.equal(render(new Problem(code), errors).body, expected)
    })
  }

  it('takes none that does not fit', () => {
    const { type } = render(new Problem('upstream-timeout'), { '4xx': shape('x'), 'rate-limited': shape('x') })
    assert.equal(type, 'application/problem+json')
  })

  it('takes status and fields of the shape', () => {
    const errors = {
      '4xx': shape('{"a":1}', { status: 418, headers: [['X-Code', (scope) => (scope as { code: string }).code]] }),
    }
    const { status, type, headers } = render(LIMITED, errors)
    assert.deepEqual([status, type, headers.get('x-code')], [418, 'application/json', 'rate-limited'])
  })

  it('says text where the body is no object, unless the shape says otherwise', () => {
    assert.equal(render(LIMITED, { default: shape('sorry') }).type, 'text/plain; charset=utf-8')
    const html = shape('<p>sorry</p>', { headers: [['Content-Type', () => 'text/html']] })
    assert.equal(render(LIMITED, { default: html }).type, 'text/html')
  })

  it('keeps the standard body where a shape has none', () => {
    const { status, body } = render(LIMITED, { default: shape(undefined, { status: 503 }) })
    assert.equal(status, 503)
    assert.equal(JSON.parse(body).title, 'Too many requests')
  })

  it('says the standard one where a shape fails, with nothing of the shape', () => {
    const fail = () => {
      throw new Error('no such key')
    }
    for (const failing of [
      shape('x', { status: 418, headers: [['X-Bad', fail]] }),
      shape('x', { status: 418, body: fail, headers: [['X-Good', () => 'said']] }),
    ]) {
      const { status, type, headers, failures } = render(LIMITED, { default: failing })
      assert.deepEqual([status, type, headers.has('x-good')], [429, 'application/problem+json', false])
      assert.equal((failures[0] as Error).message, 'no such key')
    }
  })

  it('says the standard one where a shape makes a field that cannot be written', () => {
    const injecting = shape('x', { status: 418, headers: [['X-Bad', () => 'a\r\nSet-Cookie: b']] })
    const { status, type, body, headers } = render(LIMITED, { default: injecting })
    assert.deepEqual([status, type, headers.has('x-bad')], [429, 'application/problem+json', false])
    assert.equal(JSON.parse(body).status, 429)
  })
})

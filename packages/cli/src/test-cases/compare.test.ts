import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RehearsedExchange } from '@gatewright/gateway'
import type { Expectation } from './case-schema.ts'
import { compare } from './compare.ts'

const exchange: RehearsedExchange = {
  answer: {
    status: 200,
    headers: [
      ['Content-Type', 'application/json'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
    body: Buffer.from('{"id": 7, "tags": ["x", "y"], "owner": {"name": "Ana", "age": 41}}'),
    interim: [103],
  },
  problem: undefined,
  api: 'orders',
  route: 'one',
  release: undefined,
  policies: ['key-auth', 'rate-limit'],
  attempts: [
    {
      upstream: 'orders',
      target: 'http://127.0.0.1:9001',
      method: 'GET',
      path: '/7',
      headers: [['Host', '127.0.0.1:9001']],
      body: Buffer.from('hello'),
      isRefused: false,
    },
  ],
  durationMs: 0,
}

function differ(expected: Expectation | number, changed: Partial<RehearsedExchange> = {}): string[] {
  return compare(expected, { ...exchange, ...changed }).map(
    ({ what, expected: wanted, actual }) => `${what}: ${wanted} / ${actual}`,
  )
}

describe('an expectation', () => {
  it('is met by an exchange that is all of it', () => {
    assert.deepEqual(
      differ({
        status: 200,
        problem: false,
        route: 'orders/one',
        policies: ['key-auth', 'rate-limit'],
        headers: { 'content-type': 'application/json', 'Set-Cookie': 'a=1, b=2', 'X-None': null },
        json: { id: 7, owner: { name: 'Ana' } },
        body: { prefix: '{"id"', contains: 'Ana', pattern: '41\\}\\}$' },
        upstream: { id: 'orders', calls: 1, method: 'GET', path: '/7', host: '127.0.0.1:9001', body: 'hello' },
      }),
      [],
    )
  })

  it('tells another status with the problem behind it', () => {
    assert.deepEqual(differ(201), ['status: 201 / 200'])
    assert.deepEqual(differ(201, { problem: 'rate-limited' }), ['status: 201 / 200 (rate-limited)'])
    assert.deepEqual(differ(200, { answer: undefined }), ['status: 200 / no answer: the connection was closed'])
  })

  it('is met by an interim answer of that status too', () => {
    assert.deepEqual(differ(103), [])
  })

  it('tells the member of a document that differs, and no other', () => {
    assert.deepEqual(differ({ json: { owner: { name: 'Bea' }, id: 7 } }), ['json.owner.name: "Bea" / "Ana"'])
    assert.deepEqual(differ({ json: { tags: ['x', 'z'] } }), ['json.tags[1]: "z" / "y"'])
    assert.deepEqual(differ({ json: { tags: ['x'] } }), ['json.tags: ["x"] / ["x","y"]'])
    assert.deepEqual(differ({ json: { gone: null } }), ['json.gone: null / nothing'])
  })

  it('tells a body that is no document', () => {
    const answer = { status: 200, headers: [], body: Buffer.from('hello'), interim: [] }
    assert.deepEqual(differ({ json: { a: 1 } }, { answer }), ['json: {"a":1} / no JSON: "hello"'])
    assert.deepEqual(differ({ json: 1 }, { answer: { ...answer, body: Buffer.alloc(0) } }), ['json: 1 / no body'])
  })

  it('tells fields that are missing, wrong, or not to be there', () => {
    assert.deepEqual(differ({ headers: { 'X-A': '1', 'Content-Type': 'text/plain', 'Set-Cookie': null } }), [
      'header X-A: "1" / nothing',
      'header Content-Type: "text/plain" / "application/json"',
      'header Set-Cookie: nothing / "a=1, b=2"',
    ])
    assert.deepEqual(differ({ headers: { 'X-A': { present: true }, 'Set-Cookie': { present: false } } }), [
      'header X-A: anything / nothing',
      'header Set-Cookie: nothing / "a=1, b=2"',
    ])
  })

  it('tells policies in another order', () => {
    assert.deepEqual(differ({ policies: ['rate-limit', 'key-auth'] }), [
      'policies: ["rate-limit","key-auth"] / ["key-auth","rate-limit"]',
    ])
  })

  it('tells an upstream that was called, or was not', () => {
    assert.deepEqual(differ({ upstream: false }), ['upstream: not called / GET /7 at http://127.0.0.1:9001'])
    const attempts = exchange.attempts.map((attempt) => ({ ...attempt, isRefused: true }))
    assert.deepEqual(differ({ upstream: false }, { attempts }), [
      'upstream: not called / GET /7 at http://127.0.0.1:9001 was refused',
    ])
    assert.deepEqual(differ({ upstream: {} }, { attempts: [] }), ['upstream: called / not called'])
    assert.deepEqual(differ({ upstream: { calls: 2, path: '/8' } }), [
      'upstream path: "/8" / "/7"',
      'upstream calls: 2 / 1',
    ])
  })

  it('takes a route with or without its API, and its absence', () => {
    assert.deepEqual(differ({ route: 'one' }), [])
    assert.deepEqual(differ({ route: false }), ['route: false / "orders/one"'])
    assert.deepEqual(differ({ route: 'orders/two' }, { route: '', api: '' }), ['route: "orders/two" / false'])
  })
})

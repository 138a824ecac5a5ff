import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PROBLEMS, type ProblemCode } from '@gatewright/model'
import { GatewayResponse, Problem } from '@gatewright/policies'
import { TestExchange } from '../upstream/loopback.fixture.ts'
import { toGrpcTrailers } from './grpc-problem.ts'
import { renderProblem } from './problem-response.ts'

function render(problem: Problem, type = 'application/grpc') {
  const response = GatewayResponse.ofProblem(problem)
  response.headers.set('Access-Control-Allow-Origin', '*')
  const exchange = new TestExchange({ method: 'POST', headers: { 'Content-Type': type } })
  renderProblem(response, exchange, {
    errors: new Map([['default', { status: 418, headers: [], body: () => 'shape', scopeOf: () => ({}) }]]),
    problemBase: undefined,
    onShapeFailed() {},
  })
  return response
}

const codeOf = (code: ProblemCode): number => Number(toGrpcTrailers(new Problem(code)).get('grpc-status'))

describe('a problem for a client of gRPC', () => {
  it('is a status of its own in the head of an answer without a message, whatever shape others get', () => {
    const problem = new Problem('rate-limited', { detail: 'Try again in 5 s.', headers: [['Retry-After', '5']] })
    const { status, headers, body } = render(problem, 'application/grpc+proto')
    assert.equal(status, 200)
    assert.equal(body.sizeBytes, 0)
    assert.deepEqual(
      [...headers].map(([name, value]) => `${name.toLowerCase()}: ${value}`),
      [
        'retry-after: 5',
        'access-control-allow-origin: *',
        'content-type: application/grpc+proto',
        'grpc-status: 8',
        'grpc-message: Too many requests: Try again in 5 s.',
      ],
    )
  })

  for (const [code, expected] of [
    ['malformed-request', 3],
    ['body-too-large', 8],
    ['header-too-large', 8],
    ['route-not-found', 12],
    ['method-not-allowed', 12],
    ['credential-missing', 16],
    ['credential-invalid', 16],
    ['access-denied', 7],
    ['rate-limited', 8],
    ['client-left', 1],
    ['exchange-timeout', 4],
    ['upstream-timeout', 4],
    ['upstream-unreachable', 14],
    ['upstream-closed', 14],
    ['upstream-unavailable', 14],
    ['unexpected', 13],
    ['misdirected-request', 2],
  ] as const) {
    it(`says ${expected} for ${code}`, () => {
      assert.equal(codeOf(code), expected)
    })
  }

  it('always says one of those that there are', () => {
    for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
      const status = codeOf(code)
      assert.ok(Number.isInteger(status) && status > 0 && status <= 16, code)
    }
  })

  it('encodes what does not print in ASCII, and the sign of encoding itself', () => {
    const problem = new Problem('malformed-request', { detail: '50 % of \u00fc\ud83d\ude00\ud800\n~' })
    assert.equal(
      toGrpcTrailers(problem).get('grpc-message'),
      'The request is not valid HTTP: 50 %25 of %C3%BC%F0%9F%98%80%EF%BF%BD%0A~',
    )
  })
})

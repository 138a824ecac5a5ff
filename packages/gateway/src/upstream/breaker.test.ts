import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '@gatewright/policies'
import { Breaker } from './breaker.ts'
import { TargetRuntime } from './target.ts'

const target = new TargetRuntime({ url: 'http://127.0.0.1:9001', weight: 1 })

/** 50 % of at least 10 requests in 10 s; open for 5 s. */
function setUp(options: Partial<ConstructorParameters<typeof Breaker>[0]> = {}) {
  const clock = { nowMs: 5_000_000 }
  const breaker = new Breaker(
    { failurePercent: 50, minRequests: 10, windowMs: 10_000, openMs: 5000, ...options },
    () => clock.nowMs,
  )
  const answer = (status: number, times = 1): void => {
    for (let i = 0; i < times; i++) breaker.onResult(target, status)
  }
  return { breaker, clock, answer }
}

describe('breaker', () => {
  it('stays closed while less than its share fails, and opens with the failure that reaches it', () => {
    const { breaker, answer } = setUp()
    answer(200, 11)
    answer(503, 10)
    assert.ok(breaker.mayPass())
    answer(500)
    assert.equal(breaker.mayPass(), false)
  })

  it('says nothing of fewer requests than it needs', () => {
    const { breaker, answer } = setUp()
    answer(500, 9)
    assert.ok(breaker.mayPass())
    answer(500)
    assert.equal(breaker.mayPass(), false)
  })

  it('takes no answer for a failure, and 4xx for an answer', () => {
    const { breaker, answer } = setUp()
    answer(404, 100)
    for (let i = 0; i < 99; i++) breaker.onFailure()
    assert.ok(breaker.mayPass())
    breaker.onFailure()
    assert.equal(breaker.mayPass(), false)
  })

  it('forgets what is older than its window, bit by bit', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 9)
    clock.nowMs += 9000
    answer(500, 0)
    assert.ok(breaker.mayPass())
    clock.nowMs += 1000
    answer(500, 9)
    assert.ok(breaker.mayPass(), 'nine of the last ten seconds, not eighteen')
    clock.nowMs += 1_000_000
    answer(500, 9)
    assert.ok(breaker.mayPass())
    answer(500)
    assert.equal(breaker.mayPass(), false)
  })

  it('answers while it is open with when to come back', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 10)
    clock.nowMs += 1500
    const problem = breaker.toProblem()
    assert.deepEqual(
      [problem.code, problem.reason, problem.headers],
      ['upstream-unavailable', 'breaker-open', [['Retry-After', '4']]],
    )
    clock.nowMs += 100_000
    assert.deepEqual(breaker.toProblem().headers, [['Retry-After', '1']])
  })

  it('lets one request try, and closes when that is answered', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 10)
    clock.nowMs += 4999
    assert.equal(breaker.mayPass(), false)
    clock.nowMs += 1
    assert.deepEqual([breaker.mayPass(), breaker.mayPass()], [true, false])
    answer(200)
    assert.deepEqual([breaker.mayPass(), breaker.mayPass()], [true, true])
    answer(500, 9)
    assert.ok(breaker.mayPass(), 'what it counted before it opened is forgotten')
  })

  it('opens again when the one that tried fails', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 10)
    clock.nowMs += 5000
    assert.ok(breaker.mayPass())
    breaker.onFailure()
    clock.nowMs += 4999
    assert.equal(breaker.mayPass(), false)
    clock.nowMs += 1
    assert.ok(breaker.mayPass())
  })

  it('lets another try when nothing was heard of the first', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 10)
    clock.nowMs += 5000
    assert.ok(breaker.mayPass())
    clock.nowMs += 4999
    assert.equal(breaker.mayPass(), false)
    clock.nowMs += 1
    assert.ok(breaker.mayPass())
  })

  it('is not moved by late answers while it is open', () => {
    const { breaker, clock, answer } = setUp()
    answer(500, 10)
    answer(200, 50)
    assert.equal(breaker.mayPass(), false)
    clock.nowMs += 4000
    answer(500, 50)
    clock.nowMs += 1000
    assert.ok(breaker.mayPass())
  })

  it('makes problems that are no failures of a target', () => {
    const { breaker } = setUp()
    assert.ok(breaker.toProblem() instanceof Problem)
    assert.equal(breaker.toProblem().status, 503)
  })
})

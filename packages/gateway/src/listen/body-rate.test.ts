/** Owns the proof that a body is too slow when it brings less than its rate over a whole period, and not before. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BodyRate } from './body-rate.ts'

describe('the least body rate', () => {
  const leastBytes = (100 * new BodyRate(100).periodMs) / 1000

  it('counts from the beginning of each period', () => {
    const rate = new BodyRate(100)
    rate.begin(1000)
    assert.ok(rate.isTooSlow(1000 + leastBytes - 1))
    assert.ok(!rate.isTooSlow(1000 + leastBytes))
    rate.begin(5000)
    assert.ok(rate.isTooSlow(5000))
  })

  it('is one octet in a whole period where messages come when they come', () => {
    const rate = BodyRate.ofMessages(3_600_000)
    assert.equal(rate.periodMs, 3_600_000)
    rate.begin(100)
    assert.ok(rate.isTooSlow(100))
    assert.ok(!rate.isTooSlow(101))
  })

  it('watches nothing where it is off', () => {
    assert.ok(!new BodyRate(0).isWatched)
    assert.ok(new BodyRate(1).isWatched)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EARNINGS, FloodGuard, PRICES } from './flood-guard.ts'

/** How many times in a row the price is paid. */
function countPaid(guard: FloodGuard, price: number): number {
  let paid = 0
  while (paid < 100_000 && guard.charge(price)) paid++
  return paid
}

describe('FloodGuard', () => {
  it('bears a thousand resets at once, and then 33 a second', () => {
    let nowMs = 1000
    const guard = new FloodGuard(() => nowMs)
    assert.equal(countPaid(guard, PRICES.reset), 1000)
    nowMs += 60_000
    const later = new FloodGuard(() => nowMs)
    countPaid(later, PRICES.reset)
    nowMs += 10_000
    // The reset that was too much is paid too.
    assert.equal(countPaid(later, PRICES.reset), 329)
  })

  it('is never paid more than it can hold, by time or by work', () => {
    let nowMs = 0
    const guard = new FloodGuard(() => nowMs)
    guard.earn(1e9)
    assert.equal(countPaid(guard, PRICES.reset), 1000)
    nowMs = 1e9
    // The one that is too much makes the guard look at the clock, and is paid then.
    assert.equal(countPaid(guard, PRICES.reset), 1001)
  })

  it('lets a message that ended pay for what usually comes with it', () => {
    const guard = new FloodGuard(() => 0)
    for (let i = 0; i < 100_000; i++) {
      assert.equal(guard.charge(PRICES.ignored), true)
      assert.equal(guard.charge(PRICES.windowUpdate * 2), true)
      assert.equal(guard.charge(PRICES.ping), true)
      guard.earn(EARNINGS.message)
    }
  })
})

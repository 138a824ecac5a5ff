import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TokenBucket } from './token-bucket.ts'

describe('token bucket', () => {
  it('allows after exactly the wait that it tells, also where clock readings are rounded at half a unit', () => {
    const sample = fc.record({
      limit: fc.integer({ min: 1, max: 1000 }),
      windowMs: fc.integer({ min: 1, max: 100_000 }),
      tenths: fc.integer({ min: 1, max: 50 }),
      startMs: fc.integer({ min: 0, max: 10_000_000 }),
      cost: fc.integer({ min: 1, max: 3 }),
    })
    const check = ({
      limit,
      windowMs,
      tenths,
      startMs,
      cost,
    }: {
      limit: number
      windowMs: number
      tenths: number
      startMs: number
      cost: number
    }): void => {
      const burst = Math.max(cost, Math.floor((limit * tenths) / 10))
      const bucket = new TokenBucket({ id: 'test', algorithm: 'token-bucket', limit, windowMs, burst })
      const nowMs = 1_800_000_000_000 + startMs
      bucket.readFresh(burst, nowMs)
      bucket.refund(0)
      const { high, low } = bucket
      assert.equal(bucket.charge(cost), false)
      const { retryAfterMs } = bucket.toDecision(false, cost)
      bucket.read(high, low, nowMs + retryAfterMs - 1)
      assert.equal(bucket.charge(cost), false)
      bucket.read(high, low, nowMs + retryAfterMs)
      assert.equal(bucket.charge(cost), true)
    }
    // Found by chance, and not often.
    const seen = { limit: 1, windowMs: 344, tenths: 40, startMs: 20, cost: 2 }
    fc.assert(fc.property(sample, check), { numRuns: 5000, examples: [[seen]] })
  })
})

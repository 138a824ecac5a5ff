/** Runs the contract of counters against the shared table, and proves what only a table of limited size promises. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LimiterSpec } from '@gatewright/policies'
import fc from 'fast-check'
import { CounterTable } from './counter-table.ts'
import { describeExactCounters } from './counters.contract.ts'
import { ExactModel } from './exact-model.ts'
import { toLong } from './long-pair.ts'
import { createSharedCounters, openCounters } from './shared-counters.ts'

const START_MS = 1_800_000_000_000

describeExactCounters('the shared table', (now) =>
  openCounters(createSharedCounters({ slots: 1 << 15, epochMs: now() }), { now }),
)

/** A table of one bucket, a clock to turn, and its memory. */
function openBucket() {
  const clock = { ms: START_MS }
  const descriptor = createSharedCounters({ slots: 8, epochMs: START_MS })
  const table = new CounterTable(descriptor)
  const counters = openCounters(descriptor, { now: () => clock.ms })
  const limiter = (spec: Partial<LimiterSpec> = {}) =>
    counters.limiter({ id: 'test', algorithm: 'sliding-window', limit: 3, windowMs: 1000, ...spec })
  return { clock, counters, limiter, table, bucket: table.bucketNumbered(0) }
}

const EIGHT = ['0', '1', '2', '3', '4', '5', '6', '7']

describe('a full bucket', () => {
  it('makes new keys share one count, and tells of it', () => {
    const { counters, limiter } = openBucket()
    const taker = limiter()
    for (const key of EIGHT) assert.equal(taker.take(key, 3).allowed, true)
    assert.equal(counters.overflowCount(), 0)
    assert.equal(taker.take('ninth', 2).allowed, true)
    assert.deepEqual(taker.take('tenth', 2), { allowed: false, remaining: 1, retryAfterMs: 2000, resetAfterMs: 2000 })
    assert.equal(taker.take('eleventh', 1).allowed, true)
    assert.equal(counters.overflowCount(), 3)
  })

  it('gives new keys slots again once they expire', () => {
    const { clock, counters, limiter } = openBucket()
    const taker = limiter()
    for (const key of EIGHT) taker.take(key, 3)
    taker.take('ninth', 3)
    clock.ms += 2000
    for (const key of EIGHT) assert.equal(taker.take(`new ${key}`, 3).allowed, true)
    assert.equal(counters.overflowCount(), 1)
  })

  it('charges a key that gets a slot with all that it may have in the overflow', () => {
    const { clock, limiter } = openBucket()
    const taker = limiter()
    for (const key of EIGHT) taker.take(key, 3)
    clock.ms += 1999
    assert.equal(taker.take('ninth', 2).allowed, true)
    clock.ms += 1
    assert.equal(taker.take('ninth', 2).allowed, false)
    assert.equal(taker.take('ninth', 1).allowed, true)
    assert.equal(taker.take('ninth', 1).allowed, false)
  })

  it('does not keep limits by the second waiting for those by the day', () => {
    const { clock, limiter } = openBucket()
    const daily = limiter({ windowMs: 86_400_000 })
    for (const key of EIGHT) daily.take(key, 3)
    assert.equal(daily.take('ninth', 3).allowed, true)
    const taker = limiter()
    for (let second = 0; second < 10; second++) {
      assert.equal(taker.take('ninth', 3).allowed, true)
      assert.equal(taker.take('ninth', 1).allowed, false)
      clock.ms += 2000
    }
    assert.equal(daily.take('tenth', 1).allowed, false)
  })

  it('gives nothing back from the overflow, where nobody knows whose it was', () => {
    const { limiter } = openBucket()
    const taker = limiter()
    for (const key of EIGHT) taker.take(key, 1)
    taker.take('ninth', 3)
    taker.giveBack('ninth', 3)
    assert.equal(taker.take('tenth', 1).allowed, false)
  })

  it('frees the slot of a key that gave everything back', () => {
    const { counters, limiter } = openBucket()
    const taker = limiter()
    for (const key of EIGHT) taker.take(key, 2)
    taker.giveBack('3', 2)
    taker.take('ninth', 3)
    assert.equal(counters.overflowCount(), 0)
    assert.equal(taker.take('ninth', 1).allowed, false)
  })

  it('is never laxer than exact counting, whatever meets in it', () => {
    const specs: LimiterSpec[] = [
      { id: 'second', algorithm: 'sliding-window', limit: 4, windowMs: 1000 },
      { id: 'minute', algorithm: 'sliding-window', limit: 9, windowMs: 60_000 },
      { id: 'bucket', algorithm: 'token-bucket', limit: 5, windowMs: 1000, burst: 8 },
      { id: 'bucket', algorithm: 'token-bucket', limit: 2, windowMs: 7000 },
    ]
    const step = fc.record({
      spec: fc.nat(specs.length - 1),
      key: fc.nat(11),
      cost: fc.integer({ min: 1, max: 5 }),
      waitMs: fc.oneof(
        { weight: 30, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(1, 100, 1000, 2000, 20_000, 200_000) },
      ),
    })
    const overflowed = { times: 0, refused: 0 }
    const sweeps = fc.constantFrom(false, false, false, true)
    fc.assert(
      fc.property(fc.array(fc.tuple(step, sweeps), { minLength: 60, maxLength: 200 }), (steps) => {
        const { clock, counters } = openBucket()
        const limiters = specs.map((spec) => ({ taker: counters.limiter(spec), model: new ExactModel(spec) }))
        for (const [{ spec, key, cost, waitMs }, sweeps] of steps) {
          clock.ms += waitMs
          if (sweeps) counters.sweep()
          const { taker, model } = limiters[spec]!
          const fits = model.fits(`${key}`, cost, clock.ms)
          if (taker.take(`${key}`, cost).allowed) {
            assert.ok(fits)
            model.charge(`${key}`, cost, clock.ms)
          } else if (fits) overflowed.refused++
        }
        overflowed.times += counters.overflowCount()
      }),
      { numRuns: 400 },
    )
    // The property would hold of a table that was never full.
    assert.ok(overflowed.times > 1000 && overflowed.refused > 100)
  })
})

describe('the sweep', () => {
  it('leaves what is alive as it is', () => {
    const { clock, counters, limiter } = openBucket()
    limiter().take('a', 3)
    limiter({ algorithm: 'token-bucket', id: 'b' }).take('b', 3)
    clock.ms += 999
    assert.equal(counters.sweep(), 2)
    assert.equal(limiter().take('a', 1).allowed, false)
    assert.equal(limiter({ algorithm: 'token-bucket', id: 'b' }).take('b', 3).allowed, false)
    clock.ms += 1001
    assert.equal(counters.sweep(), 0)
  })

  it('keeps a slot from being read as of today when window numbers come round again', () => {
    for (const algorithm of ['sliding-window', 'token-bucket'] as const) {
      for (const windows of [65_535, 60_000]) {
        const left = openBucket()
        left.limiter({ algorithm, windowMs: 1 }).take('a', 3)
        left.clock.ms += windows
        assert.equal(left.limiter({ algorithm, windowMs: 1 }).take('a', 1).allowed, false, 'too strict if not swept')

        const swept = openBucket()
        swept.limiter({ algorithm, windowMs: 1 }).take('a', 3)
        swept.clock.ms += 10_000
        swept.counters.sweep()
        swept.clock.ms += windows - 10_000
        assert.equal(swept.limiter({ algorithm, windowMs: 1 }).take('a', 3).allowed, true)
      }
    }
  })
})

describe('a thread that died', () => {
  const DEAD = 77

  it('leaves a lock that is taken over', () => {
    const { limiter, table, bucket } = openBucket()
    table.words[table.lockAt(bucket)] = DEAD
    assert.equal(limiter().take('a', 3).allowed, true)
    assert.equal(limiter().take('a', 1).allowed, false)
    assert.equal(table.words[table.lockAt(bucket)], 0)
  })

  it('leaves a claim before its tag that is reused like an expired slot', () => {
    const { counters, limiter, table, bucket } = openBucket()
    for (const key of EIGHT) limiter().take(key, 1)
    table.longs[table.stateAt(bucket + 5)] = toLong(1, DEAD)
    table.words[table.lockAt(bucket)] = DEAD
    assert.equal(limiter().take('ninth', 3).allowed, true)
    assert.equal(limiter().take('ninth', 1).allowed, false)
    assert.equal(counters.overflowCount(), 0)
  })

  it('leaves a claim with its tag that the next charge of the same key finishes', () => {
    const { limiter, table, bucket } = openBucket()
    limiter().take('a', 1)
    const tag = table.longs[bucket]
    table.longs[table.stateAt(bucket)] = toLong(1, DEAD)
    table.words[table.lockAt(bucket)] = DEAD
    assert.equal(limiter().take('a', 2).allowed, true)
    assert.equal(limiter().take('a', 2).allowed, false)
    assert.equal([...table.longs.subarray(bucket, bucket + 8)].filter((found) => found === tag).length, 1)
  })
})

describe('the table', () => {
  it('takes 24 bytes a slot', () => {
    const { memory } = createSharedCounters({ slots: 1 << 17 })
    assert.ok(memory.byteLength - (1 << 17) * 24 < 40_000)
  })

  it('hashes with a secret of its own', () => {
    const secrets = Array.from({ length: 8 }, () => new CounterTable(createSharedCounters({ slots: 8 })).hashKey)
    assert.equal(new Set(secrets.map(({ k0, k1 }) => `${k0} ${k1}`)).size, 8)
  })
})

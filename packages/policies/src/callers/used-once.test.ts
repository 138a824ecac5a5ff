import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LimiterSpec } from '../services.ts'
import { FakeClock, MemoryCounters } from '../testing/index.ts'
import { UsedOnce } from './used-once.ts'

describe('what may be used once', () => {
  const open = (clock = new FakeClock(), counters = new MemoryCounters(clock)) => ({
    clock,
    counters,
    once: new UsedOnce(counters, { id: 'a', windowMs: 1000 }),
  })

  it('is new once, for a whole window and not longer', async () => {
    const { clock, once } = open()
    assert.equal(once.use('n'), true)
    await clock.advance(999)
    assert.equal(once.use('n'), false)
    await clock.advance(1)
    assert.equal(once.use('n'), true)
  })

  it('is not made new by those who try it again', async () => {
    const { clock, once } = open()
    once.use('n')
    for (let at = 0; at < 3; at++) {
      await clock.advance(250)
      assert.equal(once.use('n'), false)
    }
    await clock.advance(250)
    assert.equal(once.use('n'), true)
  })

  it('is told apart by all of its octets, whether text or not', () => {
    const { once } = open()
    const long = 'x'.repeat(100_000)
    for (const text of [long, `${long}y`, '', 'constructor', Buffer.from('n')]) assert.equal(once.use(text), true)
    assert.equal(once.use('n'), false)
    assert.equal(once.use(long), false)
  })

  it('is known to whoever counts with the same counters under the same name', () => {
    const { counters, once } = open()
    once.use('n')
    assert.equal(new UsedOnce(counters, { id: 'a', windowMs: 1000 }).use('n'), false)
    assert.equal(new UsedOnce(counters, { id: 'b', windowMs: 1000 }).use('n'), true)
  })

  it('is counted in a bucket of one token: a sliding window would estimate', () => {
    const specs: LimiterSpec[] = []
    const { counters } = open()
    const limiter = (spec: LimiterSpec) => {
      specs.push(spec)
      return counters.limiter(spec)
    }
    new UsedOnce({ limiter }, { id: 'a', windowMs: 1000 })
    assert.deepEqual(specs, [{ id: 'used/a/1000', algorithm: 'token-bucket', limit: 1, windowMs: 1000 }])
  })

  it('is new again when it is given back', () => {
    const { once } = open()
    once.use('n')
    once.giveBack('n')
    assert.equal(once.use('n'), true)
    assert.equal(once.use('n'), false)
  })
})

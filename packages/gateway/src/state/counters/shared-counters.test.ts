/** Runs the contract of counters against the shared table, and proves what only a table of limited size promises. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LimiterSpec } from '@gatewright/policies'
import fc from 'fast-check'
import { CounterTable } from './counter-table.ts'
import { describeExactCounters } from './counters.contract.ts'
import { ExactModel } from './exact-model.ts'
import { toLong } from './long-pair.ts'
import { createSharedCounters, type Level, openCounters } from './shared-counters.ts'

const START_MS = 1_800_000_000_000

/** As many levels as in earnest, and small ones, so that all are met. */
const LEVELS = [
  { buckets: 2, regions: 5 },
  { buckets: 64, regions: 3 },
  { buckets: 2048, regions: 2 },
]

describeExactCounters('the shared table', (now) =>
  openCounters(createSharedCounters({ levels: LEVELS, epochMs: now() }), { now }),
)

/** A table of one bucket, a clock to turn, and its memory. */
function openBucket() {
  const clock = { ms: START_MS }
  const descriptor = createSharedCounters({ levels: [{ buckets: 1, regions: 1 }], epochMs: START_MS })
  const table = new CounterTable(descriptor)
  const counters = openCounters(descriptor, { now: () => clock.ms })
  const limiter = (spec: Partial<LimiterSpec> = {}) =>
    counters.limiter({ id: 'test', algorithm: 'sliding-window', limit: 3, windowMs: 1000, ...spec })
  return { clock, counters, limiter, table, bucket: table.regionAt(0, 0) }
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

  it('is never laxer than exact counting, whatever meets in it', () =>
    assertNeverLaxer([{ buckets: 1, regions: 1 }], { minOverflows: 1000 }))
})

describe('regions', () => {
  const FEW = [
    { buckets: 1, regions: 4 },
    { buckets: 2, regions: 2 },
    { buckets: 8, regions: 1 },
  ]

  function openFew() {
    const clock = { ms: START_MS }
    const descriptor = createSharedCounters({ levels: FEW, epochMs: START_MS })
    const table = new CounterTable(descriptor)
    const open = () => openCounters(descriptor, { now: () => clock.ms })
    const toSpec = (id: string): LimiterSpec => ({ id, algorithm: 'sliding-window', limit: 3, windowMs: 1000 })
    const isHeld = Array.from({ length: 4 }, (_, holding) => () => table.words[table.linkAt(holding, 0)] !== 0)
    return { clock, table, open, toSpec, countHeld: () => isHeld.filter((held) => held()).length }
  }

  it('are given to a use with its first key, and no sooner', () => {
    const { open, toSpec, countHeld } = openFew()
    const limiter = open().limiter(toSpec('a'))
    assert.equal(limiter.take('key', 0).remaining, 3)
    limiter.giveBack('key', 1)
    assert.equal(countHeld(), 0)
    limiter.take('key', 1)
    assert.equal(countHeld(), 1)
  })

  it('grow where a bucket is full, and every thread finds what stands in them', () => {
    const { open, toSpec } = openFew()
    const counters = open()
    const one = counters.limiter(toSpec('a'))
    const other = open().limiter(toSpec('a'))
    for (const key of EIGHT) assert.equal(one.take(key, 3).allowed, true)
    assert.equal(other.take('0', 1).allowed, false)
    for (const key of EIGHT) assert.equal(one.take(`more ${key}`, 3).allowed, true)
    for (const key of EIGHT) {
      assert.equal(other.take(`more ${key}`, 0).remaining, 0)
      assert.equal(other.take(`more ${key}`, 1).allowed, false)
      other.giveBack(`more ${key}`, 1)
      assert.equal(one.take(`more ${key}`, 1).allowed, true)
    }
    assert.equal(counters.overflowCount(), 0)
  })

  it('go back once nothing in them is alive, and serve other uses', () => {
    const { clock, open, toSpec, countHeld } = openFew()
    const counters = open()
    for (let use = 0; use < 50; use++) {
      const limiter = counters.limiter(toSpec(`use ${use}`))
      for (let key = 0; key < 20; key++) assert.equal(limiter.take(`${key}`, 3).allowed, true)
      clock.ms += 2000
      assert.equal(counters.sweep(), 0)
      assert.equal(countHeld(), 0)
    }
    assert.equal(counters.overflowCount(), 0)
  })

  it('of a flood go back while the use goes on', () => {
    const { clock, open, toSpec, table } = openFew()
    const counters = open()
    const limiter = counters.limiter(toSpec('a'))
    limiter.take('stays', 3)
    for (let key = 0; key < 200; key++) limiter.take(`${key}`, 3)
    const links = () =>
      [1, 2].flatMap((level) => [0, 1, 2, 3].map((holding) => table.words[table.linkAt(holding, level)]))
    assert.equal(links().filter((link) => link !== 0).length, 2)
    clock.ms += 2000
    limiter.take('stays', 3)
    counters.sweep()
    assert.equal(links().filter((link) => link !== 0).length, 0)
    assert.equal(limiter.take('stays', 1).allowed, false)
  })

  it('are common to uses for which there were none, until nothing is alive in those', () => {
    const { clock, open, toSpec, countHeld } = openFew()
    const counters = open()
    const limiters = ['a', 'b', 'c', 'd', 'e'].map((id) => counters.limiter(toSpec(id)))
    for (const limiter of limiters) assert.equal(limiter.take('key', 3).allowed, true)
    for (const limiter of limiters) assert.equal(limiter.take('key', 1).allowed, false)
    assert.equal(countHeld(), 4)
    clock.ms += 1000
    // The first three have gone, but a fourth is still alive in the common one: a fifth may have been there, too.
    clock.ms += 1000
    assert.equal(limiters[3]?.take('other', 1).allowed, true)
    counters.sweep()
    assert.equal(countHeld(), 1)
    assert.equal(open().limiter(toSpec('d')).take('other', 3).allowed, false)
    assert.equal(limiters[4]?.take('key', 3).allowed, true)
    assert.equal(countHeld(), 1)
  })

  it('are never laxer than exact counting, whoever comes, goes and sweeps', () =>
    assertNeverLaxer(FEW, { minOverflows: 100 }))

  it('that the sweep is about to take stay with whoever uses them again', () => {
    const { open, toSpec, table } = openFew()
    const limiter = open().limiter(toSpec('a'))
    for (let key = 0; key < 40; key++) limiter.take(`${key}`, 1)
    const holding = [1, 2, 3].find((number) => table.words[table.linkAt(number, 0)] !== 0) ?? 0
    const links = [0, 1, 2].map((level) => table.linkAt(holding, level))
    const before = links.map((at) => table.words[at] ?? 0)
    for (const [level, at] of links.entries()) table.words[at] = -(before[level] ?? 0)
    limiter.take('new', 1)
    assert.deepEqual(
      links.map((at) => table.words[at]),
      before,
    )
  })

  it('left by a thread that died while it took them go back', () => {
    const { open, toSpec, table } = openFew()
    table.words[table.ownerAt(2, 0)] = 3
    const counters = open()
    counters.sweep()
    assert.equal(table.words[table.ownerAt(2, 0)], 0)
    // A use without a link.
    const limiter = counters.limiter(toSpec('a'))
    limiter.take('key', 3)
    const holding = [1, 2, 3].find((number) => table.words[table.linkAt(number, 0)] !== 0) ?? 0
    table.words[table.linkAt(holding, 0)] = 0
    assert.equal(open().limiter(toSpec('a')).take('new', 3).allowed, true)
    assert.notEqual(table.words[table.linkAt(holding, 0)], 0)
  })

  it('that fill up together take 96 MiB at most', () => {
    const { memory } = createSharedCounters()
    assert.ok(memory.byteLength < 97 * 2 ** 20, `${memory.byteLength}`)
  })
})

/** Two threads' views of one table, and uses that come and go in it. */
function assertNeverLaxer(levels: readonly Level[], { minOverflows }: { minOverflows: number }): void {
  const specs: LimiterSpec[] = [
    { id: 'second', algorithm: 'sliding-window', limit: 4, windowMs: 1000 },
    { id: 'minute', algorithm: 'sliding-window', limit: 9, windowMs: 60_000 },
    { id: 'bucket', algorithm: 'token-bucket', limit: 5, windowMs: 1000, burst: 8 },
    { id: 'bucket', algorithm: 'token-bucket', limit: 2, windowMs: 7000 },
    { id: 'fourth', algorithm: 'sliding-window', limit: 1, windowMs: 100 },
    { id: 'fifth', algorithm: 'sliding-window', limit: 3, windowMs: 1000 },
  ]
  const step = fc.record({
    spec: fc.nat(specs.length - 1),
    view: fc.nat(1),
    key: fc.nat(23),
    cost: fc.integer({ min: 1, max: 5 }),
    waitMs: fc.oneof(
      { weight: 30, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.constantFrom(1, 100, 1000, 2000, 20_000, 200_000) },
    ),
  })
  const overflowed = { times: 0, refused: 0 }
  const sweeps = fc.constantFrom(false, false, false, true)
  fc.assert(
    fc.property(fc.array(fc.tuple(step, sweeps), { minLength: 60, maxLength: 300 }), (steps) => {
      const clock = { ms: START_MS }
      const descriptor = createSharedCounters({ levels, epochMs: START_MS })
      const views = [0, 1].map(() => openCounters(descriptor, { now: () => clock.ms }))
      const limiters = specs.map((spec) => ({
        takers: views.map((counters) => counters.limiter(spec)),
        model: new ExactModel(spec),
      }))
      for (const [{ spec, view, key, cost, waitMs }, sweeps] of steps) {
        clock.ms += waitMs
        if (sweeps) views[0]!.sweep()
        const { takers, model } = limiters[spec]!
        const fits = model.fits(`${key}`, cost, clock.ms)
        if (takers[view]!.take(`${key}`, cost).allowed) {
          assert.ok(fits)
          model.charge(`${key}`, cost, clock.ms)
        } else if (fits) overflowed.refused++
      }
      overflowed.times += views[0]!.overflowCount()
    }),
    { numRuns: 400 },
  )
  // The property would hold of a table that was never full.
  assert.ok(overflowed.times > minOverflows && overflowed.refused > minOverflows / 10, JSON.stringify(overflowed))
}

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
    const slot = table.longs.findIndex((found, index) => index >= bucket && found !== 0n)
    const tag = table.longs[slot]
    table.longs[table.stateAt(slot)] = toLong(1, DEAD)
    table.words[table.lockAt(bucket)] = DEAD
    assert.equal(limiter().take('a', 2).allowed, true)
    assert.equal(limiter().take('a', 2).allowed, false)
    assert.equal([...table.longs.subarray(bucket, bucket + 8)].filter((found) => found === tag).length, 1)
  })
})

describe('the table', () => {
  it('hashes with a secret of its own', () => {
    const secrets = Array.from({ length: 8 }, () => new CounterTable(createSharedCounters({ levels: LEVELS })).hashKey)
    assert.equal(new Set(secrets.map(({ k0, k1 }) => `${k0} ${k1}`)).size, 8)
  })
})

/** Owns what every implementation of the `Counters` port promises; each one's test runs it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Counters, Decision, LimiterSpec } from '@gatewright/policies'
import fc from 'fast-check'
import { ExactModel } from './exact-model.ts'

/** Makes empty counters with room for the keys of a test, which go by this clock. */
export type CreateCounters = (now: () => number) => Counters

const ALGORITHMS = ['sliding-window', 'token-bucket'] as const
const MAX_LIMIT = 2 ** 24 - 1
/** A whole multiple of every window used here. */
const START_MS = 1_800_000_000_000

class Bench {
  nowMs = START_MS
  readonly counters: Counters

  constructor(create: CreateCounters) {
    this.counters = create(() => this.nowMs)
  }

  limiter(spec: Partial<LimiterSpec>) {
    return this.counters.limiter({ id: 'test', algorithm: 'sliding-window', limit: 10, windowMs: 1000, ...spec })
  }
}

/** What policies may rely on, whoever counts. */
export function describeCounters(name: string, create: CreateCounters): void {
  describe(`${name} keeps the contract of counters`, () => {
    for (const algorithm of ALGORITHMS) describe(algorithm, () => describeAlgorithm(algorithm, create))
    describe('token-bucket in time', () => describeBucket(create))
  })
}

/** What counters promise beyond it that traffic goes through: the two algorithms to the millisecond, and all limits. */
export function describeExactCounters(name: string, create: CreateCounters): void {
  describeCounters(name, create)
  describe(`${name} counts exactly`, () => {
    for (const algorithm of ALGORITHMS) describe(algorithm, () => describeExactness(algorithm, create))
    describe('sliding-window in time', () => describeSliding(create))
  })
}

function describeAlgorithm(algorithm: LimiterSpec['algorithm'], create: CreateCounters): void {
  it('allows exactly the limit, then refuses', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 25 })
    const decisions: Decision[] = []
    for (let i = 0; i < 40; i++) decisions.push(await limiter.take('key', 1))
    assert.deepEqual(
      decisions.map(({ allowed }) => allowed),
      decisions.map((_, i) => i < 25),
    )
    assert.deepEqual(
      decisions.map(({ remaining }) => remaining),
      decisions.map((_, i) => Math.max(0, 24 - i)),
    )
  })

  it('charges nothing when it refuses', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 10 })
    await limiter.take('key', 7)
    assert.equal((await limiter.take('key', 4)).allowed, false)
    assert.equal((await limiter.take('key', 100)).allowed, false)
    assert.deepEqual((await limiter.take('key', 3)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
  })

  it('tells how things stand for a cost of 0, and charges nothing', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 2 })
    for (let i = 0; i < 5; i++) assert.equal((await limiter.take('key', 0)).remaining, 2)
    await limiter.take('key', 2)
    assert.equal((await limiter.take('key', 0)).remaining, 0)
  })

  it('takes a charge back', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 5 })
    await limiter.take('key', 5)
    limiter.giveBack('key', 2)
    assert.equal((await limiter.take('key', 2)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
  })

  it('gives back no more than was charged', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 5 })
    await limiter.take('key', 1)
    limiter.giveBack('key', 4)
    limiter.giveBack('never charged', 4)
    for (const key of ['key', 'never charged']) {
      assert.equal((await limiter.take(key, 5)).allowed, true)
      assert.equal((await limiter.take(key, 1)).allowed, false)
    }
  })

  it('shares counts between equal ids and not between different ones', async () => {
    const bench = new Bench(create)
    const [one, again, other] = ['a', 'a', 'b'].map((id) => bench.limiter({ algorithm, id, limit: 3 }))
    assert.equal((await one?.take('key', 2))?.allowed, true)
    assert.equal((await again?.take('key', 2))?.allowed, false)
    assert.equal((await other?.take('key', 3))?.allowed, true)
  })

  it('counts every one of many keys for itself', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 2 })
    const keys = Array.from({ length: 2000 }, (_, i) => `key ${i}`)
    for (const key of keys) assert.equal((await limiter.take(key, 2)).allowed, true)
    for (const key of keys) assert.equal((await limiter.take(key, 1)).allowed, false)
  })

  it('refuses nobody for how many keys another limit has seen', async () => {
    const bench = new Bench(create)
    const flooded = bench.limiter({ algorithm, id: 'flooded', limit: 2 })
    for (let i = 0; i < 40_000; i++) await flooded.take(`made up ${i}`, 1)
    const limiter = bench.limiter({ algorithm, id: 'innocent', limit: 2 })
    const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`)
    for (const key of keys) assert.equal((await limiter.take(key, 2)).allowed, true)
    for (const key of keys) assert.equal((await limiter.take(key, 1)).allowed, false)
  })

  it('tells keys apart whatever they are made of', async () => {
    const limiter = new Bench(create).limiter({ algorithm, limit: 1 })
    for (const key of ['', 'a', 'aa', 'a\0', 'A', 'ä', '\u{1f511}', '\ud83d', 'x'.repeat(5000), 'x'.repeat(5001)]) {
      assert.equal((await limiter.take(key, 1)).allowed, true, JSON.stringify(key.slice(0, 9)))
      assert.equal((await limiter.take(key, 1)).allowed, false, JSON.stringify(key.slice(0, 9)))
    }
  })
}

function describeExactness(algorithm: LimiterSpec['algorithm'], create: CreateCounters): void {
  it('keeps what was counted when the limit changes', async () => {
    const bench = new Bench(create)
    await bench.limiter({ algorithm, limit: 64 }).take('key', 64)
    assert.equal((await bench.limiter({ algorithm, limit: 16 }).take('key', 1)).allowed, false)
  })

  it(`is exact for a limit of ${MAX_LIMIT} in a second`, async () => {
    const bench = new Bench(create)
    const limiter = bench.limiter({ algorithm, limit: MAX_LIMIT })
    for (const cost of [1, MAX_LIMIT - 2, 1]) assert.equal((await limiter.take('key', cost)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
    bench.nowMs += 2000
    for (const cost of [MAX_LIMIT - 1, 1]) assert.equal((await limiter.take('key', cost)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
  })

  it('refuses specs and costs that it cannot count', () => {
    const bench = new Bench(create)
    for (const spec of [
      { limit: 0 },
      { limit: MAX_LIMIT + 1 },
      { limit: 1.5 },
      { windowMs: 0 },
      { windowMs: Number.NaN },
    ]) {
      assert.throws(() => bench.limiter({ algorithm, ...spec }), RangeError)
    }
    for (const cost of [-1, 0.5, Number.NaN]) {
      assert.throws(() => bench.limiter({ algorithm }).take('key', cost), RangeError)
      assert.throws(() => bench.limiter({ algorithm }).giveBack('key', cost), RangeError)
    }
  })

  it('says how long to wait, to the millisecond', () => assertWaits(algorithm, create))
  it('decides as exact arithmetic does', () => assertExact(algorithm, create))
  it('is not laxer when the clock steps back', () => assertStepsBack(algorithm, create))
}

function describeSliding(create: CreateCounters): void {
  it('forgets the window before as this one goes on', async () => {
    const bench = new Bench(create)
    const limiter = bench.limiter({ limit: 10, windowMs: 1000 })
    await limiter.take('key', 10)
    bench.nowMs += 1000
    assert.equal((await limiter.take('key', 1)).allowed, false)
    bench.nowMs += 300
    assert.equal((await limiter.take('key', 3)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
    bench.nowMs += 700
    assert.equal((await limiter.take('key', 7)).allowed, true)
    assert.equal((await limiter.take('key', 1)).allowed, false)
  })

  it('has the full limit again after two windows', async () => {
    const bench = new Bench(create)
    const limiter = bench.limiter({ limit: 10, windowMs: 1000 })
    bench.nowMs += 999
    assert.equal((await limiter.take('key', 10)).resetAfterMs, 1001)
    bench.nowMs += 1001
    assert.equal((await limiter.take('key', 0)).remaining, 10)
  })
}

function describeBucket(create: CreateCounters): void {
  it('allows the burst at once and refills by the limit', async () => {
    const bench = new Bench(create)
    const limiter = bench.limiter({ algorithm: 'token-bucket', limit: 4, windowMs: 1000, burst: 10 })
    assert.equal((await limiter.take('key', 10)).allowed, true)
    const refusal = { allowed: false, remaining: 0, retryAfterMs: 250, resetAfterMs: 2500 }
    for (let i = 0; i < 40; i++) {
      assert.deepEqual(await limiter.take('key', 1), refusal)
      bench.nowMs += 250
      assert.equal((await limiter.take('key', 1)).allowed, true)
    }
    bench.nowMs += 2500
    assert.equal((await limiter.take('key', 11)).allowed, false)
    assert.equal((await limiter.take('key', 10)).allowed, true)
  })

  it('allows no more at once than a burst below the limit', async () => {
    const bench = new Bench(create)
    const limiter = bench.limiter({ algorithm: 'token-bucket', limit: 100, windowMs: 1000, burst: 5 })
    assert.equal((await limiter.take('key', 5)).allowed, true)
    bench.nowMs += 9
    assert.equal((await limiter.take('key', 1)).allowed, false)
    bench.nowMs += 1
    assert.equal((await limiter.take('key', 1)).allowed, true)
    bench.nowMs += 100_000
    assert.equal((await limiter.take('key', 6)).allowed, false)
  })
}

const SPECS = fc.record({
  limit: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: MAX_LIMIT })),
  windowMs: fc.constantFrom(1, 7, 1000, 60_000, 3_600_000),
  burstTimes: fc.option(fc.integer({ min: 1, max: 40 })),
})

/** Steps of the clock in windows and milliseconds, and costs in shares of the limit: so that borders are met often. */
const STEPS = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b'),
    windows: fc.constantFrom(0, 0, 0, 0, 0.25, 0.5, 1, 1, 2, 3),
    ms: fc.constantFrom(0, 0, 0, 1, 3),
    share: fc.constantFrom(0, 0, 0.3, 0.5, 1),
  }),
  { maxLength: 60 },
)

type SpecSample = typeof SPECS extends fc.Arbitrary<infer T> ? T : never

function toSpec(algorithm: LimiterSpec['algorithm'], { limit, windowMs, burstTimes }: SpecSample): LimiterSpec {
  const spec = { id: 'test', algorithm, limit, windowMs }
  if (burstTimes === null || algorithm === 'sliding-window') return spec
  return { ...spec, burst: Math.max(1, Math.min(MAX_LIMIT, Math.floor((limit * burstTimes) / 10))) }
}

async function assertExact(algorithm: LimiterSpec['algorithm'], create: CreateCounters): Promise<void> {
  await fc.assert(
    fc.asyncProperty(SPECS, STEPS, async (sample, steps) => {
      const spec = toSpec(algorithm, sample)
      const bench = new Bench(create)
      const limiter = bench.counters.limiter(spec)
      const model = new ExactModel(spec)
      for (const { key, windows, ms, share } of steps) {
        bench.nowMs += Math.floor(windows * spec.windowMs) + ms
        const cost = Math.max(1, Math.floor(share * (spec.burst ?? spec.limit)))
        const { allowed } = await limiter.take(key, cost)
        assert.equal(allowed, model.fits(key, cost, bench.nowMs))
        if (allowed) model.charge(key, cost, bench.nowMs)
      }
    }),
    { numRuns: 300 },
  )
}

async function assertStepsBack(algorithm: LimiterSpec['algorithm'], create: CreateCounters): Promise<void> {
  const jumps = fc.array(fc.tuple(STEPS, fc.integer({ min: -500_000, max: 2000 })), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(SPECS, jumps, async (sample, rounds) => {
      const spec = toSpec(algorithm, sample)
      const bench = new Bench(create)
      const limiter = bench.counters.limiter(spec)
      const model = new ExactModel(spec)
      for (const [steps, jumpMs] of rounds) {
        for (const { key, windows, ms, share } of steps) {
          bench.nowMs += Math.floor(windows * spec.windowMs) + ms
          const cost = Math.max(1, Math.floor(share * (spec.burst ?? spec.limit)))
          if (!(await limiter.take(key, cost)).allowed) continue
          assert.ok(model.fits(key, cost, bench.nowMs))
          model.charge(key, cost, bench.nowMs)
        }
        // Up to a thousand windows: less than what tells a later clock from an old slot.
        bench.nowMs += Math.max(jumpMs, -1000 * spec.windowMs)
      }
    }),
    { numRuns: 200 },
  )
}

async function assertWaits(algorithm: LimiterSpec['algorithm'], create: CreateCounters): Promise<void> {
  await fc.assert(
    fc.asyncProperty(SPECS, STEPS, async (sample, steps) => {
      const spec = toSpec(algorithm, sample)
      const bench = new Bench(create)
      const limiter = bench.counters.limiter(spec)
      const capacity = spec.burst ?? spec.limit
      for (const { key, windows, ms, share } of steps) {
        bench.nowMs += Math.floor(windows * spec.windowMs) + ms
        const cost = Math.max(1, Math.floor(share * capacity))
        const { allowed, retryAfterMs, resetAfterMs } = await limiter.take(key, cost)
        const heldMs = bench.nowMs
        const standAfter = async (waitMs: number) => {
          bench.nowMs = heldMs + waitMs
          return (await limiter.take(key, 0)).remaining
        }
        const needed = allowed ? 1 : cost
        assert.ok((await standAfter(retryAfterMs)) >= needed)
        if (retryAfterMs > 0) assert.ok((await standAfter(retryAfterMs - 1)) < needed)
        assert.equal(await standAfter(resetAfterMs), capacity)
        if (resetAfterMs > 0) assert.ok((await standAfter(resetAfterMs - 1)) < capacity)
        bench.nowMs = heldMs
      }
    }),
    { numRuns: 200 },
  )
}

/** Proves that counts are exact across real threads, also when some are killed. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { LimiterSpec } from '@gatewright/policies'
import { type HammerOrder, TALLY_AT } from './hammer-thread.ts'
import { createSharedCounters, openCounters } from './shared-counters.ts'

const THREADS = 4
const EPOCH_MS = 1_800_000_000_000

class Anvil {
  readonly words: Int32Array
  readonly threads: Worker[]

  constructor(order: Omit<HammerOrder, 'tally'>) {
    const tally = new SharedArrayBuffer(4 * (TALLY_AT + order.keys))
    this.words = new Int32Array(tally)
    this.threads = Array.from(
      { length: THREADS },
      () => new Worker(new URL('./hammer-thread.ts', import.meta.url), { workerData: { ...order, tally } }),
    )
  }

  /** All threads begin at once. */
  async start(phase = 1): Promise<void> {
    const awaited = THREADS * phase
    for (let ready = Atomics.load(this.words, 0); ready < awaited; ready = Atomics.load(this.words, 0)) {
      await Atomics.waitAsync(this.words, 0, ready).value
    }
    Atomics.store(this.words, 1, phase)
    Atomics.notify(this.words, 1)
  }

  async finish(): Promise<void> {
    await Promise.all(this.threads.map((thread) => once(thread, 'exit')))
  }

  get tally(): number[] {
    return [...this.words.subarray(TALLY_AT)]
  }
}

function toSpec(algorithm: LimiterSpec['algorithm'], limit: number, windowMs = 3_600_000): LimiterSpec {
  return { id: 'test', algorithm, limit, windowMs }
}

describe('four threads', () => {
  for (const algorithm of ['sliding-window', 'token-bucket'] as const) {
    it(`are allowed exactly the limit of one key (${algorithm})`, async () => {
      const descriptor = createSharedCounters({ epochMs: EPOCH_MS })
      const anvil = new Anvil({
        descriptor,
        spec: toSpec(algorithm, 100_000),
        nowMs: EPOCH_MS,
        keys: 1,
        rounds: 40_000,
      })
      await anvil.start()
      await anvil.finish()
      assert.deepEqual(anvil.tally, [100_000])
    })
  }

  it('never give one key two slots', async () => {
    const descriptor = createSharedCounters({ epochMs: EPOCH_MS })
    const spec = toSpec('sliding-window', 3)
    const anvil = new Anvil({ descriptor, spec, nowMs: EPOCH_MS, keys: 5000, rounds: 2 })
    await anvil.start()
    await anvil.finish()
    assert.deepEqual(new Set(anvil.tally), new Set([3]))
    assert.equal(openCounters(descriptor).overflowCount(), 0)
  })

  it('count exactly while the sweep takes back what they are about to use again', async () => {
    const levels = [
      { buckets: 2, regions: 2 },
      { buckets: 16, regions: 1 },
      { buckets: 512, regions: 1 },
    ]
    const descriptor = createSharedCounters({ levels, epochMs: EPOCH_MS })
    const spec = toSpec('sliding-window', 3, 1000)
    const phases = 60
    const anvil = new Anvil({ descriptor, spec, nowMs: EPOCH_MS, keys: 300, rounds: 2, phases })
    let phase = 1
    const counters = openCounters(descriptor, { now: () => EPOCH_MS + (phase - 1) * 2 * spec.windowMs })
    for (; phase <= phases; phase++) {
      await anvil.start(phase)
      // All that was counted has just expired, and all of it is on its way back.
      for (let sweeps = 0; sweeps < 5; sweeps++) counters.sweep()
    }
    await anvil.finish()
    assert.deepEqual(new Set(anvil.tally), new Set([spec.limit * phases]))
    assert.equal(counters.overflowCount(), 0)
  })

  it('never allow more than the limit while keys share overflows', async () => {
    const descriptor = createSharedCounters({ levels: [{ buckets: 8, regions: 1 }], epochMs: EPOCH_MS })
    const anvil = new Anvil({ descriptor, spec: toSpec('sliding-window', 3), nowMs: EPOCH_MS, keys: 500, rounds: 4 })
    await anvil.start()
    await anvil.finish()
    assert.ok(Math.max(...anvil.tally) <= 3)
    assert.ok(openCounters(descriptor).overflowCount() > 0)
  })
})

describe('killed threads', () => {
  it('leave a count that is exact but for answers they never gave', async () => {
    const descriptor = createSharedCounters({ epochMs: EPOCH_MS })
    const spec = toSpec('sliding-window', 2 ** 24 - 1)
    const anvil = new Anvil({ descriptor, spec, nowMs: EPOCH_MS, keys: 1, rounds: 2 ** 22 })
    await anvil.start()
    await passes(anvil.words, TALLY_AT, 1000)
    await Promise.all(anvil.threads.map((thread) => thread.terminate()))
    const left = openCounters(descriptor, { now: () => EPOCH_MS })
      .limiter(spec)
      .take('key 0', 0).remaining
    const unanswered = spec.limit - left - (anvil.tally[0] ?? 0)
    assert.ok(unanswered >= 0 && unanswered <= THREADS)
  })

  it('lock nothing', async () => {
    // Few slots and short windows: the threads claim slots and charge overflows nearly all the time.
    const descriptor = createSharedCounters({ levels: [{ buckets: 8, regions: 1 }], epochMs: EPOCH_MS })
    const spec = toSpec('sliding-window', 5, 50)
    const sweeper = openCounters(descriptor, { now: () => EPOCH_MS + 1e6 })
    for (let life = 0; life < 3; life++) {
      const anvil = new Anvil({ descriptor, spec, nowMs: undefined, keys: 10, rounds: 0 })
      await anvil.start()
      for (const [order, thread] of anvil.threads.entries()) {
        // To its clock, everything has expired: it takes regions back under the threads' hands.
        sweeper.sweep()
        await passes(anvil.words, 2, 2000 * (order + 1))
        await thread.terminate()
      }
    }
    const later = openCounters(descriptor, { now: () => EPOCH_MS + 1e9 })
    later.sweep()
    const limiter = later.limiter(spec)
    for (let key = 0; key < 16; key++) {
      assert.equal(limiter.take(`after ${key}`, 5).allowed, true)
      assert.equal(limiter.take(`after ${key}`, 1).allowed, false)
    }
  })
})

/** Until another thread has counted a word up to so much. */
async function passes(words: Int32Array, at: number, least: number): Promise<void> {
  while (Atomics.load(words, at) < least) await new Promise(setImmediate)
}

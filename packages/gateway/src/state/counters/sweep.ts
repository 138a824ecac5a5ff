/**
 * Owns the clearing of expired slots, without which a state left for 65 535 windows would be read as one of today, and of
 * regions in which nothing is alive. Main does it, every `SWEEP_INTERVAL_MS`.
 */
import { BUCKET_LONGS, MAX_SHAPES, SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { giveBackOrphans, isHeld } from './holdings.ts'
import { toLong } from './long-pair.ts'
import { hasLiveOverflow } from './overflow.ts'
import { reclaimRegion } from './reclaim-region.ts'

/** The shortest windows, of 1 ms, come round again after 65 s, and look like the future 16 s before: this is a fifth. */
export const SWEEP_INTERVAL_MS = 10_000

/** Returns how many slots are alive. 131 072 slots take 4 ms. */
export function sweepTable(thread: CounterThread): number {
  const { table } = thread
  giveBackOrphans(table)
  let alive = 0
  for (let holding = 0; holding < table.holdingCount; holding++) {
    if (isHeld(table, holding)) alive += sweepHolding(holding, thread)
  }
  return alive
}

function sweepHolding(holding: number, thread: CounterThread): number {
  const { table } = thread
  let alive = 0
  // Level 0 last: the holding goes with it.
  for (let level = table.levels.length - 1; level >= 0; level--) {
    const link = Math.abs(Atomics.load(table.words, table.linkAt(holding, level)))
    if (link === 0) continue
    const region = table.regionAt(level, level === 0 ? holding : link - 1)
    let isEmpty = true
    for (let number = 0; number < table.bucketCount(level); number++) {
      const bucket = region + number * BUCKET_LONGS
      const found = sweepBucket(bucket, thread)
      alive += found
      isEmpty &&= found === 0 && !hasLiveOverflow(table, bucket, thread.now())
    }
    if (isEmpty) reclaimRegion({ holding, level }, thread)
  }
  return alive
}

function sweepBucket(bucket: number, { table, expiry, now }: CounterThread): number {
  const { words, longs } = table
  const nowMs = now()
  let alive = 0
  for (let slot = bucket; slot < bucket + SLOTS_PER_BUCKET; slot++) {
    const at = 2 * table.stateAt(slot)
    const high = Atomics.load(words, at + 1)
    // Fresh, or a claim: claims belong to the lock's holder.
    if (high >>> 16 === 0) continue
    const tagLow = Atomics.load(words, 2 * slot)
    const low = Atomics.load(words, at)
    if (!expiry.hasExpired(tagLow & (MAX_SHAPES - 1), high, nowMs)) {
      alive++
      continue
    }
    // Judged by the shape of whom it belongs to: the tag has to be the same still. The state is checked by the exchange.
    const state = toLong(high, low)
    if (Atomics.load(longs, table.stateAt(slot)) !== state || Atomics.load(words, 2 * slot) !== tagLow) continue
    Atomics.compareExchange(longs, table.stateAt(slot), state, 0n)
  }
  return alive
}

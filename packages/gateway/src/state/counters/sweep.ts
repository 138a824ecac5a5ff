/**
 * Owns the clearing of expired slots, without which a state left for 65 535 windows would be read as one of today. Main
 * does it, every `SWEEP_INTERVAL_MS`.
 */
import { type CounterTable, MAX_SHAPES, SLOTS_PER_BUCKET } from './counter-table.ts'
import { toLong } from './long-pair.ts'
import type { Expiry } from './shapes.ts'

/** The shortest windows, of 1 ms, come round again after 65 s, and look like the future 16 s before: this is a fifth. */
export const SWEEP_INTERVAL_MS = 10_000

/** Returns how many slots are alive. 131 072 slots take 4 ms. */
export function sweepTable(table: CounterTable, expiry: Expiry, nowMs: number): number {
  const { words, longs } = table
  let alive = 0
  for (let number = 0; number < table.bucketCount; number++) {
    const bucket = table.bucketNumbered(number)
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
  }
  return alive
}

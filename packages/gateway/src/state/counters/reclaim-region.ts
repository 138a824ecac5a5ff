/**
 * Owns the giving back of a region in which nothing is alive any more, while other threads go on counting.
 *
 *   link → −link · for each home bucket, under its lock: wipe the tags of the region's buckets · −link → 0
 *
 * Whoever claims a slot does so under the home bucket's lock, and turns −link back: so what is claimed before its bucket was
 * wiped is seen here, and what is claimed after makes the last step fail. A thread that knows the region still, and found
 * its key's slot before the tag was wiped, sees that the slot is not its key's any more after it charged it, as it does
 * when a slot is given away. Main does this, and main alone.
 */
import { type HeldLock, runLocked } from './bucket-lock.ts'
import { BUCKET_LONGS, isNobodys, SHAPE_MASK, SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { giveBackHolding, giveBackRegion } from './holdings.ts'
import { toLong } from './long-pair.ts'
import { hasLiveOverflow } from './overflow.ts'

/** A holding's region of level 0 goes last, and the holding with it. False: something in it is alive. */
export function reclaimRegion({ holding, level }: { holding: number; level: number }, thread: CounterThread): boolean {
  const { table } = thread
  const { words } = table
  const linkAt = table.linkAt(holding, level)
  const link = Atomics.load(words, linkAt)
  if (link <= 0 || Atomics.compareExchange(words, linkAt, link, -link) !== link) return false
  const homes = table.bucketCount(0)
  const region = table.regionAt(level, level === 0 ? holding : link - 1)
  for (let home = 0; home < homes; home++) {
    const lockAt = table.lockAt(table.regionAt(0, holding) + home * BUCKET_LONGS)
    const isWiped = runLocked(table, lockAt, (lock) => {
      for (let bucket = home; bucket < table.bucketCount(level); bucket += homes) {
        if (!wipeBucket(region + bucket * BUCKET_LONGS, lock, thread)) return false
      }
      return true
    })
    if (isWiped) continue
    Atomics.compareExchange(words, linkAt, -link, link)
    return false
  }
  const isGivenBack =
    level === 0
      ? giveBackHolding(table, holding, link)
      : giveBackRegion(table, linkAt, { ownerAt: table.ownerAt(level, link - 1), link })
  if (!isGivenBack) Atomics.compareExchange(words, linkAt, -link, link)
  return isGivenBack
}

function wipeBucket(bucket: number, lock: HeldLock, { table, expiry, now }: CounterThread): boolean {
  const { longs } = table
  const nowMs = now()
  if (hasLiveOverflow(table, bucket, nowMs)) return false
  for (let slot = bucket; slot < bucket + SLOTS_PER_BUCKET; slot++) {
    const tag = Atomics.load(longs, slot)
    const stateAt = table.stateAt(slot)
    const state = Atomics.load(longs, stateAt)
    const shape = Number(tag & SHAPE_MASK)
    if (!expiry.hasExpired(shape, Number(state >> 32n), nowMs)) return false
    if (isNobodys(tag) && state === 0n) continue
    const claim = toLong(1, lock.ticket)
    if (Atomics.compareExchange(longs, stateAt, state, claim) !== state || !lock.isOurs) return false
    // The shape stays: a charge that comes too late, and is then made elsewhere, has to be seen here until it expires, or
    // the slot could be its key's again, without it, before its thread looks.
    Atomics.store(longs, slot, toLong(0, shape))
    if (!lock.isOurs || Atomics.compareExchange(longs, stateAt, claim, 0n) !== claim) return false
  }
  return true
}

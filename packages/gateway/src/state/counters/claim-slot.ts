/**
 * Owns the first charge of a key that has no slot: it claims a slot that has expired, on the lowest level that has one, or
 * has the use's regions grow, or else shares the overflow of the highest level.
 *
 * All of it happens under the lock of the key's bucket on level 0, so that no key is ever given two slots, and none is given a slot without the
 * charges that it may have in the overflow. Charges of keys that have a slot pass by the lock; against them, a slot is
 * taken by compare-and-set: expired state → claim → (tag) → first state.
 *
 * A thread can be terminated between any two of these steps. What it leaves, and what becomes of it:
 *   the lock                   is taken over after `TAKE_OVER_MS`
 *   a claim, with either tag   counts as expired to whoever holds the lock; its old key was as good as new
 *   a charge without answer    stays charged
 */
import type { Decision } from '@gatewright/policies'
import { type HeldLock, runLocked } from './bucket-lock.ts'
import { isNobodys, PREFERENCE_SHIFT, SHAPE_MASK, SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { toLong } from './long-pair.ts'
import type { Meter } from './meter.ts'
import { Overflow } from './overflow.ts'
import type { UseRegions } from './use-regions.ts'

export interface ClaimRequest {
  readonly meter: Meter
  readonly regions: UseRegions
  /** Its low bits choose the buckets. */
  readonly hashLow: number
  readonly tag: bigint
  /** At least 1. */
  readonly cost: number
}

/** undefined: begin again; the key may have a slot now. */
export function claimSlot(request: ClaimRequest, thread: CounterThread): Decision | undefined {
  const { table } = thread
  const { regions, hashLow } = request
  regions.settle()
  return runLocked(table, table.lockAt(regions.homeOf(hashLow)), (lock) =>
    regions.hold() ? chargeUnderLock(request, lock, thread) : undefined,
  )
}

/** How things stand for a key without a slot; charges and claims nothing. */
export function peekUnslotted({ meter, regions, hashLow }: ClaimRequest, thread: CounterThread): Decision {
  const nowMs = thread.now()
  const buckets = regions.bucketsOf(hashLow)
  const overflow = new Overflow(thread.table, { buckets, horizonMs: meter.horizonMs, nowMs })
  meter.readFresh(overflow.charged, nowMs)
  return overflow.charged > 0
    ? overflow.toDecision(overflow.charged <= meter.capacity, meter.capacity)
    : meter.toDecision(meter.charge(0), 0)
}

function chargeUnderLock(request: ClaimRequest, lock: HeldLock, thread: CounterThread): Decision | undefined {
  const { meter, regions, hashLow, tag, cost } = request
  const { table } = thread
  const nowMs = thread.now()
  const buckets = regions.bucketsOf(hashLow)
  const slot = findReusable(request, buckets, { table, expiry: thread.expiry, nowMs })
  if (slot === undefined) return undefined
  if (slot.index < 0 && regions.grow()) return undefined

  const overflow = new Overflow(table, { buckets, horizonMs: meter.horizonMs, nowMs })
  if (slot.index < 0 || overflow.charged > 0) table.countOverflow()
  // What was charged to the overflow may all have been this key's.
  meter.readFresh(overflow.charged, nowMs)
  if (!meter.charge(cost)) {
    return overflow.charged > 0 ? overflow.toDecision(false, meter.capacity) : meter.toDecision(false, cost)
  }
  if (slot.index < 0) return overflow.charge(cost) ? overflow.toDecision(true, meter.capacity) : undefined

  const { longs } = table
  const stateAt = table.stateAt(slot.index)
  const claim = toLong(1, lock.ticket)
  const first = toLong(meter.high, meter.low)
  // The old key may have come back since.
  if (Atomics.compareExchange(longs, stateAt, slot.state, claim) !== slot.state) return undefined
  if (!lock.isOurs) return undefined
  Atomics.store(longs, slot.index, tag)
  if (!lock.isOurs) return undefined
  if (Atomics.compareExchange(longs, stateAt, claim, first) !== claim) return undefined
  return meter.toDecision(true, cost)
}

interface Reusable {
  /** -1: all slots are alive. */
  readonly index: number
  readonly state: bigint
}

const NONE: Reusable = { index: -1, state: 0n }
const NO_RANK = 3

/**
 * undefined: the key has got a slot meanwhile. The first without a tag comes before all others, because searches end there;
 * then a fresh one, as an expired one still says what its key owes should the clock step back.
 */
function findReusable(
  { hashLow, tag }: ClaimRequest,
  buckets: readonly number[],
  { table, expiry, nowMs }: Pick<CounterThread, 'table' | 'expiry'> & { nowMs: number },
): Reusable | undefined {
  let reusable = NONE
  const preferred = hashLow >>> PREFERENCE_SHIFT
  for (const bucket of buckets) {
    // The lowest level that has one: so the others empty again.
    let rank = reusable.index < 0 ? NO_RANK : 0
    for (let step = 0; step < SLOTS_PER_BUCKET; step++) {
      const index = bucket + ((preferred + step) & (SLOTS_PER_BUCKET - 1))
      const found = Atomics.load(table.longs, index)
      const state = Atomics.load(table.longs, table.stateAt(index))
      const stateHigh = Number(state >> 32n)
      if (found === tag) {
        const isClaimed = state !== 0n && stateHigh >>> 16 === 0
        if (!isClaimed) return undefined
        // Its owner died on the way: finish for him.
        return { index, state }
      }
      const itsRank = isNobodys(found) ? 0 : state === 0n ? 1 : 2
      if (itsRank >= rank || !expiry.hasExpired(Number(found & SHAPE_MASK), stateHigh, nowMs)) continue
      reusable = { index, state }
      rank = itsRank
    }
  }
  return reusable
}

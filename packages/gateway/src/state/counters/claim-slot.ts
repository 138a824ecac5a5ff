/**
 * Owns the first charge of a key that has no slot: it claims a slot that has expired, or else shares the overflow.
 *
 * All of it happens under the bucket's lock, so that no key is ever given two slots, and none is given a slot without the
 * charges that it may have in the overflow. Charges of keys that have a slot pass by the lock; against them, a slot is
 * taken by compare-and-set: expired state → claim → (tag) → first state.
 *
 * A thread can be terminated between any two of these steps. What it leaves, and what becomes of it:
 *   the lock                   is taken over after `TAKE_OVER_MS`
 *   a claim, with either tag   counts as expired to whoever holds the lock; its old key was as good as new
 *   a charge without answer    stays charged
 */
import type { Decision } from '@gatewright/policies'
import { SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { toLong } from './long-pair.ts'
import type { Meter } from './meter.ts'
import { Overflow } from './overflow.ts'

export interface ClaimRequest {
  readonly meter: Meter
  /** 64-bit index. */
  readonly bucket: number
  readonly tag: bigint
  /** At least 1. */
  readonly cost: number
}

/**
 * The lock is held for about a microsecond. A live thread that sleeps longer than this while it holds it finds out before
 * each of its writes, and begins again.
 */
const TAKE_OVER_MS = 100
const SPINS = 64
const SHAPE_MASK = 0xfffn

/** undefined: begin again; the key may have a slot now. */
export function claimSlot(request: ClaimRequest, thread: CounterThread): Decision | undefined {
  const { table } = thread
  const lockAt = table.lockAt(request.bucket)
  const ticket = table.nextTicket()
  lock(table.words, lockAt, ticket)
  try {
    return chargeUnderLock(request, ticket, thread)
  } finally {
    Atomics.compareExchange(table.words, lockAt, ticket, 0)
  }
}

/** How things stand for a key without a slot; charges and claims nothing. */
export function peekUnslotted({ meter, bucket }: ClaimRequest, thread: CounterThread): Decision {
  const nowMs = thread.now()
  const overflow = new Overflow(thread.table, { bucket, horizonMs: meter.horizonMs, nowMs })
  meter.readFresh(overflow.charged, nowMs)
  return overflow.charged > 0
    ? overflow.toDecision(overflow.charged <= meter.capacity, meter.capacity)
    : meter.toDecision(meter.charge(0), 0)
}

function chargeUnderLock(request: ClaimRequest, ticket: number, thread: CounterThread): Decision | undefined {
  const { meter, bucket, tag, cost } = request
  const { table } = thread
  const nowMs = thread.now()
  const slot = findReusable(request, nowMs, thread)
  if (slot === undefined) return undefined

  const overflow = new Overflow(table, { bucket, horizonMs: meter.horizonMs, nowMs })
  if (slot.index < 0 || overflow.charged > 0) table.countOverflow()
  // What was charged to the overflow may all have been this key's.
  meter.readFresh(overflow.charged, nowMs)
  if (!meter.charge(cost)) {
    return overflow.charged > 0 ? overflow.toDecision(false, meter.capacity) : meter.toDecision(false, cost)
  }
  if (slot.index < 0) return overflow.charge(cost) ? overflow.toDecision(true, meter.capacity) : undefined

  const { words, longs } = table
  const stateAt = table.stateAt(slot.index)
  const claim = toLong(1, ticket)
  const first = toLong(meter.high, meter.low)
  // The old key may have come back since.
  if (Atomics.compareExchange(longs, stateAt, slot.state, claim) !== slot.state) return undefined
  // Nothing that could pause this thread stands between a look at the lock and the write that follows it.
  if (Atomics.load(words, table.lockAt(bucket)) !== ticket) return undefined
  Atomics.store(longs, slot.index, tag)
  if (Atomics.load(words, table.lockAt(bucket)) !== ticket) return undefined
  if (Atomics.compareExchange(longs, stateAt, claim, first) !== claim) return undefined
  return meter.toDecision(true, cost)
}

interface Reusable {
  /** -1: all slots are alive. */
  readonly index: number
  readonly state: bigint
}

const NONE: Reusable = { index: -1, state: 0n }

/** undefined: the key has got a slot meanwhile. */
function findReusable({ bucket, tag }: ClaimRequest, nowMs: number, thread: CounterThread): Reusable | undefined {
  const { table, expiry } = thread
  let reusable = NONE
  for (let index = bucket; index < bucket + SLOTS_PER_BUCKET; index++) {
    const found = Atomics.load(table.longs, index)
    const state = Atomics.load(table.longs, table.stateAt(index))
    const stateHigh = Number(state >> 32n)
    if (found === tag) {
      const isClaimed = state !== 0n && stateHigh >>> 16 === 0
      if (!isClaimed) return undefined
      // Its owner died on the way: finish for him.
      return { index, state }
    }
    if (reusable.index < 0 && expiry.hasExpired(Number(found & SHAPE_MASK), stateHigh, nowMs)) {
      reusable = { index, state }
    }
  }
  return reusable
}

function lock(words: Int32Array, at: number, ticket: number): void {
  let holder = 0
  let sinceMs = 0
  for (let spins = 0; ; spins++) {
    const found = Atomics.compareExchange(words, at, 0, ticket)
    if (found === 0) return
    if (found !== holder) {
      holder = found
      sinceMs = performance.now()
      spins = 0
    }
    if (spins < SPINS) continue
    if (performance.now() - sinceMs > TAKE_OVER_MS && Atomics.compareExchange(words, at, found, ticket) === found)
      return
    // The holder has lost the processor, or is dead. Nobody wakes us: that would cost every holder more than we lose.
    Atomics.wait(words, at, found, 1)
  }
}

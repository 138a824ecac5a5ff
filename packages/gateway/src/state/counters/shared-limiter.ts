/**
 * Owns the path that nearly every request takes: the key has a slot, and one compare-and-set charges it. No locks.
 *
 * Another key may be given the slot at any moment, but only if its state has expired, so:
 *   read tag · read state · read tag again · compare-and-set the state · read tag again
 * A state read in two halves may be torn; then the compare-and-set fails. The second reading of the tag says whose state
 * was read, the third that it was still ours when it was set: it catches a thread that slept between the two while the
 * slot was given away, expired and was cleared. What it charged there stays (too strict for the stranger), and it begins
 * again (not too lax for its own).
 */
import type { Decision, Limiter, LimiterSpec } from '@gatewright/policies'
import { type ClaimRequest, claimSlot, peekUnslotted } from './claim-slot.ts'
import { BUCKET_LONGS, type CounterTable, PREFERENCE_SHIFT, SHAPE_BITS, SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { KeyHasher } from './half-sip-hash.ts'
import { toLong } from './long-pair.ts'
import { checkSpec, type Meter } from './meter.ts'
import { registerShape } from './shapes.ts'
import { SlidingWindow } from './sliding-window.ts'
import { TokenBucket } from './token-bucket.ts'
import { UseRegions } from './use-regions.ts'

export class SharedLimiter implements Limiter {
  readonly #thread: CounterThread
  readonly #table: CounterTable
  readonly #meter: Meter
  readonly #hasher: KeyHasher
  readonly #shape: number
  readonly #regions: UseRegions
  /** The key in hand: set by `#locate`. */
  #hashLow = 0
  #tagLow = 0
  #tagHigh = 0
  /** Its state, as `#read` found it. */
  #readHigh = 0
  #readLow = 0

  constructor(spec: LimiterSpec, thread: CounterThread) {
    checkSpec(spec)
    this.#thread = thread
    this.#table = thread.table
    this.#meter = spec.algorithm === 'token-bucket' ? new TokenBucket(spec) : new SlidingWindow(spec)
    this.#hasher = new KeyHasher(spec.id, thread.table.hashKey)
    this.#shape = registerShape(thread.table, this.#meter.kind, this.#meter.windowMs)
    this.#regions = new UseRegions(thread.table, spec.id)
  }

  /** Synchronous. `cost` is a whole number; 0 charges nothing and tells how things stand. */
  take(key: string, cost: number): Decision {
    if (!(Number.isSafeInteger(cost) && cost >= 0)) throw new RangeError(`A cost of ${cost} cannot be charged`)
    this.#locate(key)
    for (let isThorough = cost === 0; ; isThorough = true) {
      const slot = this.#findSlot(isThorough)
      const decision = slot < 0 ? this.#takeUnslotted(cost) : this.#takeFrom(slot, cost)
      if (decision !== undefined) return decision
    }
  }

  /** What was charged to an overflow stays charged: nobody can tell any more whose it was. */
  giveBack(key: string, cost: number): void {
    if (!(Number.isSafeInteger(cost) && cost >= 0)) throw new RangeError(`A cost of ${cost} cannot be given back`)
    const meter = this.#meter
    this.#locate(key)
    for (;;) {
      const slot = this.#findSlot(true)
      const isRead = slot >= 0 && this.#read(slot)
      if (!isRead) {
        // Whoever is just claiming a slot for it was charged nothing yet.
        if (slot >= 0 ? this.#isClaim : !this.#regions.renew()) return
        continue
      }
      meter.refund(cost)
      if (this.#exchange(slot)) return
    }
  }

  /** undefined: what was read has changed, begin again. */
  #takeFrom(slot: number, cost: number): Decision | undefined {
    const meter = this.#meter
    if (!this.#read(slot)) return this.#isClaim ? this.#takeUnslotted(cost) : undefined
    if (!meter.charge(cost)) {
      // Nothing is written, so nothing would notice a torn reading: check the whole.
      const same = Atomics.load(this.#table.longs, this.#table.stateAt(slot)) === toLong(this.#readHigh, this.#readLow)
      return same ? meter.toDecision(false, cost) : undefined
    }
    if (cost > 0 && !this.#exchange(slot)) return undefined
    return meter.toDecision(true, cost)
  }

  /** What was read is a claim: the key's slot is only being made. */
  get #isClaim(): boolean {
    return this.#readHigh !== 0 && this.#readHigh >>> 16 === 0
  }

  /** Brings our key's state into the meter. */
  #read(slot: number): boolean {
    const words = this.#table.words
    const nowMs = this.#thread.now()
    const at = 2 * this.#table.stateAt(slot)
    const low = Atomics.load(words, at)
    const high = Atomics.load(words, at + 1)
    this.#readHigh = high
    this.#readLow = low
    if (!this.#isOurs(slot) || this.#isClaim) return false
    this.#meter.read(high, low, nowMs)
    return true
  }

  #exchange(slot: number): boolean {
    const table = this.#table
    const before = toLong(this.#readHigh, this.#readLow)
    const after = toLong(this.#meter.high, this.#meter.low)
    const found = Atomics.compareExchange(table.longs, table.stateAt(slot), before, after)
    return found === before && this.#isOurs(slot)
  }

  #takeUnslotted(cost: number): Decision | undefined {
    const request: ClaimRequest = {
      meter: this.#meter,
      regions: this.#regions,
      hashLow: this.#hashLow,
      tag: toLong(this.#tagHigh, this.#tagLow),
      cost,
    }
    if (cost > 0) return claimSlot(request, this.#thread)
    return this.#regions.renew() ? undefined : peekUnslotted(request, this.#thread)
  }

  #locate(key: string): void {
    const hasher = this.#hasher
    hasher.hash(key)
    this.#hashLow = hasher.low
    this.#tagLow = ((hasher.low >>> SHAPE_BITS) << SHAPE_BITS) | this.#shape
    this.#tagHigh = hasher.high
  }

  /** -1: none of the key's buckets has a slot of this key's. */
  #findSlot(isThorough: boolean): number {
    const { at, masks } = this.#regions
    // Of a use with many keys, most stand on the highest level.
    for (let level = at.length - 1; level >= 0; level--) {
      const region = at[level] ?? -1
      if (region < 0) continue
      const slot = this.#findSlotIn(region + (this.#hashLow & (masks[level] ?? 0)) * BUCKET_LONGS, isThorough)
      if (slot >= 0) return slot
    }
    return -1
  }

  /**
   * Keys are put into the first slot that is nobody's, from the one that their hash prefers, so a search ends at such a
   * slot. Only where the sweep began to wipe a bucket, and somebody came back, may there be one before a key: a second,
   * thorough search passes by it.
   */
  #findSlotIn(bucket: number, isThorough: boolean): number {
    const words = this.#table.words
    const tagLow = this.#tagLow
    const preferred = this.#hashLow >>> PREFERENCE_SHIFT
    for (let step = 0; step < SLOTS_PER_BUCKET; step++) {
      const slot = bucket + ((preferred + step) & (SLOTS_PER_BUCKET - 1))
      // Read as plain memory, which is a little faster: what was found is looked at again, what was not found, under the lock.
      const low = words[2 * slot] ?? 0
      const high = words[2 * slot + 1]
      if (low === tagLow && high === this.#tagHigh) return slot
      if (high === 0 && low >>> SHAPE_BITS === 0 && !isThorough) return -1
    }
    return -1
  }

  #isOurs(slot: number): boolean {
    const words = this.#table.words
    return Atomics.load(words, 2 * slot) === this.#tagLow && Atomics.load(words, 2 * slot + 1) === this.#tagHigh
  }
}

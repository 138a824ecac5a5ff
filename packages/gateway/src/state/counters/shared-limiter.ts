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
import { type CounterTable, SHAPE_BITS, SLOTS_PER_BUCKET } from './counter-table.ts'
import type { CounterThread } from './counter-thread.ts'
import { KeyHasher } from './half-sip-hash.ts'
import { toLong } from './long-pair.ts'
import { checkSpec, type Meter } from './meter.ts'
import { registerShape } from './shapes.ts'
import { SlidingWindow } from './sliding-window.ts'
import { TokenBucket } from './token-bucket.ts'

export class SharedLimiter implements Limiter {
  readonly #thread: CounterThread
  readonly #table: CounterTable
  readonly #meter: Meter
  readonly #hasher: KeyHasher
  readonly #shape: number
  /** The key in hand: set by `#locate`. */
  #bucket = 0
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
  }

  /** Synchronous. `cost` is a whole number; 0 charges nothing and tells how things stand. */
  take(key: string, cost: number): Decision {
    if (!(Number.isSafeInteger(cost) && cost >= 0)) throw new RangeError(`A cost of ${cost} cannot be charged`)
    this.#locate(key)
    for (;;) {
      const slot = this.#findSlot()
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
      const slot = this.#findSlot()
      if (slot < 0) return
      if (!this.#read(slot)) continue
      meter.refund(cost)
      if (this.#exchange(slot)) return
    }
  }

  /** undefined: what was read has changed, begin again. */
  #takeFrom(slot: number, cost: number): Decision | undefined {
    const meter = this.#meter
    if (!this.#read(slot)) return undefined
    if (!meter.charge(cost)) {
      // Nothing is written, so nothing would notice a torn reading: check the whole.
      const same = Atomics.load(this.#table.longs, this.#table.stateAt(slot)) === toLong(this.#readHigh, this.#readLow)
      return same ? meter.toDecision(false, cost) : undefined
    }
    if (cost > 0 && !this.#exchange(slot)) return undefined
    return meter.toDecision(true, cost)
  }

  /** Brings our key's state into the meter. */
  #read(slot: number): boolean {
    const words = this.#table.words
    const nowMs = this.#thread.now()
    const at = 2 * this.#table.stateAt(slot)
    const low = Atomics.load(words, at)
    const high = Atomics.load(words, at + 1)
    if (!this.#isOurs(slot)) return false
    this.#readHigh = high
    this.#readLow = low
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
      bucket: this.#bucket,
      tag: toLong(this.#tagHigh, this.#tagLow),
      cost,
    }
    return cost === 0 ? peekUnslotted(request, this.#thread) : claimSlot(request, this.#thread)
  }

  #locate(key: string): void {
    const hasher = this.#hasher
    hasher.hash(key)
    this.#bucket = this.#table.bucketAt(hasher.low)
    this.#tagLow = ((hasher.low >>> SHAPE_BITS) << SHAPE_BITS) | this.#shape
    this.#tagHigh = hasher.high
  }

  /** -1: none of the bucket's slots is this key's, or it is still being claimed. */
  #findSlot(): number {
    const words = this.#table.words
    const tagLow = this.#tagLow
    for (let slot = this.#bucket; slot < this.#bucket + SLOTS_PER_BUCKET; slot++) {
      if (Atomics.load(words, 2 * slot) !== tagLow || !this.#isOurs(slot)) continue
      const at = 2 * this.#table.stateAt(slot)
      const high = Atomics.load(words, at + 1)
      const isClaimed = high !== 0 && high >>> 16 === 0
      return isClaimed ? -1 : slot
    }
    return -1
  }

  #isOurs(slot: number): boolean {
    const words = this.#table.words
    return Atomics.load(words, 2 * slot) === this.#tagLow && Atomics.load(words, 2 * slot + 1) === this.#tagHigh
  }
}

/**
 * Owns the token bucket, as the generic cell rate algorithm (ITU-T I.371 Annex A): what is stored is the moment at which
 * the bucket is full again.
 *
 * State: window 16 bits · part of that window 48 bits, in units of which a token is a power of two and a window `radix`.
 * So a token is a whole number of units whatever the limit, nothing is rounded when it is charged, and a limit of
 * 2^24 − 1 in a second (one token in 59.6 ns) is exact. Only the clock's reading is rounded, to 1/2^23 token or less.
 * A changed limit changes the radix: what a key owes may then be misread by up to half a window, once.
 */
import type { Decision, LimiterSpec } from '@gatewright/policies'
import type { Meter } from './meter.ts'
import { MAX_WINDOW_MS } from './meter.ts'
import { addWindows, toWindowAge, toWindowNumber } from './window-number.ts'

const FRACTION_BITS = 48

export class TokenBucket implements Meter {
  readonly kind = 'token-bucket'
  readonly windowMs: number
  readonly capacity: number
  readonly horizonMs: number
  high = 0
  low = 0
  /** Units in a token, in a window, in a full bucket. */
  readonly #token: number
  readonly #radix: number
  readonly #full: number
  /** Units by which the bucket is not full, and now in units since its window began. */
  #owed = 0
  #now = 0
  #elapsedMs = 0
  #window = 0
  #startMs = Number.NaN
  #number = 0

  constructor({ id, limit, windowMs, burst = limit }: LimiterSpec) {
    // A bucket larger than what refills in a window is counted in windows that are so many times as long: then no state
    // lies further ahead than one window.
    const times = Math.ceil(burst / limit)
    this.windowMs = windowMs * times
    if (this.windowMs > MAX_WINDOW_MS) {
      throw new RangeError(`burst of ${id} is ${burst}: it takes over ${MAX_WINDOW_MS} ms to refill; make it smaller`)
    }
    this.#token = 2 ** Math.floor(FRACTION_BITS - Math.log2(limit * times))
    this.#radix = limit * times * this.#token
    this.#full = burst * this.#token
    this.capacity = burst
    this.horizonMs = this.windowMs
  }

  read(high: number, low: number, nowMs: number): void {
    this.readFresh(0, nowMs)
    const stored = high >>> 16
    if (stored === 0) return
    const fraction = Math.min((high & 0xffff) * 2 ** 32 + (low >>> 0), this.#radix - 1)
    this.#owed = Math.max(0, -toWindowAge(stored, this.#window) * this.#radix + fraction - this.#now)
  }

  readFresh(charged: number, nowMs: number): void {
    let elapsedMs = nowMs - this.#startMs
    if (!(elapsedMs >= 0 && elapsedMs < this.windowMs)) {
      const window = Math.floor(nowMs / this.windowMs)
      this.#startMs = window * this.windowMs
      this.#number = toWindowNumber(window)
      elapsedMs = nowMs - this.#startMs
    }
    this.#window = this.#number
    this.#elapsedMs = elapsedMs
    this.#now = this.#toUnits(elapsedMs)
    this.#owed = charged * this.#token
  }

  charge(cost: number): boolean {
    const owed = this.#owed + cost * this.#token
    if (owed > this.#full) return false
    this.#owed = owed
    this.#write()
    return true
  }

  refund(cost: number): void {
    this.#owed = Math.max(0, this.#owed - cost * this.#token)
    this.#write()
  }

  toDecision(allowed: boolean, cost: number): Decision {
    const needed = allowed ? 1 : Math.max(1, cost)
    const missing = this.#owed + needed * this.#token - this.#full
    return {
      allowed,
      remaining: Math.max(0, Math.floor((this.#full - this.#owed) / this.#token)),
      // A cost above the burst never fits: then what is said is when the bucket is full, and not at once.
      retryAfterMs: missing <= 0 ? 0 : this.#toMs(needed > this.capacity ? this.#owed || this.#radix : missing),
      resetAfterMs: this.#toMs(this.#owed),
    }
  }

  /** Whole milliseconds until the clock's reading, which is rounded to units, has risen by so many. */
  #toMs(units: number): number {
    if (units === 0) return 0
    const until = this.#now + units
    const atMs = ((until - 0.5) / this.#radix) * this.windowMs
    const ms = Math.max(1, Math.ceil(atMs - this.#elapsedMs))
    // Near half a unit the reading then and this one round apart, in the last bit of a double: what is read then counts.
    if (this.#readAfter(ms) < until) return ms + 1
    return ms > 1 && this.#readAfter(ms - 1) >= until ? ms - 1 : ms
  }

  /** What the clock reads so much later, in units since this window began. */
  #readAfter(ms: number): number {
    const atMs = this.#elapsedMs + ms
    const windows = Math.floor(atMs / this.windowMs)
    return windows * this.#radix + this.#toUnits(atMs - windows * this.windowMs)
  }

  #toUnits(elapsedMs: number): number {
    return Math.round((elapsedMs / this.windowMs) * this.#radix)
  }

  #write(): void {
    if (this.#owed === 0) {
      this.high = 0
      this.low = 0
      return
    }
    const full = this.#now + this.#owed
    const windows = Math.floor(full / this.#radix)
    const fraction = full - windows * this.#radix
    this.high = (addWindows(this.#window, windows) << 16) | (fraction / 2 ** 32)
    this.low = (fraction % 2 ** 32) | 0
  }
}

/**
 * Owns the sliding window: charges of this window, plus those of the one before as far as it still reaches into the last
 * `windowMs` (they are taken to be evenly spread).
 *
 * State: window 16 bits · charged in the window before 24 bits · charged in this window 24 bits.
 */
import type { Decision, LimiterSpec } from '@gatewright/policies'
import type { Meter } from './meter.ts'
import { toWindowAge, toWindowNumber } from './window-number.ts'

export class SlidingWindow implements Meter {
  readonly kind = 'sliding-window'
  readonly windowMs: number
  readonly capacity: number
  readonly horizonMs: number
  high = 0
  low = 0
  #window = 0
  #previous = 0
  #current = 0
  /** Until `#current` becomes the previous one. */
  #endsInMs = 0
  /** Start and number of the window that the last reading fell into. */
  #startMs = Number.NaN
  #number = 0

  constructor({ limit, windowMs }: LimiterSpec) {
    this.windowMs = windowMs
    this.capacity = limit
    this.horizonMs = 2 * windowMs
  }

  read(high: number, low: number, nowMs: number): void {
    this.readFresh(0, nowMs)
    const stored = high >>> 16
    if (stored === 0) return
    const age = toWindowAge(stored, this.#window)
    if (age > 1) return
    const current = low & 0xff_ffff
    if (age === 1) {
      this.#previous = current
      return
    }
    // Ahead of our clock: another thread has read a later time. Its window is just beginning for us, which is the
    // strictest way to see it.
    this.#endsInMs -= age * this.windowMs
    this.#window = stored
    this.#previous = ((high & 0xffff) << 8) | (low >>> 24)
    this.#current = current
  }

  readFresh(charged: number, nowMs: number): void {
    let elapsedMs = Math.floor(nowMs - this.#startMs)
    if (!(elapsedMs >= 0 && elapsedMs < this.windowMs)) {
      const window = Math.floor(nowMs / this.windowMs)
      this.#startMs = window * this.windowMs
      this.#number = toWindowNumber(window)
      elapsedMs = Math.floor(nowMs - this.#startMs)
    }
    this.#window = this.#number
    this.#previous = 0
    this.#current = charged
    this.#endsInMs = this.windowMs - elapsedMs
  }

  charge(cost: number): boolean {
    if (this.#used() + cost > this.capacity) return false
    this.#current += cost
    this.#write()
    return true
  }

  /** From this window first. Who gives back after his window has passed may be given up to `cost` too much, once. */
  refund(cost: number): void {
    const now = Math.min(cost, this.#current)
    this.#current -= now
    this.#previous -= Math.min(cost - now, this.#previous)
    this.#write()
  }

  toDecision(allowed: boolean, cost: number): Decision {
    const remaining = Math.max(0, this.capacity - this.#used())
    const needed = allowed ? 1 : Math.max(1, cost)
    return {
      allowed,
      remaining,
      retryAfterMs: remaining >= needed ? 0 : this.#untilFits(needed),
      resetAfterMs: this.#current > 0 ? this.#endsInMs + this.windowMs : this.#previous > 0 ? this.#endsInMs : 0,
    }
  }

  /** Rounded up: a part of a request counts as one. */
  #used(): number {
    if (this.#previous === 0) return this.#current
    return this.#current + this.#weigh(this.#previous, Math.min(this.windowMs, this.#endsInMs))
  }

  #weigh(charged: number, leftMs: number): number {
    return Math.ceil((charged * leftMs) / this.windowMs)
  }

  #untilFits(needed: number): number {
    const { windowMs, capacity } = this
    const room = capacity - this.#current - needed
    if (room >= 0) {
      const leftMs = this.#mostLeft(this.#previous, room)
      if (leftMs > 0) return this.#endsInMs - leftMs
    }
    // Not in this window. In the next, this one's charges are the previous ones; a cost above the limit never fits.
    const nextRoom = Math.max(0, capacity - needed)
    return this.#endsInMs + windowMs - this.#mostLeft(this.#current, nextRoom)
  }

  /** The longest rest of a window, in whole milliseconds, at which `charged` weighs no more than `room`. */
  #mostLeft(charged: number, room: number): number {
    if (charged <= room) return this.windowMs
    const leftMs = Math.floor((room * this.windowMs) / charged)
    return this.#weigh(charged, leftMs) > room ? leftMs - 1 : leftMs
  }

  #write(): void {
    if (this.#previous === 0 && this.#current === 0) {
      this.high = 0
      this.low = 0
      return
    }
    this.high = (this.#window << 16) | (this.#previous >>> 8)
    this.low = (this.#previous << 24) | this.#current
  }
}

/**
 * Owns what keys without a slot share: one count for the bucket and the class of their windows. It never slides and is
 * forgotten as a whole, when the last charge in it is as old as the longest window of those charged. So whoever is
 * counted here is counted with all others here, longer than he should be: too strict, never too lax.
 */
import type { Decision } from '@gatewright/policies'
import { type CounterTable, OVERFLOW_CLASSES } from './counter-table.ts'
import { toLong } from './long-pair.ts'

/** Upper ends of the classes: limits by the second, by the minute, by the hour, and longer. */
const CLASS_ENDS_MS = [10_000, 600_000, 36_000_000]

/** 40 bits of milliseconds: 34 years of one process. */
const MAX_EXPIRY = 2 ** 40 - 1

export interface OverflowReading {
  /** 64-bit index. */
  readonly bucket: number
  readonly horizonMs: number
  readonly nowMs: number
}

/** One reading of one overflow. */
export class Overflow {
  charged = 0
  readonly #table: CounterTable
  readonly #at: number
  readonly #horizonMs: number
  readonly #nowMs: number
  #expiryMs = 0
  readonly #state: bigint

  constructor(table: CounterTable, { bucket, horizonMs, nowMs }: OverflowReading) {
    this.#table = table
    this.#horizonMs = horizonMs
    // A clock that stepped back to before the table began makes charges live longer, not shorter.
    this.#nowMs = Math.max(0, nowMs - table.epochMs)
    const ended = CLASS_ENDS_MS.findIndex((endMs) => horizonMs <= endMs)
    this.#at = table.overflowAt(bucket, ended < 0 ? OVERFLOW_CLASSES - 1 : ended)
    this.#state = Atomics.load(table.longs, this.#at)
    const bits = BigInt.asUintN(64, this.#state)
    this.#expiryMs = Number(bits >> 24n)
    if (this.#expiryMs > this.#nowMs) this.charged = Number(bits & 0xff_ffffn)
  }

  /** `cost` fits into the limit of whom it is for: the caller has checked. False: it was changed meanwhile. */
  charge(cost: number): boolean {
    const ownMs = Math.min(MAX_EXPIRY, Math.ceil(this.#nowMs + this.#horizonMs))
    const expiryMs = this.charged > 0 ? Math.max(this.#expiryMs, ownMs) : ownMs
    const charged = this.charged + cost
    const state = toLong(Math.floor(expiryMs / 2 ** 8) | 0, ((expiryMs % 2 ** 8) << 24) | charged)
    if (Atomics.compareExchange(this.#table.longs, this.#at, this.#state, state) !== this.#state) return false
    this.charged = charged
    this.#expiryMs = expiryMs
    return true
  }

  toDecision(allowed: boolean, capacity: number): Decision {
    const remaining = Math.max(0, capacity - this.charged)
    const resetAfterMs = Math.max(1, Math.ceil(this.#expiryMs - this.#nowMs))
    return { allowed, remaining, retryAfterMs: allowed && remaining > 0 ? 0 : resetAfterMs, resetAfterMs }
  }
}

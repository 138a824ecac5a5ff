/**
 * Owns what keys without a slot share: one count for the bucket and the class of their windows, on the highest level that
 * their use had a region on; what was charged before it grew stands on a lower one, and counts as well. It never slides and is
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
  /** 64-bit indexes, a bucket on each level. */
  readonly buckets: readonly number[]
  readonly horizonMs: number
  readonly nowMs: number
}

/** One reading of the overflow of one key. */
export class Overflow {
  charged = 0
  readonly #table: CounterTable
  readonly #horizonMs: number
  readonly #nowMs: number
  #expiryMs = 0
  /** Of the highest level, where charges go. */
  #at = -1
  #state = 0n
  #chargedThere = 0

  constructor(table: CounterTable, { buckets, horizonMs, nowMs }: OverflowReading) {
    this.#table = table
    this.#horizonMs = horizonMs
    this.#nowMs = toTableTime(table, nowMs)
    const ended = CLASS_ENDS_MS.findIndex((endMs) => horizonMs <= endMs)
    for (const bucket of buckets) {
      this.#at = table.overflowAt(bucket, ended < 0 ? OVERFLOW_CLASSES - 1 : ended)
      this.#state = Atomics.load(table.longs, this.#at)
      const { expiryMs, charged } = parseOverflow(this.#state)
      const isAlive = expiryMs > this.#nowMs
      this.#chargedThere = isAlive ? charged : 0
      this.charged += this.#chargedThere
      if (isAlive) this.#expiryMs = Math.max(this.#expiryMs, expiryMs)
    }
  }

  /** `cost` fits into the limit of whom it is for: the caller has checked. False: it was changed meanwhile. */
  charge(cost: number): boolean {
    const ownMs = Math.min(MAX_EXPIRY, Math.ceil(this.#nowMs + this.#horizonMs))
    const expiryMs = Math.max(this.#expiryMs, ownMs)
    const charged = this.#chargedThere + cost
    const state = toLong(Math.floor(expiryMs / 2 ** 8) | 0, ((expiryMs % 2 ** 8) << 24) | charged)
    if (Atomics.compareExchange(this.#table.longs, this.#at, this.#state, state) !== this.#state) return false
    this.charged += cost
    this.#expiryMs = expiryMs
    return true
  }

  toDecision(allowed: boolean, capacity: number): Decision {
    const remaining = Math.max(0, capacity - this.charged)
    const resetAfterMs = Math.max(1, Math.ceil(this.#expiryMs - this.#nowMs))
    return { allowed, remaining, retryAfterMs: allowed && remaining > 0 ? 0 : resetAfterMs, resetAfterMs }
  }
}

/** Whether anybody may still have a charge in one of this bucket's. */
export function hasLiveOverflow(table: CounterTable, bucket: number, nowMs: number): boolean {
  for (let at = table.overflowAt(bucket, 0); at < table.overflowAt(bucket, OVERFLOW_CLASSES); at++) {
    if (parseOverflow(Atomics.load(table.longs, at)).expiryMs > toTableTime(table, nowMs)) return true
  }
  return false
}

/** A clock that stepped back to before the table began makes charges live longer, not shorter. */
function toTableTime(table: CounterTable, nowMs: number): number {
  return Math.max(0, nowMs - table.epochMs)
}

function parseOverflow(state: bigint): { expiryMs: number; charged: number } {
  const bits = BigInt.asUintN(64, state)
  return { expiryMs: Number(bits >> 24n), charged: Number(bits & 0xff_ffffn) }
}

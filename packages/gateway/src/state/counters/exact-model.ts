/**
 * Owns the plain truth that counters are tested against: whole numbers without limits, one map, no cleverness. A clock
 * that stepped back is taken to stand still, per key.
 */
import type { LimiterSpec } from '@gatewright/policies'

interface Charge {
  readonly cost: number
  readonly window: bigint
}

/** Says whether a charge would fit, and keeps those that the implementation allowed. */
export class ExactModel {
  readonly #spec: LimiterSpec
  readonly #charges = new Map<string, Charge[]>()
  readonly #fullAt = new Map<string, bigint>()
  readonly #latest = new Map<string, number>()

  constructor(spec: LimiterSpec) {
    this.#spec = spec
  }

  fits(key: string, cost: number, nowMs: number): boolean {
    const now = Math.max(nowMs, this.#latest.get(key) ?? 0)
    return this.#spec.algorithm === 'token-bucket' ? this.#fitsBucket(key, cost, now) : this.#fitsWindow(key, cost, now)
  }

  charge(key: string, cost: number, nowMs: number): void {
    const now = Math.max(nowMs, this.#latest.get(key) ?? 0)
    this.#latest.set(key, now)
    if (this.#spec.algorithm === 'token-bucket') {
      const start = this.#bucketStart(key, now)
      this.#fullAt.set(key, start + BigInt(cost) * BigInt(this.#spec.windowMs))
    } else {
      const charges = this.#charges.get(key) ?? []
      charges.push({ cost, window: BigInt(now) / BigInt(this.#spec.windowMs) })
      this.#charges.set(key, charges)
    }
  }

  #fitsWindow(key: string, cost: number, nowMs: number): boolean {
    const width = BigInt(this.#spec.windowMs)
    const window = BigInt(nowMs) / width
    const left = width - (BigInt(nowMs) % width)
    const sum = (of: bigint) =>
      (this.#charges.get(key) ?? []).reduce(
        (total, charge) => total + (charge.window === of ? BigInt(charge.cost) : 0n),
        0n,
      )
    const used = sum(window) * width + sum(window - 1n) * left
    return used + BigInt(cost) * width <= BigInt(this.#spec.limit) * width
  }

  // Time is counted in 1/limit of a millisecond: then a token is `windowMs` of them.
  #fitsBucket(key: string, cost: number, nowMs: number): boolean {
    const { windowMs, limit, burst = limit } = this.#spec
    const owed = this.#bucketStart(key, nowMs) - BigInt(nowMs) * BigInt(limit)
    return owed + BigInt(cost) * BigInt(windowMs) <= BigInt(burst) * BigInt(windowMs)
  }

  #bucketStart(key: string, nowMs: number): bigint {
    const now = BigInt(nowMs) * BigInt(this.#spec.limit)
    const fullAt = this.#fullAt.get(key) ?? 0n
    return fullAt > now ? fullAt : now
  }
}

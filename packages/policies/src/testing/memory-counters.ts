/** Owns limits in tests: exact, in one process, on the test's clock. */
import type { Clock, Counters, Decision, Limiter, LimiterSpec } from '../services.ts'

export class MemoryCounters implements Counters {
  readonly #clock: Clock
  readonly #limiters = new Map<string, Limiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Equal ids share their state, whatever else their specs say: the first one made counts. */
  limiter(spec: LimiterSpec): Limiter {
    const known = this.#limiters.get(spec.id)
    if (known !== undefined) return known
    const limiter =
      spec.algorithm === 'token-bucket' ? new TokenBuckets(spec, this.#clock) : new SlidingLogs(spec, this.#clock)
    this.#limiters.set(spec.id, limiter)
    return limiter
  }
}

interface Bucket {
  tokens: number
  atMs: number
}

class TokenBuckets implements Limiter {
  readonly #burst: number
  readonly #tokensPerMs: number
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor({ limit, windowMs, burst = limit }: LimiterSpec, clock: Clock) {
    this.#burst = burst
    this.#tokensPerMs = limit / windowMs
    this.#clock = clock
  }

  take(key: string, cost: number): Decision {
    const bucket = this.#refill(key)
    const allowed = bucket.tokens >= cost
    if (allowed) bucket.tokens -= cost
    return {
      allowed,
      remaining: Math.floor(bucket.tokens),
      retryAfterMs: Math.max(0, (cost - bucket.tokens) / this.#tokensPerMs),
      resetAfterMs: (this.#burst - bucket.tokens) / this.#tokensPerMs,
    }
  }

  giveBack(key: string, cost: number): void {
    const bucket = this.#refill(key)
    bucket.tokens = Math.min(this.#burst, bucket.tokens + cost)
  }

  #refill(key: string): Bucket {
    const nowMs = this.#clock.monotonicMs()
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, atMs: nowMs }
      this.#buckets.set(key, bucket)
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) * this.#tokensPerMs)
    bucket.atMs = nowMs
    return bucket
  }
}

/** Remembers the time of every charge: what real counters estimate, exactly. */
class SlidingLogs implements Limiter {
  readonly #limit: number
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #charges = new Map<string, number[]>()

  constructor({ limit, windowMs }: LimiterSpec, clock: Clock) {
    this.#limit = limit
    this.#windowMs = windowMs
    this.#clock = clock
  }

  take(key: string, cost: number): Decision {
    const nowMs = this.#clock.monotonicMs()
    const charges = (this.#charges.get(key) ?? []).filter((atMs) => atMs > nowMs - this.#windowMs)
    this.#charges.set(key, charges)
    const allowed = charges.length + cost <= this.#limit
    if (allowed) for (let i = 0; i < cost; i++) charges.push(nowMs)
    const over = charges.length + cost - this.#limit
    return {
      allowed,
      remaining: this.#limit - charges.length,
      retryAfterMs: over <= 0 ? 0 : this.#untilGone(charges[over - 1], nowMs),
      resetAfterMs: this.#untilGone(charges.at(-1), nowMs),
    }
  }

  giveBack(key: string, cost: number): void {
    const charges = this.#charges.get(key) ?? []
    charges.length = Math.max(0, charges.length - cost)
  }

  #untilGone(atMs: number | undefined, nowMs: number): number {
    return atMs === undefined ? 0 : atMs + this.#windowMs - nowMs
  }
}

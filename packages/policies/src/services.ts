/** Owns the ports through which policies reach the world: nothing else may. Each is a fake in a policy's test. */
import type { MaybePromise } from './maybe-promise.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds that only go up. */
  monotonicMs(): number
  /** Calls once after at least so long; returns how to call it off. */
  after(delayMs: number, call: () => void): () => void
}

export interface LimiterSpec {
  /** Whose state this is: equal ids share counters, across threads and across reloads. */
  readonly id: string
  readonly algorithm: 'sliding-window' | 'token-bucket'
  /** Requests in one window, or tokens that refill over one window; up to 2^24 − 1. */
  readonly limit: number
  readonly windowMs: number
  /** Token bucket: how many may be spent at once; the limit, if absent. */
  readonly burst?: number
}

export interface Decision {
  readonly allowed: boolean
  /** What is left now, in requests. */
  readonly remaining: number
  /** Until one more could be allowed; 0 if one is now. */
  readonly retryAfterMs: number
  /** Until the full limit is available again. */
  readonly resetAfterMs: number
}

export interface Limiter {
  /** Charges `cost` if all of it fits, else charges nothing. */
  take(key: string, cost: number): MaybePromise<Decision>
  /** Takes a charge back: the request was refused elsewhere. */
  giveBack(key: string, cost: number): void
}

export interface Counters {
  limiter(spec: LimiterSpec): Limiter
}

export interface KeyFacts {
  readonly app: string
  readonly plan: string | undefined
  /** SHA-256 of the key, lower-case hex: names it without being it. */
  readonly hash: string
}

export type KeyLookup =
  | { readonly found: true; readonly key: KeyFacts }
  | { readonly found: false; readonly why: 'unknown' | 'disabled' | 'expired' | 'not-yet-valid' }

export interface Credentials {
  /** Never leaves the process. */
  lookUp(key: string): KeyLookup
}

export interface Log {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
}

export interface PolicyServices {
  readonly clock: Clock
  readonly counters: Counters
  readonly credentials: Credentials
  readonly log: Log
  /** Whom state belongs to: the use's `id`, else scope + policy + ordinal. Survives reloads. */
  readonly useId: string
  /** `environment` and `variables` of the snapshot, for expressions. */
  readonly variables: Readonly<Record<string, string>>
}

/** Owns the door of the shared counters: main creates the table, every thread opens it. */
import type { Counters, LimiterSpec } from '@gatewright/policies'
import { type CountersDescriptor, CounterTable } from './counter-table.ts'
import { Expiry } from './shapes.ts'
import { createSharedClock } from './shared-clock.ts'
import { SharedLimiter } from './shared-limiter.ts'
import { sweepTable } from './sweep.ts'

export { type CountersDescriptor, createSharedCounters, type Level } from './counter-table.ts'
export { SWEEP_INTERVAL_MS } from './sweep.ts'

export interface SharedCounters extends Counters {
  /**
   * Equal ids with the same algorithm and window share counts, whatever their limits: a changed limit keeps what was
   * counted, a changed window begins anew. Throws a `RangeError` for a limit, burst or window that cannot be counted.
   */
  limiter(spec: LimiterSpec): SharedLimiter
  /** Main's duty, every `SWEEP_INTERVAL_MS`, and nobody else's; returns how many keys are alive. */
  sweep(): number
  /** How often a key found its bucket full, since the start (modulo 2^32): a metric. */
  overflowCount(): number
}

export interface OpenCountersOptions {
  /** Epoch milliseconds. Default: the clock that all threads share. */
  readonly now?: () => number
}

/** Opens the table in this thread; every thread opens it once. */
export function openCounters(descriptor: CountersDescriptor, options: OpenCountersOptions = {}): SharedCounters {
  const table = new CounterTable(descriptor)
  const expiry = new Expiry(table)
  const now = options.now ?? createSharedClock(descriptor)
  return {
    limiter: (spec) => new SharedLimiter(spec, { table, expiry, now }),
    sweep: () => sweepTable({ table, expiry, now }),
    overflowCount: () => table.overflowCount(),
  }
}

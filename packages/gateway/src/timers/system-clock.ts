/** Owns the real clock, for policies. */
import type { Clock } from '@gatewright/policies'

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, call) {
      const timer = setTimeout(call, delayMs)
      return () => clearTimeout(timer)
    },
  }
}

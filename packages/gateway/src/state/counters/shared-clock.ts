/**
 * Owns the time that counters go by: epoch milliseconds as they were when the table was made, advanced by the monotonic
 * clock of the machine. All threads read the same one to within microseconds, and no step of the wall clock (NTP, an
 * operator, a leap second) opens or shuts a window.
 */

/** One instant, on both clocks. */
export interface ClockOrigin {
  /** What the wall clock said: windows begin at its whole multiples. */
  readonly epochMs: number
  /** The machine's monotonic clock, which all threads share. */
  readonly monotonicMs: number
}

/** The machine's monotonic clock. `performance.now()` starts anew in each thread, this does not. */
export function readMonotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** Milliseconds with fractions; costs what `performance.now()` costs. */
export function createSharedClock({ epochMs, monotonicMs }: ClockOrigin): () => number {
  // A thread may lose the processor between the two readings: of eight attempts the tightest counts.
  let offsetMs = 0
  let narrowestMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 8; attempt++) {
    const before = performance.now()
    const monotonic = readMonotonicMs()
    const after = performance.now()
    if (after - before >= narrowestMs) continue
    narrowestMs = after - before
    offsetMs = monotonic - (before + after) / 2
  }
  const base = epochMs - monotonicMs + offsetMs
  return () => base + performance.now()
}

/** Owns time in a rehearsal: it stands still until what waits for it is all that is left to do. */
import type { Clock } from '@gatewright/policies'

interface Timer {
  readonly dueAtMs: number
  readonly call: () => void
}

/** Longer than any window that a policy counts in (a day): nothing of one case is left in the next. */
const BETWEEN_CASES_MS = 7 * 86_400_000

export class RehearsalClock implements Clock {
  readonly #usualStartMs: number
  #startMs: number
  /** Since the case began. */
  #elapsedMs = 0
  /** Of all cases before. */
  #earlierMs = 0
  #timers: Timer[] = []

  /** `startMs`: what the wall clock says when a case begins, in milliseconds since the epoch. */
  constructor(startMs: number) {
    this.#usualStartMs = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#earlierMs + this.#elapsedMs
  }

  after(delayMs: number, call: () => void): () => void {
    const timer: Timer = { dueAtMs: this.#elapsedMs + delayMs, call }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** A new case: the wall clock begins again, there or where it usually does, and what was waited for is forgotten. */
  restart(startMs = this.#usualStartMs): void {
    this.#earlierMs += this.#elapsedMs + BETWEEN_CASES_MS
    this.#startMs = startMs
    this.#elapsedMs = 0
    this.#timers = []
  }

  /** Moves on by so much, calling on the way what falls due. */
  advance(byMs: number): void {
    const untilMs = this.#elapsedMs + byMs
    while (this.#callNext(untilMs)) {
      // Each call may set the next timer.
    }
    this.#elapsedMs = untilMs
  }

  /** Moves on to the next timer and calls it. False: nothing waits for time to pass. */
  skip(): boolean {
    return this.#callNext(Number.POSITIVE_INFINITY)
  }

  #callNext(untilMs: number): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= untilMs && (next === undefined || timer.dueAtMs < next.dueAtMs)) next = timer
    }
    if (next === undefined) return false
    this.#timers.splice(this.#timers.indexOf(next), 1)
    this.#elapsedMs = Math.max(this.#elapsedMs, next.dueAtMs)
    next.call()
    return true
  }
}

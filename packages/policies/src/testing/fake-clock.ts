/** Owns time in tests: it stands still until a test moves it. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../services.ts'

interface Timer {
  readonly dueAtMs: number
  readonly call: () => void
}

export class FakeClock implements Clock {
  readonly #startMs: number
  #elapsedMs = 0
  #timers: Timer[] = []

  /** `startMs`: milliseconds since the epoch; a round number in 2026 if absent. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs
  }

  now(): number {
    return this.#startMs + this.#elapsedMs
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  after(delayMs: number, call: () => void): () => void {
    const timer: Timer = { dueAtMs: this.#elapsedMs + delayMs, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** How many timers still wait: a policy that calls off what it set leaves none. */
  get pending(): number {
    return this.#timers.length
  }

  /** Moves time, calling what falls due in order; promises settle before and after each call. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + byMs
    await settle()
    for (let timer = this.#findDue(untilMs); timer !== undefined; timer = this.#findDue(untilMs)) {
      const due = timer
      this.#timers = this.#timers.filter((other) => other !== due)
      this.#elapsedMs = Math.max(this.#elapsedMs, due.dueAtMs)
      due.call()
      await settle()
    }
    this.#elapsedMs = untilMs
  }

  #findDue(untilMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= untilMs && (first === undefined || timer.dueAtMs < first.dueAtMs)) first = timer
    }
    return first
  }
}

/** A turn of the event loop: every promise that can settle without time passing has settled. */
async function settle(): Promise<void> {
  await setImmediate()
}

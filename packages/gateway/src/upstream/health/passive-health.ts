/** Owns what a thread learns of targets from its own traffic: one that fails again and again is left out for a while. */
import type { PassiveHealth } from '@gatewright/model'
import type { DeadlineWheel, Timed } from '../../timers/deadline-wheel.ts'
import type { ResultListener } from '../result-listener.ts'
import type { TargetRuntime } from '../target.ts'

interface PassiveHealthParts {
  /** All targets of the upstream: their number bounds how many may be out. */
  readonly targets: readonly TargetRuntime[]
  readonly wheel: DeadlineWheel
  readonly now: () => number
  /** A target was left out. */
  readonly onEjected: (target: TargetRuntime) => void
  /** Its time is over. */
  readonly onReturned: (target: TargetRuntime) => void
}

export class PassiveHealthWatch implements ResultListener {
  readonly #options: PassiveHealth
  readonly #parts: PassiveHealthParts
  readonly #statuses: ReadonlySet<number>

  constructor(options: PassiveHealth, parts: PassiveHealthParts) {
    this.#options = options
    this.#parts = parts
    this.#statuses = new Set(options.statuses)
  }

  onResult(target: TargetRuntime, status: number): void {
    if (this.#statuses.has(status)) this.onFailure(target)
    else target.failuresInARow = 0
  }

  onFailure(target: TargetRuntime): void {
    // Answers to what was sent before it was left out say nothing new.
    if (target.isEjected) return
    target.failuresInARow++
    if (target.failuresInARow < this.#options.failures || !this.#mayEject()) return
    const { wheel, now, onEjected, onReturned } = this.#parts
    target.isEjected = true
    target.failuresInARow = 0
    wheel.set(new Return(target, onReturned), this.#options.ejectMs, now())
    onEjected(target)
  }

  /** Whoever left them out: what is too much for the rest is too much, however it came about. */
  #mayEject(): boolean {
    const { targets } = this.#parts
    let out = 1
    for (const target of targets) if (target.isOut) out++
    return out * 100 <= this.#options.maxEjectedPercent * targets.length
  }
}

/** The end of an ejection. */
class Return implements Timed {
  deadlineAtMs = Number.POSITIVE_INFINITY
  slotAtMs = 0
  slotPlace = 0
  readonly #target: TargetRuntime
  readonly #onReturned: (target: TargetRuntime) => void

  constructor(target: TargetRuntime, onReturned: (target: TargetRuntime) => void) {
    this.#target = target
    this.#onReturned = onReturned
  }

  onDeadline(): void {
    this.#target.isEjected = false
    this.#onReturned(this.#target)
  }
}

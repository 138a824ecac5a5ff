/** Owns how many retries are too many: an upstream that is down must not get several times its usual load. */
import type { Clock } from '../services.ts'

/** The window slides in steps: ten seconds, one slot each. Long enough to smooth bursts, short enough to recover with the upstream. */
const SLOTS = 10
const SLOT_MS = 1000

export class RetryBudget {
  readonly #clock: Clock
  readonly #percent: number
  readonly #minimum: number
  readonly #requests = new Float64Array(SLOTS)
  readonly #retries = new Float64Array(SLOTS)
  #slot = 0

  /** `minimum`: retries that a window has room for even without requests, so that a quiet API retries too. */
  constructor(clock: Clock, { percent, minimum }: { percent: number; minimum: number }) {
    this.#clock = clock
    this.#percent = percent
    this.#minimum = minimum
  }

  countRequest(): void {
    const at = this.#turn()
    this.#requests[at] = (this.#requests[at] ?? 0) + 1
  }

  /** Charges one retry if there is room. */
  take(): boolean {
    const at = this.#turn()
    const room = Math.max(this.#minimum, (sum(this.#requests) * this.#percent) / 100)
    if (sum(this.#retries) + 1 > room) return false
    this.#retries[at] = (this.#retries[at] ?? 0) + 1
    return true
  }

  /** Clears the slots that time has passed since the last look; answers the index of the current one. */
  #turn(): number {
    const slot = Math.floor(this.#clock.monotonicMs() / SLOT_MS)
    const passed = Math.min(SLOTS, slot - this.#slot)
    for (let i = 0; i < passed; i++) {
      const at = (slot - i) % SLOTS
      this.#requests[at] = 0
      this.#retries[at] = 0
    }
    this.#slot = slot
    return slot % SLOTS
  }
}

function sum(slots: Float64Array): number {
  let total = 0
  for (const count of slots) total += count
  return total
}

/** Owns when something is done that need not be done each time: at once while it is quick, and else no longer than a small part of the time. */

/** Nobody waits for so little. */
const QUICK_MS = 50
/** What takes longer rests so many times as long. */
const REST_TIMES = 20

interface PacedWorkOptions {
  /** The monotonic clock. */
  readonly now?: () => number
}

export class PacedWork {
  readonly #now: () => number
  #due: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #notBeforeMs = 0

  constructor({ now = () => performance.now() }: PacedWorkOptions = {}) {
    this.#now = now
  }

  /** Of several that come while it rests, the last one is done. */
  do(work: () => void): void {
    this.#due = work
    const waitMs = this.#notBeforeMs - this.#now()
    if (waitMs <= 0) this.finish()
    else this.#timer ??= setTimeout(() => this.finish(), waitMs).unref()
  }

  /** What waits is done now. */
  finish(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const work = this.#due
    this.#due = undefined
    if (work === undefined) return
    const beganMs = this.#now()
    work()
    const tookMs = this.#now() - beganMs
    this.#notBeforeMs = tookMs <= QUICK_MS ? 0 : beganMs + tookMs * REST_TIMES
  }
}

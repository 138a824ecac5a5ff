/**
 * Owns how much work for nothing a peer may make us do: one bucket of tokens, a price for each thing that costs us more than the
 * peer, and a refill by time and by real work.
 *
 * The measure is a stream reset before its answer ended (CVE-2023-44487): 1000 at once and 33 a second, as Node allows. A browser
 * that leaves a page resets a hundred, and gRPC sends a PING for each round trip in which data came: far below, or paid by the data.
 */

/** In tokens. */
export const PRICES = {
  /** The peer resets a stream whose answer has not ended, or makes us reset one by a fault of its own (CVE-2025-8671). */
  reset: 10,
  /** A stream above the limit. */
  refused: 5,
  /** Answered by a frame of ours. */
  ping: 10,
  settings: 20,
  /** Frames that bring nothing (CVE-2019-9518), or come for a stream that is over. */
  empty: 10,
  late: 5,
  lateData: 1,
  /** A header block in pieces (CVE-2024-27316). */
  continuation: 5,
  windowUpdate: 2,
  /** Priorities, and whatever else we ignore. */
  ignored: 4,
} as const

/** In tokens. */
export const EARNINGS = {
  /** A message that ended in order pays for the priorities and window updates that came with it. */
  message: 20,
  /** A DATA frame that we send, and that is no crumb of one (CVE-2019-9511), pays for a PING and two window updates. */
  data: 14,
} as const

const MOST_TOKENS = 1000 * PRICES.reset
const TOKENS_PER_MS = (33 * PRICES.reset) / 1000

export class FloodGuard {
  #tokens = MOST_TOKENS
  #filledAtMs: number
  readonly #now: () => number

  /** `now` is monotonic, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now
    this.#filledAtMs = now()
  }

  /** False: it is too much. */
  charge(price: number): boolean {
    this.#tokens -= price
    if (this.#tokens >= 0) return true
    // The clock is asked only when it matters.
    const nowMs = this.#now()
    this.earn((nowMs - this.#filledAtMs) * TOKENS_PER_MS)
    this.#filledAtMs = nowMs
    return this.#tokens >= 0
  }

  earn(tokens: number): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + tokens)
  }
}

/** Owns the least rate at which a request body must arrive: looked at over periods, and only while it is read. */

/** A stall of a few seconds is a bad network; a body that brings less than the rate over all of it is an attack. */
const RATE_PERIOD_MS = 5_000

export class BodyRate {
  readonly periodMs: number
  readonly #leastBytes: number
  #bytesAtStart = 0

  constructor(bytesPerSecond: number, periodMs = RATE_PERIOD_MS) {
    this.periodMs = periodMs
    this.#leastBytes = (bytesPerSecond * periodMs) / 1000
  }

  /** Of messages that come when they come, as long as one does in every such period. */
  static ofMessages(silenceMs: number): BodyRate {
    // One octet in each.
    return new BodyRate(1000 / silenceMs, silenceMs)
  }

  get isWatched(): boolean {
    return this.#leastBytes > 0
  }

  /** A period begins; `bytesRead`: of the socket or the body, so far. */
  begin(bytesRead: number): void {
    this.#bytesAtStart = bytesRead
  }

  isTooSlow(bytesRead: number): boolean {
    return bytesRead - this.#bytesAtStart < this.#leastBytes
  }
}

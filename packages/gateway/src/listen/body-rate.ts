/** Owns the least rate at which a request body must arrive: looked at over periods, and only while it is read. */

/** A stall of a few seconds is a bad network; a body that brings less than the rate over all of it is an attack. */
export const RATE_PERIOD_MS = 5_000

export class BodyRate {
  readonly #leastBytes: number
  #bytesAtStart = 0

  constructor(bytesPerSecond: number) {
    this.#leastBytes = (bytesPerSecond * RATE_PERIOD_MS) / 1000
  }

  get isWatched(): boolean {
    return this.#leastBytes > 0
  }

  /** A period begins; `bytesRead`: of the socket, so far. */
  begin(bytesRead: number): void {
    this.#bytesAtStart = bytesRead
  }

  isTooSlow(bytesRead: number): boolean {
    return bytesRead - this.#bytesAtStart < this.#leastBytes
  }
}

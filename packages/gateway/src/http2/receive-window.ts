/** Owns one flow-control window towards us (RFC 9113 §5.2): what the peer may still send, what was read and not taken, and when it gets more. */

export class ReceiveWindow {
  /** Octets that came and that nobody has taken. */
  unreadBytes = 0
  #leftBytes: number
  #sizeBytes: number
  readonly #mostBytes: number
  /** Taken, and not given back yet. */
  #owedBytes = 0

  constructor(sizeBytes: number, mostBytes: number) {
    this.#leftBytes = sizeBytes
    this.#sizeBytes = sizeBytes
    this.#mostBytes = mostBytes
  }

  /** So many octets came. False: they were not allowed. */
  receive(bytes: number): boolean {
    this.#leftBytes -= bytes
    this.unreadBytes += bytes
    return this.#leftBytes >= 0
  }

  /**
   * So many octets were taken. Answers what the peer is to be given now: nothing until half a window is owed, or every read would
   * cost a frame. Where nearly all that came was taken by then, the reader is faster than the line, and the window doubles.
   */
  take(bytes: number): number {
    this.unreadBytes -= bytes
    this.#owedBytes += bytes
    if (this.#owedBytes * 2 < this.#sizeBytes) return 0
    let given = this.#owedBytes
    // A frame counts from its beginning, so a quarter may be on its way still.
    if (this.unreadBytes * 4 < this.#sizeBytes && this.#sizeBytes < this.#mostBytes) {
      const grown = Math.min(this.#sizeBytes * 2, this.#mostBytes)
      given += grown - this.#sizeBytes
      this.#sizeBytes = grown
    }
    this.#owedBytes = 0
    this.#leftBytes += given
    return given
  }
}

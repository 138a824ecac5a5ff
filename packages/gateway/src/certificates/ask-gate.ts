/** Owns how many questions to CAs are under way at once: a hundred new certificates are no reason to ask for all in one second. */

export class AskGate {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(mostAtOnce: number) {
    this.#free = mostAtOnce
  }

  /** Does it as soon as there is room. @throws the signal's reason, where it is aborted before that */
  async pass<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      signal.throwIfAborted()
      return await act()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}

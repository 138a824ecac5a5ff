// Owns what a load has seen: how many answers, how long they took, and what was wrong with others.

export interface LoadTold {
  answers: number
  failed: number
  /** The first few. */
  why: string[]
  p50Ms: number
  p99Ms: number
  longestMs: number
}

export class LoadTally {
  readonly #tookMs: number[] = []
  readonly #why: string[] = []
  #failed = 0

  add(ms: number): void {
    this.#tookMs.push(ms)
  }

  fail(why: string): void {
    this.#failed++
    if (this.#why.length < 5) this.#why.push(why)
  }

  tell(): LoadTold {
    return {
      answers: this.#tookMs.length,
      failed: this.#failed,
      why: this.#why,
      p50Ms: toShare(this.#tookMs, 0.5),
      p99Ms: toShare(this.#tookMs, 0.99),
      longestMs: toShare(this.#tookMs, 1),
    }
  }
}

/** 0.5: the median. */
export function toShare(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

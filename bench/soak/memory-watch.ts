// Owns the resident memory of processes over a time.
import { readMemoryMb } from '../process-cpu.ts'

const EACH_MS = 500

export class MemoryWatch {
  readonly #seenMb: number[][]
  readonly #timer: NodeJS.Timeout

  constructor(pids: readonly number[]) {
    this.#seenMb = pids.map(() => [])
    this.#timer = setInterval(() => {
      for (const [index, pid] of pids.entries()) this.#seenMb[index]?.push(readMemoryMb(pid))
    }, EACH_MS)
  }

  /** Of each process: the peak of the last third against that of the one before it, and the megabytes. */
  end(): { growth: number; firstMb: number; mostMb: number }[] {
    clearInterval(this.#timer)
    return this.#seenMb.map((seen) => {
      const third = Math.floor(seen.length / 3)
      const growth = Math.max(...seen.slice(2 * third)) / Math.max(...seen.slice(third, 2 * third))
      return { growth, firstMb: seen[0] ?? Number.NaN, mostMb: Math.max(...seen) }
    })
  }
}

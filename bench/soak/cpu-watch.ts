// Owns how much CPU time processes take: it says more than a clock does where others use the machine as well.
import { readCpu } from '../process-cpu.ts'

export class CpuWatch {
  readonly #pids: readonly number[]
  readonly #before: number

  constructor(pids: readonly number[]) {
    this.#pids = pids
    this.#before = this.#read()
  }

  /** Milliseconds since it was made, of all of them. */
  tell(): number {
    return this.#read() - this.#before
  }

  #read(): number {
    const times = this.#pids.map((pid) => readCpu(pid))
    return times.reduce((sum, { user, system }) => sum + user + system, 0) * 1000
  }
}

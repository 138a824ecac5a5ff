/**
 * Owns the locks inside the counter table: a word that holds its holder's ticket. A thread can be terminated while it holds
 * one, so a lock is taken over after `TAKE_OVER_MS`, and whoever holds one looks whether it still does before each of its
 * writes.
 */
import type { CounterTable } from './counter-table.ts'

/**
 * A lock is held for about a microsecond. A live thread that sleeps longer than this while it holds it finds out before
 * each of its writes, and begins again.
 */
const TAKE_OVER_MS = 100
const SPINS = 64

/** Runs `work` while nobody else does so under the same lock (32-bit index). */
export function runLocked<T>(table: CounterTable, lockAt: number, work: (held: HeldLock) => T): T {
  const ticket = table.nextTicket()
  lock(table.words, lockAt, ticket)
  try {
    return work(new HeldLock(table.words, lockAt, ticket))
  } finally {
    Atomics.compareExchange(table.words, lockAt, ticket, 0)
  }
}

export class HeldLock {
  readonly ticket: number
  readonly #words: Int32Array
  readonly #at: number

  constructor(words: Int32Array, at: number, ticket: number) {
    this.#words = words
    this.#at = at
    this.ticket = ticket
  }

  /** Nothing that could pause this thread may stand between a look at the lock and the write that follows it. */
  get isOurs(): boolean {
    return Atomics.load(this.#words, this.#at) === this.ticket
  }
}

function lock(words: Int32Array, at: number, ticket: number): void {
  let holder = 0
  let sinceMs = 0
  for (let spins = 0; ; spins++) {
    const found = Atomics.compareExchange(words, at, 0, ticket)
    if (found === 0) return
    if (found !== holder) {
      holder = found
      sinceMs = performance.now()
      spins = 0
    }
    if (spins < SPINS) continue
    if (performance.now() - sinceMs > TAKE_OVER_MS && Atomics.compareExchange(words, at, found, ticket) === found)
      return
    // The holder has lost the processor, or is dead. Nobody wakes us: that would cost every holder more than we lose.
    Atomics.wait(words, at, found, 1)
  }
}

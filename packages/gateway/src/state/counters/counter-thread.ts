/** Owns the words for one thread's part in counting: the table, how it judges slots, and its clock. */
import type { CounterTable } from './counter-table.ts'
import type { Expiry } from './shapes.ts'

/** What all limiters of a thread share. */
export interface CounterThread {
  readonly table: CounterTable
  readonly expiry: Expiry
  /** Epoch milliseconds. */
  readonly now: () => number
}

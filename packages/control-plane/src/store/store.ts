/** Owns the port of the store: everything that a control plane keeps, read and changed as a whole or not at all. */
import type { Transaction } from 'kysely'
import type { Tables } from './tables.ts'

export type StoreKind = 'sqlite' | 'postgres'

/** One moment of the store: what is read in it belongs together. */
export type Moment = Transaction<Tables>

/** A moment that may be changed, and the number of the change: each is one higher than the one before, on all control planes. */
export interface Change {
  readonly db: Moment
  readonly sequence: number
}

/** More is not to be said at once: PostgreSQL takes 7 999 bytes. */
export const MOST_SAID_BYTES = 7_900

export interface Store {
  readonly kind: StoreKind

  /** Reads that belong together. What is written meanwhile is not seen, and waits for nobody. @rejects StoreFault, and what `act` rejects with */
  read<Result>(act: (db: Moment) => Promise<Result>): Promise<Result>

  /**
   * Changes that belong together. One at a time, on all control planes of the store: what `act` reads stays so until it ends. When
   * this resolves, the change is on disk; when it rejects, nothing of it is there, unless the fault's reason is `uncertain`.
   * @rejects StoreFault, and what `act` rejects with
   */
  write<Result>(act: (change: Change) => Promise<Result>): Promise<Result>

  /**
   * Told after changes, whichever control plane made them: several may be told at once, one may be told twice, and none is left
   * out. `sequence` is that of the newest. Returns what ends it.
   */
  onChange(listener: (sequence: number) => void): () => void

  /** Tells the other control planes of this store something that is of no use later: it is kept nowhere, and who is not there misses it. @rejects StoreFault */
  say(text: string): Promise<void>

  /** What others said, and what was said here: a store may tell both. Returns what ends it. */
  onSaid(listener: (text: string) => void): () => void

  /** Waits for what is under way. */
  close(): Promise<void>
}

/**
 * `unavailable`: it cannot be reached now. `full`: its disk has no room. `uncertain`: the connection broke while it was being
 * told to keep a change, and nobody knows whether it did. `unfit`: it was asked for, or told to keep, what no column of it can hold.
 */
export type StoreFaultReason = 'unavailable' | 'full' | 'uncertain' | 'unfit'

/** The store, and what it can hold. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
  readonly reason: StoreFaultReason

  constructor(reason: StoreFaultReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** It cannot be opened, and will not open by waiting: another version's, too old, damaged. */
export class StoreRefusal extends Error {
  override readonly name = 'StoreRefusal'
}

/** Owns what a migration is: one step of the tables, on both kinds of stores, that is never changed once it was released. */
import type { Transaction } from 'kysely'

export interface Migration {
  /** Begins with its number. */
  readonly name: string
  up(db: Transaction<unknown>): Promise<void>
}

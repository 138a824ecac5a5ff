/** Owns what a copy of a store is made of, whatever kind it came from: what it says of itself, and its rows in pages. */
import type { TableName } from './kept-tables.ts'

export interface ImageHead {
  /** Of the newest change. */
  readonly sequence: number
  readonly uid: string
  /** Names of those that made its tables. */
  readonly migrations: readonly string[]
}

export type Row = Readonly<Record<string, string | number | null>>

export interface Page {
  readonly table: TableName
  /** At least one. All of a table have the same columns. */
  readonly rows: readonly Row[]
}

export interface StoreImage {
  readonly head: ImageHead
  /** Once. All pages of a table come one after the other. */
  readonly pages: AsyncIterable<Page>
}

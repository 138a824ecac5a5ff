/** Owns what is said between a SQLite store and the thread that holds its file. */

/** Two connections to one file: in WAL mode a reader sees one moment, and neither waits for the other. */
export type ConnectionName = 'reader' | 'writer'

export interface SqliteQuestion {
  readonly id: number
  readonly connection: ConnectionName
  readonly sql: string
  readonly parameters: readonly unknown[]
}

export interface SqliteRows {
  readonly rows: readonly unknown[]
  /** Of a statement that changes something. */
  readonly changes?: number
}

export type SqliteAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'rows'; readonly id: number; readonly result: SqliteRows }
  /** `code`: SQLite's, such as `SQLITE_FULL`. Without an id: the file cannot be opened. */
  | { readonly kind: 'fault'; readonly id?: number; readonly message: string; readonly code: string }
  /** Somebody else has changed the file. */
  | { readonly kind: 'changed' }

/** `alone`: nobody else has it so, on this machine. `shared`: beside others. `read`: it has to be there, and is left as it is. */
export type SqliteAccess = 'alone' | 'shared' | 'read'

export interface SqliteSettings {
  readonly file: string
  readonly access: SqliteAccess
}

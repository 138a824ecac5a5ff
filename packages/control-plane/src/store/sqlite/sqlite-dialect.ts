/** Owns the way from Kysely to a SQLite file that another thread holds. */
import { Worker } from 'node:worker_threads'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { StoreFault, StoreRefusal } from '../store.ts'
import type { ConnectionName, SqliteAnswer, SqliteQuestion, SqliteRows, SqliteSettings } from './sqlite-messages.ts'

/** Beside this file, in source and in built packages alike. */
const ENTRY = new URL(`./sqlite-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

interface Waiting {
  resolve(result: SqliteRows): void
  reject(fault: Error): void
}

/** The thread, from outside. One that ended is not replaced: what it held may be half done, and the file says how it stands when it is opened again. */
export class SqliteThread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #ids = 0
  #fault: Error | undefined

  private constructor(worker: Worker, onChange: () => void) {
    this.#worker = worker
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.on('message', (answer: SqliteAnswer) => (answer.kind === 'changed' ? onChange() : this.#settle(answer)))
    worker.on('error', (error: Error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('its thread has ended')))
  }

  /** `onChange`: another process has changed the file. @rejects StoreRefusal when it cannot be opened */
  static async open(settings: SqliteSettings, onChange: () => void): Promise<SqliteThread> {
    const worker = new Worker(ENTRY, { workerData: settings })
    const first = await new Promise<SqliteAnswer>((resolve) => {
      worker.once('message', resolve)
      worker.once('error', (error: Error) => resolve({ kind: 'fault', message: error.message, code: 'UNKNOWN' }))
    })
    if (first.kind !== 'fault') return new SqliteThread(worker, onChange)
    await worker.terminate()
    throw new StoreRefusal(`the store ${settings.file} cannot be opened: ${first.message} (${first.code})`)
  }

  /** @rejects StoreFault where it is the store's; else SQLite's own error, with its `code` */
  run(connection: ConnectionName, sql: string, parameters: readonly unknown[]): Promise<SqliteRows> {
    if (this.#fault !== undefined) return Promise.reject(toUnavailable(this.#fault))
    const id = ++this.#ids
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, connection, sql, parameters } satisfies SqliteQuestion)
    })
  }

  async close(): Promise<void> {
    this.#worker.postMessage('close')
    await this.#ended
  }

  #settle(answer: Exclude<SqliteAnswer, { kind: 'changed' }>): void {
    if (answer.kind === 'opened' || answer.id === undefined) return
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (answer.kind === 'rows') waiting?.resolve(answer.result)
    else waiting?.reject(toError(answer))
  }

  #end(fault: Error): void {
    this.#fault ??= fault
    for (const { reject } of this.#waiting.values()) reject(toUnavailable(this.#fault))
    this.#waiting.clear()
  }
}

function toUnavailable(cause: Error): StoreFault {
  return new StoreFault('unavailable', `the store cannot be used: ${cause.message}`, { cause })
}

// https://www.sqlite.org/rescode.html: what says something of the disk or of others, and nothing of the question.
const FULL = /^SQLITE_FULL/
const NOT_NOW = /^SQLITE_(?:BUSY|LOCKED|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|NOMEM|PROTOCOL)/

function toError({ message, code }: { readonly message: string; readonly code: string }): Error {
  if (FULL.test(code)) return new StoreFault('full', `the disk of the store is full (${code})`)
  if (NOT_NOW.test(code)) return new StoreFault('unavailable', `the store cannot be used: ${message} (${code})`)
  return Object.assign(new Error(message), { code })
}

class SqliteConnection implements DatabaseConnection {
  readonly name: ConnectionName
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread, name: ConnectionName) {
    this.#thread = thread
    this.name = name
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, changes } = await this.#thread.run(this.name, sql, parameters)
    return {
      rows: rows as Row[],
      ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
    }
  }

  streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('a SQLite store reads pages, and streams nothing')
  }
}

/** One connection, which one transaction holds at a time. */
class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  /** Ends when whoever holds the connection gives it back. */
  #free: Promise<void> = Promise.resolve()
  #giveBack: () => void = () => {}

  constructor(thread: SqliteThread, name: ConnectionName) {
    this.#connection = new SqliteConnection(thread, name)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#free
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#free = promise
    await before
    this.#giveBack = resolve
    return this.#connection
  }

  async beginTransaction(connection: DatabaseConnection, _settings: TransactionSettings): Promise<void> {
    // A writer that began as a reader could find the file changed when it first writes.
    const begin = this.#connection.name === 'writer' ? 'begin immediate' : 'begin'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch((fault: unknown) => {
      // SQLite may have done it by itself: https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction".
      if (!String(fault).includes('no transaction is active')) throw fault
    })
  }

  async releaseConnection(): Promise<void> {
    this.#giveBack()
  }

  async destroy(): Promise<void> {}
}

export function createSqliteDialect(thread: SqliteThread, name: ConnectionName): Dialect {
  return {
    createDriver: () => new SqliteDriver(thread, name),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

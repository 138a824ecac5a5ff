/** Owns the store in a file of this machine: nothing has to be installed, and one control plane has it. */
import { Kysely } from 'kysely'
import { Listeners } from '../listeners.ts'
import { migrate } from '../migrate.ts'
import { readSequence, takeNextSequence } from '../next-sequence.ts'
import type { Change, Moment, Store } from '../store.ts'
import type { Tables } from '../tables.ts'
import { createSqliteDialect, SqliteThread } from './sqlite-dialect.ts'

export interface SqliteStoreOptions {
  /** It is made where there is none. */
  readonly file: string
  /** Refused where somebody else has it alone. Default: `shared`. */
  readonly access?: 'alone' | 'shared'
  /** What a listener threw. */
  onFault(fault: unknown): void
}

export class SqliteStore implements Store {
  readonly kind = 'sqlite'
  readonly #thread: SqliteThread
  readonly #reader: Kysely<Tables>
  readonly #writer: Kysely<Tables>
  readonly #listeners: Listeners<number>
  /** What is under way and keeps the store open. */
  readonly #work = new Set<Promise<unknown>>()

  private constructor(thread: SqliteThread, listeners: Listeners<number>) {
    this.#thread = thread
    this.#listeners = listeners
    this.#reader = new Kysely({ dialect: createSqliteDialect(thread, 'reader') })
    this.#writer = new Kysely({ dialect: createSqliteDialect(thread, 'writer') })
  }

  /** @rejects StoreRefusal */
  static async open({ file, access = 'shared', onFault }: SqliteStoreOptions): Promise<SqliteStore> {
    const listeners = new Listeners<number>(onFault)
    let opened: SqliteStore | undefined
    const thread = await SqliteThread.open({ file, access }, () => void opened?.tellNewest().catch(onFault))
    const store = new SqliteStore(thread, listeners)
    try {
      // `begin immediate` has locked the file already.
      await migrate(store.#writer as unknown as Kysely<unknown>, { lock: async () => {} })
    } catch (fault) {
      await thread.close()
      throw fault
    }
    opened = store
    return store
  }

  read<Result>(act: (db: Moment) => Promise<Result>): Promise<Result> {
    return this.#during(this.#reader.transaction().execute(act))
  }

  async write<Result>(act: (change: Change) => Promise<Result>): Promise<Result> {
    let sequence = 0
    const result = await this.#during(
      this.#writer.transaction().execute(async (db) => {
        sequence = await takeNextSequence(db)
        return await act({ db, sequence })
      }),
    )
    this.#listeners.tell(sequence)
    return result
  }

  onChange(listener: (sequence: number) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** One control plane has the file: there is nobody else. */
  async say(): Promise<void> {}

  onSaid(): () => void {
    return () => {}
  }

  async tellNewest(): Promise<void> {
    this.#listeners.tell(await this.read(readSequence))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#work)
    await this.#thread.close()
  }

  #during<Result>(work: Promise<Result>): Promise<Result> {
    this.#work.add(work)
    const done = (): void => void this.#work.delete(work)
    work.then(done, done)
    return work
  }
}

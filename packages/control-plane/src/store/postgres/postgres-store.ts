/** Owns the store in PostgreSQL: several control planes have it, and hear of each other's changes. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Client, type ClientConfig, Pool, types } from 'pg'
import { Listeners } from '../listeners.ts'
import { migrate } from '../migrate.ts'
import { readSequence, takeNextSequence } from '../next-sequence.ts'
import { type Change, type Moment, type Store, StoreFault, StoreRefusal } from '../store.ts'
import type { Tables } from '../tables.ts'
import { ChangeFeed, SAID_CHANNEL } from './change-feed.ts'
import { toStoreFault } from './postgres-faults.ts'

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with libpq's parameters. */
  readonly url: string
  readonly mostConnections?: number
  /** What a listener threw, and what the connection that hears of changes met. */
  onFault(fault: unknown): void
}

const OLDEST_VERSION = 14
const CONNECT_MS = 5_000
/** A change waits for the ones before it, and none of those takes long. */
const LOCK_MS = 10_000
const STATEMENT_MS = 30_000
/** A control plane that hangs in the middle of a change keeps no other one waiting for longer. */
const IDLE_IN_TRANSACTION_MS = 15_000
const MOST_CONNECTIONS = 10
/** 64-bit integers as numbers: times and sequences stay below 2^53 for longer than we do. */
const INT8_OID = 20
/** Any number that nobody else is likely to lock by. */
export const MIGRATION_LOCK = 7_162_431_901

export class PostgresStore implements Store {
  readonly kind = 'postgres'
  readonly #pool: Pool
  readonly #db: Kysely<Tables>
  readonly #listeners: Listeners<number>
  readonly #saidListeners: Listeners<string>
  readonly #feed: ChangeFeed
  #isClosed = false

  private constructor(pool: Pool, config: ClientConfig, onFault: (fault: unknown) => void) {
    this.#pool = pool
    // Those that break while nobody waits for an answer; the pool makes others, and whoever asks next is told.
    pool.on('error', () => {})
    pool.on('connect', (client) => client.on('error', () => {}))
    this.#db = new Kysely({ dialect: new PostgresDialect({ pool }) })
    this.#listeners = new Listeners(onFault)
    this.#saidListeners = new Listeners(onFault)
    this.#feed = new ChangeFeed({
      connect: () => new Client(config),
      onChange: () =>
        void this.#tellNewest().catch((fault: unknown) => {
          // It was told of a change while it ended.
          if (!this.#isClosed) onFault(fault)
        }),
      onSaid: (text) => this.#saidListeners.tell(text),
      onFault,
    })
  }

  /** @rejects StoreFault, StoreRefusal */
  static async open({
    url,
    mostConnections = MOST_CONNECTIONS,
    onFault,
  }: PostgresStoreOptions): Promise<PostgresStore> {
    const config: ClientConfig = {
      connectionString: url,
      application_name: 'gatewright',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      types: { getTypeParser },
    }
    const pool = new Pool({
      ...config,
      max: mostConnections,
      statement_timeout: STATEMENT_MS,
      lock_timeout: LOCK_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    })
    const store = new PostgresStore(pool, config, onFault)
    try {
      await assertVersion(store.#db)
      await migrate(store.#db as unknown as Kysely<unknown>, {
        lock: async (transaction) => {
          await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction)
        },
      })
      await store.#feed.open()
    } catch (fault) {
      await store.close()
      throw toStoreFault(fault)
    }
    return store
  }

  async read<Result>(act: (db: Moment) => Promise<Result>): Promise<Result> {
    this.#assertOpen()
    try {
      return await this.#db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(act)
    } catch (fault) {
      throw toStoreFault(fault)
    }
  }

  async write<Result>(act: (change: Change) => Promise<Result>): Promise<Result> {
    this.#assertOpen()
    let isDone = false
    let sequence = 0
    const result = await this.#db
      .transaction()
      // Each statement sees what was committed before it: with the row of the sequence locked, nobody else commits in between.
      .setIsolationLevel('read committed')
      .execute(async (db) => {
        sequence = await takeNextSequence(db)
        const made = await act({ db, sequence })
        await sql`select pg_notify('gatewright', ${String(sequence)})`.execute(db)
        isDone = true
        return made
      })
      .catch((fault: unknown) => {
        throw toStoreFault(fault, { isDone })
      })
    // The way over the server takes longer.
    this.#listeners.tell(sequence)
    return result
  }

  onChange(listener: (sequence: number) => void): () => void {
    return this.#listeners.add(listener)
  }

  async say(text: string): Promise<void> {
    try {
      await sql`select pg_notify(${SAID_CHANNEL}, ${text})`.execute(this.#db)
    } catch (fault) {
      throw toStoreFault(fault)
    }
  }

  onSaid(listener: (text: string) => void): () => void {
    return this.#saidListeners.add(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#feed.close()
    await this.#db.destroy()
    if (!this.#pool.ended) await this.#pool.end()
  }

  /** Who comes late, because nobody waits for their answer any more, made no mistake. */
  #assertOpen(): void {
    if (this.#isClosed) throw new StoreFault('unavailable', 'the store is closed')
  }

  async #tellNewest(): Promise<void> {
    this.#listeners.tell(await this.read(readSequence))
  }
}

/** Else it is the path of a file. */
export function isPostgres(database: string): boolean {
  return /^postgres(?:ql)?:/.test(database)
}

export const getTypeParser = ((oid: number, format?: 'text') =>
  oid === INT8_OID ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser

async function assertVersion(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db)
  const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000)
  if (version >= OLDEST_VERSION) return
  throw new StoreRefusal(`the store needs PostgreSQL ${OLDEST_VERSION} or newer, and this is ${version}`)
}

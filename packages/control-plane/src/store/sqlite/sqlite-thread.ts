/** Owns the thread that holds a SQLite file: what waits for its disk waits here. The worker's entry. */
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { holdAlone, makePrivate, wasCutOff } from './own-file.ts'
import type { ConnectionName, SqliteAnswer, SqliteQuestion, SqliteRows, SqliteSettings } from './sqlite-messages.ts'

const port = parentPort
if (port === null) throw new Error('sqlite-thread.ts is the entry of a worker thread')

/** For another process that writes: a backup that is taken, say. */
const BUSY_MS = 5_000
/** Kysely writes each query anew; most have been seen before. */
const MOST_STATEMENTS = 500
const LOOK_MS = 1_000

const say = (answer: SqliteAnswer): void => port.postMessage(answer)

class Connection {
  readonly #database: Database.Database
  /** The one that was used last stands last. */
  readonly #statements = new Map<string, Database.Statement>()

  constructor({ file, access }: SqliteSettings, name: ConnectionName) {
    this.#database = new Database(file, { timeout: BUSY_MS, fileMustExist: access === 'read' })
    if (access !== 'read') this.#database.pragma('journal_mode = WAL')
    // What was committed is on disk, also when the power fails.
    this.#database.pragma('synchronous = FULL')
    this.#database.pragma('foreign_keys = ON')
    if (name === 'reader' || access === 'read') this.#database.pragma('query_only = ON')
  }

  run(sql: string, parameters: readonly unknown[]): SqliteRows {
    const statement = this.#prepare(sql)
    if (statement.reader) return { rows: statement.all(...parameters) }
    const { changes } = statement.run(...parameters)
    return { rows: [], changes }
  }

  /** Of its form, not of its indexes: a third of a second for 100 MB. @throws Error for a damaged file */
  assertSound(): void {
    const [first] = this.#database.pragma('quick_check(1)', { simple: false }) as { quick_check: string }[]
    if (first?.quick_check === 'ok') return
    const message = `the file is damaged: restore a backup to another folder (gatewright restore). ${first?.quick_check}`
    throw Object.assign(new Error(message), { code: 'SQLITE_CORRUPT' })
  }

  /** Changes when another connection has committed. */
  get dataVersion(): unknown {
    return this.#database.pragma('data_version', { simple: true })
  }

  close(): void {
    this.#database.close()
  }

  #prepare(sql: string): Database.Statement {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > MOST_STATEMENTS) {
      const [oldest] = this.#statements.keys()
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    return statement
  }
}

function toFault(error: unknown): { readonly message: string; readonly code: string } {
  const { message, code } = error as { message?: unknown; code?: unknown }
  return { message: String(message ?? error), code: typeof code === 'string' ? code : 'UNKNOWN' }
}

interface Closing {
  close(): void
}

function open(): (Record<ConnectionName, Connection> & { readonly lock: Closing | undefined }) | undefined {
  const settings = workerData as SqliteSettings
  const { file, access } = settings
  let lock: Closing | undefined
  try {
    if (access === 'alone') lock = holdAlone(file)
    if (access !== 'read') makePrivate(file)
    const isInDoubt = access === 'alone' && wasCutOff(file)
    const writer = new Connection(settings, 'writer')
    if (isInDoubt) writer.assertSound()
    return { writer, reader: new Connection(settings, 'reader'), lock }
  } catch (error) {
    lock?.close()
    say({ kind: 'fault', ...toFault(error) })
    return undefined
  }
}

const connections = open()
if (connections !== undefined) {
  const { writer } = connections
  port.on('message', (question: SqliteQuestion | 'close') => {
    if (question === 'close') {
      clearInterval(looking)
      for (const each of [connections.reader, writer, connections.lock]) each?.close()
      port.close()
      return
    }
    const { id, connection, sql, parameters } = question
    try {
      say({ kind: 'rows', id, result: connections[connection].run(sql, parameters) })
    } catch (error) {
      say({ kind: 'fault', id, ...toFault(error) })
    }
  })
  let seen = writer.dataVersion
  // SQLite tells nobody. The writer's own changes do not move its version.
  const looking = setInterval(() => {
    const { dataVersion } = writer
    if (dataVersion === seen) return
    seen = dataVersion
    say({ kind: 'changed' })
  }, LOOK_MS)
  say({ kind: 'opened' })
}

/** Owns running the same tests on both kinds of stores: real ones, each test with an empty one, a copy of one whose tables were made before. */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { PostgresStore, type PostgresStoreOptions } from '../store/postgres/postgres-store.ts'
import { SqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Store } from '../store/store.ts'
import { makeStoreFolder } from './make-store-folder.ts'
import { findPostgres, PostgresServer } from './postgres-server.ts'

export type OpenStore = () => Promise<Store>

/** A listener that fails, or a connection that breaks, fails the test. */
function onFault(fault: unknown): void {
  throw fault
}

export async function describeOnStores(name: string, describeOn: (open: OpenStore) => void): Promise<void> {
  describe(`${name}, on SQLite`, () => {
    const folder = makeStoreFolder('gatewright-store-')
    const opened: Store[] = []
    after(async () => {
      for (const store of opened) await store.close()
      rmSync(folder, { recursive: true })
    })
    let template: Promise<string> | undefined
    const makeTemplate = async (): Promise<string> => {
      const file = join(folder, 'template.db')
      await (await SqliteStore.open({ file, onFault })).close()
      return file
    }
    let files = 0
    describeOn(async () => {
      const file = join(folder, `${++files}.db`)
      template ??= makeTemplate()
      copyFileSync(await template, file)
      const store = await SqliteStore.open({ file, onFault })
      opened.push(store)
      return store
    })
  })

  await describeOnPostgres(`${name}, on PostgreSQL`, (stage) => describeOn(() => stage.open()))
}

/** For the tests of the suite around: a server, and stores on it that are closed before it ends. */
class PostgresStage {
  readonly #opened: Store[] = []
  #server: PostgresServer | undefined
  #template: Promise<string> | undefined

  get server(): PostgresServer {
    if (this.#server === undefined) throw new Error('the server runs while a test does')
    return this.#server
  }

  /** An empty one, unless `url` is another one's. */
  async open(url?: string, options: Partial<PostgresStoreOptions> = {}): Promise<PostgresStore> {
    const store = await PostgresStore.open({
      url: url ?? (await this.#createDatabase()),
      mostConnections: 2,
      onFault,
      ...options,
    })
    this.#opened.push(store)
    return store
  }

  async begin(programs: string): Promise<void> {
    this.#server = await PostgresServer.start(programs)
  }

  async end(): Promise<void> {
    for (const store of this.#opened) await store.close()
    await this.#server?.remove()
  }

  async #createDatabase(): Promise<string> {
    this.#template ??= this.#makeTemplate()
    return await this.server.createDatabase(await this.#template)
  }

  async #makeTemplate(): Promise<string> {
    const url = await this.server.createDatabase()
    await (await PostgresStore.open({ url, mostConnections: 2, onFault })).close()
    return url
  }
}

/** Skipped with a line that says why where there is no PostgreSQL; where CI says that everything is to be proved, it fails. */
export async function describeOnPostgres(name: string, describeOn: (stage: PostgresStage) => void): Promise<void> {
  const found = await findPostgres()
  const skip = 'missing' in found && process.env.CI !== 'true' ? found.missing : false
  describe(name, { skip }, () => {
    const stage = new PostgresStage()
    before(async () => {
      if ('missing' in found) throw new Error(found.missing)
      await stage.begin(found.path)
    })
    after(() => stage.end())
    describeOn(stage)
  })
}

/** Owns a real PostgreSQL for tests: a cluster in a folder of its own, run by somebody who is not root, as it demands. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { findFreePort } from '../../../policies/src/testing/free-ports.ts'
import { makeStoreFolder } from './make-store-folder.ts'

const run = promisify(execFile)

/** Clusters without anything in them, from one run of the tests to the next. */
const KEPT = resolve(import.meta.dirname, '../../../../node_modules/.cache/postgres')

/** Where Debian has it, the newest first, and whatever is on the path. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** The folder of its programs, or one line that says how to get it. It is installed where that is ours to do. */
export async function findPostgres(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const found = findPrograms()
  if (found !== undefined) return { path: found }
  const missing = 'PostgreSQL is not installed: apt-get install postgresql'
  if (process.getuid?.() !== 0) return { missing }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const waiting = ['-o', 'DPkg::Lock::Timeout=120']
  try {
    await run('apt-get', [...waiting, 'update'], { env })
    await run('apt-get', [...waiting, 'install', '-y', '--no-install-recommends', 'postgresql'], { env })
  } catch (fault) {
    return { missing: `${missing} (tried, and it failed: ${String(fault).split('\n')[0]})` }
  }
  const path = findPrograms()
  return path === undefined ? { missing } : { path }
}

/** `nobody`, where we are root. */
interface Runner {
  readonly uid?: number
  readonly gid?: number
}

export class PostgresServer {
  readonly port: number
  readonly #programs: string
  readonly #folder: string
  readonly #runner: Runner
  #child: ChildProcess | undefined
  #databases = 0

  private constructor(programs: string, folder: string, given: { readonly port: number; readonly runner: Runner }) {
    this.#programs = programs
    this.#folder = folder
    this.port = given.port
    this.#runner = given.runner
  }

  /** `programs`: the folder that `findPostgres` says. */
  static async start(programs: string): Promise<PostgresServer> {
    const runner = await findRunner()
    const folder = makeStoreFolder('gatewright-postgres-')
    if (runner.uid !== undefined && runner.gid !== undefined) chownSync(folder, runner.uid, runner.gid)
    await makeCluster(programs, folder, runner)
    const server = new PostgresServer(programs, folder, { port: await findFreePort(), runner })
    await server.resume()
    return server
  }

  /** After `stop`, or at first: with all that was committed. The machine goes on, so the disk need not have it. */
  async resume(): Promise<void> {
    const args = ['-D', join(this.#folder, 'data'), '-p', String(this.port), '-h', '127.0.0.1', '-k', this.#folder]
    args.push('-c', 'fsync=off')
    const child = spawn(join(this.#programs, 'postgres'), args, {
      ...this.#runner,
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
      if (said.includes('database system is ready to accept connections')) resolve()
    })
    child.once('exit', () => reject(new Error(`PostgreSQL has ended: ${said.slice(-2000)}`)))
    await promise
  }

  /** An empty database, or one with what `template` holds, which nobody may be using. */
  async createDatabase(template?: string): Promise<string> {
    this.#databases++
    const name = `test_${this.#databases}`
    const of = template === undefined ? '' : ` template ${new URL(template).pathname.slice(1)}`
    await this.query(`postgres://postgres@127.0.0.1:${this.port}/postgres`, `create database ${name}${of}`)
    return `postgres://postgres@127.0.0.1:${this.port}/${name}`
  }

  /** Another one with what this one holds now, also while others use it. */
  async copyDatabase(database: string): Promise<string> {
    const copy = await this.createDatabase()
    const file = join(this.#folder, 'copy.sql')
    await run(join(this.#programs, 'pg_dump'), ['--file', file, database])
    await run(join(this.#programs, 'psql'), ['--quiet', '-v', 'ON_ERROR_STOP=1', '-f', file, copy])
    return copy
  }

  async query(database: string, statement: string): Promise<void> {
    await run(join(this.#programs, 'psql'), ['-v', 'ON_ERROR_STOP=1', '-c', statement, database])
  }

  /** At once, as a machine that loses its power; `fast` as an administrator would, with all clients cut off. */
  async stop(how: 'at once' | 'fast'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    // https://www.postgresql.org/docs/current/server-shutdown.html: SIGQUIT ends all children without a checkpoint, SIGINT in order.
    child.kill(how === 'at once' ? 'SIGQUIT' : 'SIGINT')
    await ended
  }

  async remove(): Promise<void> {
    await this.stop('at once')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A copy of what `initdb` made the first time. */
async function makeCluster(programs: string, folder: string, runner: Runner): Promise<void> {
  const [initdb, data] = [join(programs, 'initdb'), join(folder, 'data')]
  const { stdout: version } = await run(initdb, ['--version'])
  const settings = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--wal-segsize=1']
  const name = [version.trim(), runner.uid ?? process.getuid?.(), ...settings].join(' ')
  const kept = join(KEPT, name.replaceAll(/[^\w.]+/g, '-'))
  if (existsSync(kept)) {
    await run('cp', ['-a', kept, data])
    return
  }
  await run(initdb, ['-D', data, '--no-sync', ...settings], { ...runner, cwd: folder })
  mkdirSync(KEPT, { recursive: true })
  const copy = mkdtempSync(`${kept}.`)
  await run('cp', ['-a', data, copy])
  // Whole or not at all; where another file of tests was faster, it is the same.
  await rename(join(copy, 'data'), kept).catch(() => {})
  rmSync(copy, { recursive: true, force: true })
}

async function findRunner(): Promise<Runner> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'nobody'])).stdout)),
  )
  return uid === undefined || gid === undefined ? {} : { uid, gid }
}

/** Owns whose the file of a SQLite store is: readable by its owner alone, and held by one control plane. */
import { chmodSync, closeSync, existsSync, openSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'

const MODE = 0o600
/** One that is just ending lets go of it. */
const LOCK_MS = 2_000

/** Whatever the umask is: keys, hashes and what people wrote stand in it. SQLite gives -wal and -shm the mode of the file. */
export function makePrivate(file: string): void {
  try {
    // An open file must not be opened and closed here: POSIX takes all locks of a process with any descriptor that it closes.
    closeSync(openSync(file, 'wx', MODE))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  for (const each of [file, `${file}-wal`, `${file}-shm`]) {
    if (existsSync(each)) restrict(each)
  }
}

function restrict(file: string): void {
  try {
    chmodSync(file, MODE)
  } catch (error) {
    // Somebody else's file, which a group may write: its owner has decided so.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error
  }
}

/**
 * Held until it is closed, or the process is gone, however it ended: the system lets go of the lock, and no file has to be removed.
 * It stands beside the store, so that a backup can read the store meanwhile. @throws Error when somebody has it
 */
export function holdAlone(file: string): Database.Database {
  const beside = `${file}.lock`
  makePrivate(beside)
  const lock = new Database(beside, { timeout: LOCK_MS })
  try {
    lock.exec('begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (!String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')) throw error
    const message =
      'another control plane has it, or a command that restores or moves it: end that first. Several control planes share a store on PostgreSQL (--database postgres://…)'
    throw Object.assign(new Error(message), { code: 'IN_USE' })
  }
}

/** Whoever had it last did not end, but was killed, or lost its power: SQLite removes its -wal at a clean end. */
export function wasCutOff(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
}

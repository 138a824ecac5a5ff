/** Owns folders for the stores of tests: in memory where the system has room there, since what a test commits need not outlive the machine. */
import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Of Linux; in containers it may be as small as 64 MiB. */
const MEMORY = '/dev/shm'
/** For several files of tests at the same time: a PostgreSQL takes 30 MB, and 10 MB more for each test. */
const LEAST_FREE_BYTES = 4 * 1024 ** 3

export function makeStoreFolder(prefix: string): string {
  return mkdtempSync(join(hasRoom() ? MEMORY : tmpdir(), prefix))
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize >= LEAST_FREE_BYTES
  } catch {
    return false
  }
}

/** Owns the making of a folder that the user names, with those above it. */
import { existsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from './command.ts'

/** Node's own `recursive` never returns where nothing can be made and ENOENT is the answer, as in /proc. @throws UsageError */
export async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new UsageError(`${path} is a file, and no folder: name another`)
    return
  }
  await makeFolder(dirname(path))
  try {
    await mkdir(path)
  } catch (error) {
    throw new UsageError(`the folder ${path} cannot be made: ${(error as Error).message}`)
  }
}

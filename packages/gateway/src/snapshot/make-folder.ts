/** Owns the making of a folder that the user names, with those above it. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Node's own `recursive` never returns where nothing can be made and ENOENT is the answer, as in /proc. @throws with the path */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw new Error(`${path} is a file, and no folder: name another`)
    return
  }
  const above = dirname(path)
  if (above !== path) makeFolder(above, mode)
  try {
    mkdirSync(path, mode === undefined ? {} : { mode })
  } catch (cause) {
    // Another process made it meanwhile.
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return makeFolder(path, mode)
    throw new Error(`the folder ${path} cannot be made: ${(cause as Error).message}`, { cause })
  }
}

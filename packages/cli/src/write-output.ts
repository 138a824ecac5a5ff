/** Owns the writing of a file that the user names: what keeps it from being written is told in one line. */
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { UsageError } from './command.ts'

export interface Output {
  /** `--junit`, or another word before its path. */
  readonly what: string
  /** As it was given. */
  readonly path: string
  readonly text: string
}

/** @throws UsageError when it cannot be written. */
export async function writeOutput({ what, path, text }: Output, { cwd }: { readonly cwd: string }): Promise<void> {
  const absolute = resolve(cwd, path)
  try {
    await writeFile(absolute, text)
  } catch (error) {
    throw new UsageError(`${what} ${path} cannot be written: ${explain(error as NodeJS.ErrnoException, absolute)}`)
  }
}

function explain({ code, message }: NodeJS.ErrnoException, path: string): string {
  const folder = dirname(path)
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'ENOENT' && !existsSync(folder)) return `there is no folder ${folder}`
  if (code === 'ENOTDIR' && existsSync(folder) && !statSync(folder).isDirectory()) return `${folder} is no folder`
  if (code === 'EACCES' || code === 'EPERM') return 'you may not write there'
  return message
}

/** Owns the file of the control planes that somebody has logged in to, with their tokens: for its owner's eyes alone. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../command.ts'
import type { Terminal } from '../terminal.ts'

const savedServerSchema = z.strictObject({
  url: z.string(),
  token: z.string(),
  /** Path of a PEM file: who vouches for the server. */
  ca: z.string().optional(),
})

const savedServersSchema = z.strictObject({
  /** The one that is meant where none is said. */
  current: z.string().optional(),
  servers: z.record(z.string(), savedServerSchema),
})

export type SavedServer = z.output<typeof savedServerSchema>
export type SavedServers = z.output<typeof savedServersSchema>

/** As the XDG base directories say. */
export function toCredentialsPath({ env }: Pick<Terminal, 'env'>): string {
  const base = env.XDG_CONFIG_HOME
  const folder = base === undefined || base === '' ? join(env.HOME ?? homedir(), '.config') : base
  return join(folder, 'gatewright', 'credentials.json')
}

/** @throws UsageError where there is a file that says something else */
export function readSavedServers(terminal: Pick<Terminal, 'env'>): SavedServers {
  const path = toCredentialsPath(terminal)
  if (!existsSync(path)) return { servers: {} }
  try {
    return savedServersSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    throw new UsageError(`${path} cannot be read as what \`gatewright login\` writes: remove it, and log in again`)
  }
}

/** @throws UsageError */
export function writeSavedServers(terminal: Pick<Terminal, 'env'>, saved: SavedServers): string {
  const path = toCredentialsPath(terminal)
  const temporary = `${path}.${process.pid}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // A new file, so that its mode holds whatever one was there before.
    writeFileSync(temporary, `${JSON.stringify(saved, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as Error).message}`)
  }
  return path
}

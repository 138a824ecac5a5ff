/** Owns a folder of a test whose gateway watches it: the one around is watched too, and that must not be the one where all tests write. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export function makeWatchedFolder(name: string): string {
  const folder = join(mkdtempSync(join(tmpdir(), `gatewright-${name}-`)), 'watched')
  mkdirSync(folder)
  return folder
}

export function removeWatchedFolder(folder: string): void {
  rmSync(dirname(folder), { recursive: true })
}

/** Owns what the files of a folder were when they were last pulled or applied: whatever is another since, somebody has changed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toTextHash } from '@gatewright/model'
import { z } from 'zod'
import { isOurs, listFiles } from './read-folder.ts'

/** It goes with the folder: in Git, others know it too. */
const RECORD = '.pulled.json'

const recordSchema = z.record(z.string(), z.string())

/** Path → hash of what it was. */
type Pulled = ReadonlyMap<string, string>

/** Undefined: it was never pulled or applied, as far as is known. */
export function findPulled(folder: string): Pulled | undefined {
  const path = join(folder, RECORD)
  if (!existsSync(path)) return undefined
  try {
    return new Map(Object.entries(recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))))
  } catch {
    // As after a merge of Git that left its marks in it.
    return undefined
  }
}

/** Of these paths, those that somebody has changed or made. */
export function listChanged(folder: string, paths: readonly string[]): readonly string[] {
  const pulled = findPulled(folder)
  return paths.filter((path) => {
    const text = findText(folder, path)
    return text !== undefined && toTextHash(text) !== pulled?.get(path)
  })
}

/** What the files of the folder are now. */
export function readHashes(folder: string): Pulled {
  return new Map(
    listFiles(folder)
      .filter(isOurs)
      .map((path) => [path, toTextHash(findText(folder, path) ?? '')]),
  )
}

/** `same`: what is at the control plane as it is here. What was known of others stays known. */
export function keepPulled(folder: string, same: Pulled): void {
  const known = new Map([...(findPulled(folder) ?? []), ...same])
  const kept = listFiles(folder).flatMap((path) => {
    const hash = known.get(path)
    return hash === undefined ? [] : [[path, hash] as const]
  })
  const text = `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`
  if (findText(folder, RECORD) !== text) writeFileSync(join(folder, RECORD), text)
}

function findText(folder: string, path: string): string | undefined {
  const file = join(folder, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** Owns what a configuration is read from: files of the system, files that are made of something else, and what they may put in of both. */
import { dirname, join } from 'node:path'
import type { At, Finding, SourceFile } from '@gatewright/model'
import { readConfig } from './read-config.ts'
import { isMissing, readTextFile } from './read-text-file.ts'

/** A file that is on no disk, made of something else. */
export interface MadeFile extends SourceFile {
  /** What it is made of: parts that only it says are said to stand there. */
  readonly at?: At
  /** Where what a finding says of it can be mended, and how. */
  relocate?(finding: Finding): Finding
  /** What it names by a path that begins where it does, instead of what is on disk. */
  readonly documents?: ReadonlyMap<string, string>
  /** Where others wrote it: what `${secret:NAME}` stands for in it, by name. */
  readonly secrets?: ReadonlyMap<string, string>
}

export interface GivenOptions {
  /** A file, or a folder whose `*.yaml`, `*.yml` and `*.json` are merged by id. */
  readonly config: string | MadeFile
  /** A list is one overlay, in as many files as are read again one by one. */
  readonly overlays?: readonly (string | MadeFile | readonly MadeFile[])[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface GivenFiles {
  readonly files: readonly MadeFile[]
  readonly overlays: readonly (readonly MadeFile[])[]
  /** Those that are on no disk. */
  readonly made: readonly MadeFile[]
  /** What those name, by the path that it is read by. */
  readonly documents: ReadonlyMap<string, string>
  env(name: string): string | undefined
  /** Absent where there is none. */
  readFile(path: string): string | undefined
}

export function readGiven({ config, overlays = [], env = process.env }: GivenOptions, findings: Finding[]): GivenFiles {
  const read = (given: string | MadeFile): readonly MadeFile[] =>
    typeof given === 'string' ? readConfig(given, findings) : [given]
  const made = [config, ...overlays].flat().filter((each) => typeof each !== 'string')
  const documents = toDocuments(made)
  return {
    files: read(config),
    // A folder is as many overlays as it has files.
    overlays: overlays.flatMap((each) => (isList(each) ? [each] : read(each).map((file) => [file]))),
    made,
    documents,
    env: (name) => env[name],
    readFile: (path) => documents.get(path) ?? readIfThere(path),
  }
}

/** Also of what cannot be read: it may come back. */
export function listPaths({ config, overlays = [] }: GivenOptions): string[] {
  return [config, ...overlays].flat().filter((each) => typeof each === 'string')
}

/** By the path that they are read by. */
function toDocuments(made: readonly MadeFile[]): ReadonlyMap<string, string> {
  return new Map(
    made.flatMap(({ path, documents = new Map<string, string>() }) =>
      [...documents].map(([name, text]) => [join(dirname(path), name), text]),
    ),
  )
}

function isList<Item>(given: string | Item | readonly Item[]): given is readonly Item[] {
  return Array.isArray(given)
}

function readIfThere(path: string): string | undefined {
  try {
    return readTextFile(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

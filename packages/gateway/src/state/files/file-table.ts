/**
 * Owns the files that policies read, in memory that all threads share: one copy a process, however large. What a snapshot
 * names is there before it runs, and a file that is replaced on disk is replaced here without one.
 */

/** What stands in a file; never written again. */
export interface SharedFile {
  /** Counts up with every content that is read: messages copy everything but the bytes themselves. */
  readonly version: number
  readonly bytes: SharedArrayBuffer
}

/** By the path as options say it. Plain data and shared memory. */
export type SharedFiles = ReadonlyMap<string, SharedFile>

/** Held by main. */
export class FileTable {
  #settled: SharedFiles = new Map()
  #defined: SharedFiles = new Map()

  /** What a thread has to know that serves one snapshot and prepares another. */
  get files(): SharedFiles {
    return new Map([...this.#settled, ...this.#defined])
  }

  /** Adds these to those of the last settled snapshot, which may serve on. */
  define(files: SharedFiles): void {
    this.#defined = takeNewer(files, this.files)
  }

  /** Only what was defined last is kept. */
  settle(): void {
    this.#settled = this.#defined
  }

  /** Newer contents of what is used. Is there any? */
  replace(files: SharedFiles): boolean {
    const before = this.files
    this.#settled = takeNewer(this.#settled, files)
    this.#defined = takeNewer(this.#defined, files)
    return [...this.files].some(([path, file]) => before.get(path)?.version !== file.version)
  }
}

/** Each of these, or what the others have of it, if that was read later. */
function takeNewer(files: SharedFiles, others: SharedFiles): SharedFiles {
  const pick = (path: string, file: SharedFile): SharedFile => {
    const other = others.get(path)
    return other !== undefined && other.version > file.version ? other : file
  }
  return new Map([...files].map(([path, file]) => [path, pick(path, file)]))
}

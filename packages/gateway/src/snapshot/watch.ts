/** Owns the watching of files: changed in place, replaced by a rename, or gone and back; one call for all that happens within a moment. */
import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** An editor writes a file in several steps, a moment apart. What was renamed into its place is whole, and is not waited for. */
const SETTLE_MS = 8

/** Watches folders, because a file that is replaced by a rename is another file, and its watcher would watch the old one. */
export class FileWatcher {
  readonly #onChange: () => void
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly inode: number }>()
  #names = new Map<string, ReadonlySet<string>>()
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Absolute paths of files and folders, replacing those before; `folders` among them are watched with all they hold. */
  watch(paths: readonly string[], folders: readonly string[]): void {
    const names = new Map<string, Set<string>>()
    for (const path of paths) {
      const folder = dirname(path)
      names.set(folder, (names.get(folder) ?? new Set()).add(basename(path)))
    }
    for (const folder of folders) names.set(folder, (names.get(folder) ?? new Set()).add('*'))
    // A folder that is replaced by a rename is another folder: the one around it tells.
    for (const folder of [...names.keys()]) {
      const around = dirname(folder)
      if (around !== folder) names.set(around, (names.get(around) ?? new Set()).add(basename(folder)))
    }
    this.#names = names
    for (const [folder, { watcher, inode }] of this.#watchers) {
      if (names.has(folder) && findInode(folder) === inode) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of names.keys()) if (!this.#watchers.has(folder)) this.#open(folder)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const { watcher } of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #open(folder: string): void {
    try {
      let renamedFrom = ''
      const watcher = watch(folder, (kind, name) => {
        const names = this.#names.get(folder)
        // The system tells a rename as two events in a row: one for each name.
        const isMoved = kind === 'rename' && renamedFrom !== '' && renamedFrom !== name && name !== null
        renamedFrom = kind === 'rename' ? (name ?? '') : ''
        // Kubernetes replaces a `..data` link beside the files, which then point elsewhere without changing themselves.
        if (name !== null && name !== '..data' && names?.has('*') !== true && names?.has(name) !== true) return
        if (isMoved && isWhole(join(folder, name))) this.#changed()
        else this.#settle()
      })
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, { watcher, inode: findInode(folder) })
    } catch {
      // A folder that is not there is a finding of the load; SIGHUP reads again.
    }
  }

  #settle(): void {
    this.#timer ??= setTimeout(() => this.#changed(), SETTLE_MS)
  }

  #changed(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#onChange()
  }
}

/** A file that somebody only begins to write is empty. */
function isWhole(path: string): boolean {
  try {
    return statSync(path).size > 0
  } catch {
    return false
  }
}

/** 0: it is not there. */
function findInode(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.ino ?? 0
}

/** Owns the watching of files: changed in place, replaced by a rename, or gone and back; one call for all that happens within a moment. */
import { statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** An editor writes a file in several steps, a moment apart. What was renamed into its place is whole, and is not waited for. */
const SETTLE_MS = 8

/**
 * Every change in a folder wakes this thread, whoever it concerns, and an access log beside the configuration changes a thousand times
 * a second: measured, a tenth of a busy gateway's CPU. A folder in which more than so many changes a second concern nobody is looked at
 * by a timer instead; after a while it is watched again. Files that are written beside and renamed into place stay far below.
 */
const MOST_STRANGE_CHANGES = 150
const STRANGE_WITHIN_MS = 1000
const LOOK_MS = 20
const LOOK_FOR_MS = 60_000

/** Watches folders, because a file that is replaced by a rename is another file, and its watcher would watch the old one. */
export class FileWatcher {
  readonly #onChange: () => void
  readonly #watchers = new Map<string, { readonly inode: number; close(): void }>()
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
    for (const [folder, watcher] of this.#watchers) {
      if (names.has(folder) && findInode(folder) === watcher.inode) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of names.keys()) if (!this.#watchers.has(folder)) this.#open(folder)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #open(folder: string): void {
    try {
      let renamedFrom = ''
      const strange = { count: 0, sinceMs: 0 }
      const watcher = watch(folder, (kind, name) => {
        const names = this.#names.get(folder)
        // The system tells a rename as two events in a row: one for each name.
        const isMoved = kind === 'rename' && renamedFrom !== '' && renamedFrom !== name && name !== null
        renamedFrom = kind === 'rename' ? (name ?? '') : ''
        // Kubernetes replaces a `..data` link beside the files, which then point elsewhere without changing themselves.
        if (name !== null && name !== '..data' && names?.has('*') !== true && names?.has(name) !== true) {
          if (areTooMany(strange)) this.#lookByTimer(folder)
          return
        }
        if (isMoved && isWhole(join(folder, name))) this.#changed()
        else this.#settle()
      })
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, { inode: findInode(folder), close: () => watcher.close() })
    } catch {
      // A folder that is not there is a finding of the load; SIGHUP reads again.
    }
  }

  #lookByTimer(folder: string): void {
    this.#watchers.get(folder)?.close()
    let seen = this.#toTraces(folder)
    // What was told in the same moment is not told any more.
    this.#settle()
    let looksLeft = LOOK_FOR_MS / LOOK_MS
    const timer = setInterval(() => {
      const isOver = --looksLeft === 0
      if (isOver) {
        clearInterval(timer)
        this.#open(folder)
      }
      const traces = this.#toTraces(folder)
      if (traces !== seen) this.#settle()
      seen = traces
    }, LOOK_MS)
    this.#watchers.set(folder, { inode: findInode(folder), close: () => clearInterval(timer) })
  }

  /** Changes whenever one of the names in the folder does. */
  #toTraces(folder: string): string {
    const traces: string[] = []
    for (const name of [...(this.#names.get(folder) ?? []), '..data']) {
      const facts = statSync(join(folder, name), { throwIfNoEntry: false })
      traces.push(facts === undefined ? '' : `${facts.ino} ${facts.size} ${facts.mtimeMs}`)
    }
    return traces.join('\n')
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

function areTooMany(strange: { count: number; sinceMs: number }): boolean {
  const nowMs = performance.now()
  if (nowMs - strange.sinceMs > STRANGE_WITHIN_MS) {
    strange.sinceMs = nowMs
    strange.count = 0
  }
  strange.count++
  return strange.count > MOST_STRANGE_CHANGES
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

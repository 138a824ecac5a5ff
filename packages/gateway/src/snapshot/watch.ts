/** Owns the watching of files: changed in place, replaced by a rename, or gone and back; one call for all that happens within a moment. */
import { readdirSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Node does not tell that a writer has closed a file, and the first part of one is often a sound configuration that lacks its last
 * policies. What is written in place is therefore not read before it has stood still for so long: an editor's steps are a moment apart,
 * and a copy over a network stalls for two hundred milliseconds where a packet is lost (Linux, TCP_RTO_MIN). What was renamed into its place
 * is whole, and is not waited for.
 */
const STILL_MS = 500

/**
 * Every change in a folder wakes this thread, whoever it concerns, and an access log beside the configuration changes a thousand times
 * a second: measured, a tenth of a busy gateway's CPU. A folder in which more than so many changes a second concern nobody is looked at
 * by a timer instead; after a while it is watched again. Files that are written beside and renamed into place stay far below.
 */
const MOST_STRANGE_CHANGES = 150
const STRANGE_WITHIN_MS = 1000
const LOOK_MS = 20
const LOOK_FOR_MS = 60_000

/** Kubernetes replaces this link beside the files, which then point elsewhere without changing themselves. */
const LINK_TO_ALL = '..data'
/** A folder of which files are read that nobody names. */
export interface WatchedFolder {
  readonly path: string
  /** Is a file of this name read? */
  isMember(name: string): boolean
}

/** Watches folders, because a file that is replaced by a rename is another file, and its watcher would watch the old one. */
export class FileWatcher {
  readonly #onChange: () => void
  readonly #watchers = new Map<string, { readonly inode: bigint; close(): void }>()
  #names = new Map<string, ReadonlySet<string>>()
  #members = new Map<string, WatchedFolder['isMember']>()
  /** By path: what of it was seen last. */
  readonly #unsettled = new Map<string, string>()
  /** By path: whole, unless this turn still brings a sign that somebody writes into it. */
  readonly #placed = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Is a file written that has not stood still yet? All is told once it has. */
  get isSettling(): boolean {
    return this.#unsettled.size > 0
  }

  /** Absolute paths of files and folders, replacing those before; of `folders` among them all files that are read there are watched. */
  watch(paths: readonly string[], folders: readonly WatchedFolder[]): void {
    const names = new Map<string, Set<string>>()
    for (const path of paths) {
      const folder = dirname(path)
      names.set(folder, (names.get(folder) ?? new Set()).add(basename(path)))
    }
    for (const { path } of folders) if (!names.has(path)) names.set(path, new Set())
    // A folder that is replaced by a rename is another folder: the one around it tells.
    for (const folder of [...names.keys()]) {
      const around = dirname(folder)
      if (around !== folder) names.set(around, (names.get(around) ?? new Set()).add(basename(folder)))
    }
    this.#names = names
    this.#members = new Map(folders.map(({ path, isMember }) => [path, isMember]))
    for (const [folder, watcher] of this.#watchers) {
      if (names.has(folder) && findInode(folder) === watcher.inode) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of names.keys()) if (!this.#watchers.has(folder)) this.#open(folder)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#placed.clear()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #open(folder: string): void {
    try {
      let renamedFrom = ''
      const strange = { count: 0, sinceMs: 0 }
      const watcher = watch(folder, (kind, name) => {
        // The system tells a rename as two events in a row: one for each name.
        const isMoved = kind === 'rename' && renamedFrom !== '' && renamedFrom !== name && name !== null
        renamedFrom = kind === 'rename' ? (name ?? '') : ''
        if (name !== null && !this.#concerns(folder, name)) {
          if (areTooMany(strange)) this.#lookByTimer(folder)
          return
        }
        const path = join(folder, name ?? '')
        if (isMoved && isWhole(path)) this.#place(path)
        else this.#settle(path)
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

  #concerns(folder: string, name: string): boolean {
    if (name === LINK_TO_ALL || this.#names.get(folder)?.has(name) === true) return true
    return this.#members.get(folder)?.(name) === true
  }

  #lookByTimer(folder: string): void {
    this.#watchers.get(folder)?.close()
    let seen = this.#findTraces(folder)
    // What was told in the same moment is not told any more.
    for (const path of seen.keys()) this.#settle(path)
    let looksLeft = LOOK_FOR_MS / LOOK_MS
    const timer = setInterval(() => {
      const isOver = --looksLeft === 0
      if (isOver) {
        clearInterval(timer)
        this.#open(folder)
      }
      const traces = this.#findTraces(folder)
      for (const path of new Set([...seen.keys(), ...traces.keys()])) {
        if (seen.get(path) === traces.get(path)) continue
        if (isRenamed(path, seen.get(path) ?? '')) this.#place(path)
        else this.#settle(path)
      }
      seen = traces
    }, LOOK_MS)
    this.#watchers.set(folder, { inode: findInode(folder), close: () => clearInterval(timer) })
  }

  #findTraces(folder: string): Map<string, string> {
    const names = this.#names.get(folder) ?? new Set()
    const isMember = this.#members.get(folder)
    const members = isMember === undefined ? [] : findNames(folder).filter(isMember)
    const paths = [...names, ...members, LINK_TO_ALL].map((name) => join(folder, name))
    return new Map(paths.map((path) => [path, toTrace(path)]))
  }

  /** Written, or taken away: read once it stands still. */
  #settle(path: string): void {
    this.#placed.delete(path)
    this.#unsettled.set(path, toTrace(path))
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), STILL_MS)
  }

  #look(): void {
    const moved = [...this.#unsettled].filter(([path, trace]) => toTrace(path) !== trace)
    if (moved.length === 0) this.#changed()
    for (const [path] of moved) this.#settle(path)
  }

  /** Renamed, as it seems. One file that is removed and another that is begun look the same, but writing is told in the same turn. */
  #place(path: string): void {
    if (this.#placed.size === 0) setImmediate(() => this.#takePlaced())
    this.#placed.add(path)
  }

  #takePlaced(): void {
    const isAny = this.#placed.size > 0
    for (const path of this.#placed) this.#unsettled.delete(path)
    this.#placed.clear()
    // What others have only half written would be read with it.
    if (isAny && this.#unsettled.size === 0) this.#changed()
  }

  #changed(): void {
    clearTimeout(this.#timer)
    this.#unsettled.clear()
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
  return (findFacts(path)?.size ?? 0n) > 0n
}

/** Another file than before, whose last change was no writing; one that was renamed as soon as it was written is told later. */
function isRenamed(path: string, before: string): boolean {
  const facts = findFacts(path)
  if (facts === undefined || before.startsWith(`${facts.ino} `)) return false
  return facts.size > 0n && facts.mtimeNs < facts.ctimeNs
}

/** Changes whenever what is at the path does; empty where there is nothing. */
function toTrace(path: string): string {
  const facts = findFacts(path)
  return facts === undefined ? '' : `${facts.ino} ${facts.size} ${facts.mtimeNs}`
}

/** 0: it is not there. */
function findInode(folder: string): bigint {
  return findFacts(folder)?.ino ?? 0n
}

/** A link that leads to itself, or a folder that is closed to us, is nothing to watch, and no reason to end. */
function findFacts(path: string) {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

function findNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

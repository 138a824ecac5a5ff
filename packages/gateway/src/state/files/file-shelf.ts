/** Owns the files that policies name, as main reads, checks and keeps them: each once, and again when it was replaced. */
import { resolve as resolvePath } from 'node:path'
import type { Log, PolicyFile } from '@gatewright/policies'
import { isMissing } from '../../snapshot/read-text-file.ts'
import type { SharedFile, SharedFiles } from './file-table.ts'
import { findStamp, readShared } from './read-shared.ts'

/** A file that some use of a policy reads. */
export interface WantedFile extends PolicyFile {
  /** Of the policy and its options: what passed the check of one passes that of its equals. */
  readonly checkKey: string
}

/** One that cannot be used as it is on disk. */
export interface FileTrouble<Wanted extends WantedFile> {
  readonly wanted: Wanted
  /** Names the file, and says what is wrong with it. */
  readonly fault: string
  /** What was in it before is used on. */
  readonly isKept: boolean
}

export interface LoadedFiles<Wanted extends WantedFile> {
  readonly files: SharedFiles
  readonly troubles: readonly FileTrouble<Wanted>[]
}

interface Kept {
  readonly stamp: string
  readonly file: SharedFile
  /** Keys of the checks that it passed. */
  readonly passed: Set<string>
}

interface Refused {
  /** undefined: nothing was there. */
  readonly stamp: string | undefined
  readonly fault: string
  readonly isTold: boolean
}

export class FileShelf {
  readonly #findFolder: () => string
  /** By absolute path: the newest that could be used. */
  readonly #kept = new Map<string, Kept>()
  /** By absolute path: what stands there and could not be used. */
  readonly #refused = new Map<string, Refused>()
  #used: readonly WantedFile[] = []
  #versions = 0

  /** `findFolder`: where relative paths begin. */
  constructor(findFolder: () => string) {
    this.#findFolder = findFolder
  }

  /** As they stand on disk now. Of what cannot be used any more, what was in it before. */
  async load<Wanted extends WantedFile>(wanted: readonly Wanted[]): Promise<LoadedFiles<Wanted>> {
    const files = new Map<string, SharedFile>()
    const troubles: FileTrouble<Wanted>[] = []
    for (const [path, group] of this.#toGroups(wanted)) {
      const former = this.#kept.get(path)
      const { found, why } = await this.#read(path, former)
      const faults = group.map((each) => why ?? findFault(found, each))
      const isSound = faults.every((fault) => fault === undefined)
      // It is right for all who use it, or stays for all of them as it was.
      const usable = isSound ? found : isRight(former, group) ? former : undefined
      await this.#note(
        path,
        faults.find((fault) => fault !== undefined),
      )
      if (usable !== undefined) {
        this.#kept.set(path, usable)
        for (const each of group) files.set(each.path, usable.file)
      }
      for (const [index, each] of group.entries()) {
        const fault = faults[index]
        if (fault !== undefined)
          troubles.push({ wanted: each, fault: `${path}: ${fault}`, isKept: usable !== undefined })
      }
    }
    return { files, troubles }
  }

  /** These are what runs uses from here on; the others are forgotten. */
  settle(wanted: readonly WantedFile[]): void {
    this.#used = wanted
    const paths = this.#toGroups(wanted)
    for (const held of [this.#kept, this.#refused])
      for (const path of held.keys()) if (!paths.has(path)) held.delete(path)
  }

  /**
   * What is used, as it stands on disk now, where that can be used: asked for once in a while, since no system tells of every
   * change. What is as it was is not read, and what cannot be used is told once.
   */
  async look(log: Log): Promise<SharedFiles> {
    const files = new Map<string, SharedFile>()
    for (const [path, group] of this.#toGroups(this.#used)) {
      const before = this.#kept.get(path)
      const stamp = await findStamp(path)
      const refused = this.#refused.get(path)
      if (stamp === before?.stamp) this.#refused.delete(path)
      else if (refused === undefined || refused.stamp !== stamp) await this.load(group)
      const kept = this.#kept.get(path)
      if (kept !== before) log.info('a file that a policy reads was replaced, and counts from now on', { file: path })
      this.#tell(path, log)
      if (kept !== undefined && isRight(kept, group)) for (const each of group) files.set(each.path, kept.file)
    }
    return files
  }

  async #note(path: string, fault: string | undefined): Promise<void> {
    const stamp = fault === undefined ? undefined : await findStamp(path)
    const former = this.#refused.get(path)
    if (fault === undefined) this.#refused.delete(path)
    else if (former?.fault !== `${path}: ${fault}` || former.stamp !== stamp) {
      this.#refused.set(path, { stamp, fault: `${path}: ${fault}`, isTold: false })
    }
  }

  /** Once, why what is on disk does not count. */
  #tell(path: string, log: Log): void {
    const refused = this.#refused.get(path)
    if (refused === undefined || refused.isTold) return
    this.#refused.set(path, { ...refused, isTold: true })
    log.warn('a file that a policy reads cannot be used: what was in it before counts', { why: refused.fault })
  }

  #toGroups<Wanted extends WantedFile>(wanted: readonly Wanted[]): Map<string, Wanted[]> {
    if (wanted.length === 0) return new Map()
    const folder = this.#findFolder()
    return Map.groupBy(wanted, ({ path }) => resolvePath(folder, path))
  }

  async #read(path: string, former: Kept | undefined): Promise<{ found: Kept | undefined; why: string | undefined }> {
    try {
      const read = await readShared(path, former?.stamp)
      if (read === undefined) return { found: former, why: undefined }
      this.#versions++
      const { stamp, bytes } = read
      return { found: { stamp, file: { version: this.#versions, bytes }, passed: new Set() }, why: undefined }
    } catch (error) {
      return { found: undefined, why: isMissing(error) ? 'there is no such file' : toWords(error) }
    }
  }
}

function isRight(kept: Kept | undefined, wanted: readonly WantedFile[]): boolean {
  return kept !== undefined && wanted.every((each) => findFault(kept, each) === undefined)
}

/** Why a use of a policy cannot read it, or undefined. */
function findFault(kept: Kept | undefined, { check, checkKey }: WantedFile): string | undefined {
  if (kept === undefined) return 'there is nothing to read'
  if (kept.passed.has(checkKey)) return undefined
  try {
    check(new Uint8Array(kept.file.bytes))
    kept.passed.add(checkKey)
    return undefined
  } catch (error) {
    return toWords(error)
  }
}

function toWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Owns where every part of the read data came from: file, line and column of each key and each value. */
import { NOWHERE, type Path, type Place } from '../finding.ts'
import { PutInTexts } from './put-in-texts.ts'
import type { SourceText } from './source-text.ts'

/** Where one member of a map, or one item of a list, stands. Offsets count UTF-16 code units. */
export interface Member {
  readonly source: SourceText
  /** Of the key; of the value in lists. */
  readonly keyAt: number
  readonly valueAt: number
  /** True where `${env:…}` or `${file:…}` was replaced: such a value is never shown. */
  substituted?: boolean
  /** Of what stands elsewhere than it is written: its index there in the same list, or its place in another one. */
  readonly written?: number | Path
}

interface Origin {
  readonly source: SourceText
  readonly at: number
  readonly members: Map<string | number, Member>
}

/** Every container that was read, and where; its own source may be a piece of a file's text. */
export type Containers = WeakMap<object, Origin>

/** Where the texts stand that are pieces of a file: containers of a piece are kept from one reading to the next, and it moves. */
export type Mounts = ReadonlyMap<SourceText, Mount>

interface Mount {
  readonly source: SourceText
  readonly at: number
}

/** Keyed by the containers themselves, so that data which is merged keeps the places of its parts. */
export class Origins {
  /** What came from outside of the files. */
  readonly putIn = new PutInTexts()
  readonly #containers: Containers
  /** By path. */
  readonly #mounts = new Map<string, Map<SourceText, Mount>>()
  /** Of files that were not read again. */
  readonly #former = new Map<string, Mounts>()

  constructor(containers: Containers = new WeakMap()) {
    this.#containers = containers
  }

  /** Says that `piece` is what stands at this offset of `source`. */
  mount(piece: SourceText, source: SourceText, at: number): void {
    const mounts = this.#mounts.get(source.file) ?? new Map<SourceText, Mount>()
    this.#mounts.set(source.file, mounts.set(piece, { source, at }))
  }

  /** Of this file, as it was read; undefined: it has no pieces. */
  findMounts(path: string): Mounts | undefined {
    return this.#mounts.get(path)
  }

  /** Says that the file is as it was read before, with its pieces where they were. */
  keepMounts(path: string, mounts: Mounts): void {
    this.#former.set(path, mounts)
  }

  add(container: object, source: SourceText, at: number): void {
    this.#containers.set(container, { source, at, members: new Map() })
  }

  setMember(container: object, key: string | number, member: Member): void {
    this.#containers.get(container)?.members.set(key, member)
  }

  findMember(container: object, key: string | number): Member | undefined {
    return this.#containers.get(container)?.members.get(key)
  }

  /** Items behind a removed one move up. */
  removeItem(list: readonly unknown[], index: number): void {
    const members = this.#containers.get(list)?.members
    if (members === undefined) return
    members.delete(index)
    for (let behind = index + 1; behind <= list.length; behind++) {
      const member = members.get(behind)
      members.delete(behind)
      if (member !== undefined) members.set(behind - 1, member)
    }
  }

  /** Gives a merged container the place of the one it continues. */
  copy(from: object, to: object): void {
    const origin = this.#containers.get(from)
    if (origin !== undefined) this.add(to, origin.source, origin.at)
  }

  copyMember({ from, key, to, as }: { from: object; key: string | number; to: object; as: string | number }): void {
    const member = this.findMember(from, key)
    if (member !== undefined) this.setMember(to, as, member)
  }

  /** The file that says this container. */
  findFile(container: object): string | undefined {
    return this.#containers.get(container)?.source.file
  }

  placeOf(container: object): Place {
    const origin = this.#containers.get(container)
    return origin === undefined ? NOWHERE : this.#toPlace(origin.source, origin.at)
  }

  /** The place of what `path` names below `root`; of its nearest ancestor where it does not exist. */
  placeAt(root: unknown, path: Path, point: 'key' | 'value' = 'value'): Place {
    let place = typeof root === 'object' && root !== null ? this.placeOf(root) : NOWHERE
    let value = root
    for (const [index, segment] of path.entries()) {
      if (typeof value !== 'object' || value === null) return place
      const member = this.findMember(value, segment)
      if (member === undefined) return place
      const wantsKey = point === 'key' && index === path.length - 1
      place = this.#toPlace(member.source, wantsKey ? member.keyAt : member.valueAt)
      value = (value as Record<string | number, unknown>)[segment]
    }
    return place
  }

  #toPlace(source: SourceText, offset: number): Place {
    const mount = this.#mounts.get(source.file)?.get(source) ?? this.#former.get(source.file)?.get(source)
    return mount === undefined ? source.placeOf(offset) : mount.source.placeOf(mount.at + offset)
  }

  /** Where the files have what `path` names below `root`, which itself they have at `around`. */
  toWritten(root: unknown, path: Path, around: Path = []): Path {
    let written = around
    let value = root
    for (const segment of path) {
      const isKnown = typeof value === 'object' && value !== null
      const moved = isKnown ? this.findMember(value as object, segment)?.written : undefined
      written = typeof moved === 'object' ? moved : [...written, moved ?? segment]
      value = isKnown ? (value as Record<string | number, unknown>)[segment] : undefined
    }
    return written
  }

  /** Where the values stand that were replaced, in this container and below it. */
  listSubstituted(container: unknown): Place[] {
    if (typeof container !== 'object' || container === null) return []
    return Object.entries(container).flatMap(([name, value]) => {
      const member = this.findMember(container, Array.isArray(container) ? Number(name) : name)
      const own = member?.substituted === true ? [this.#toPlace(member.source, member.valueAt)] : []
      return [...own, ...this.listSubstituted(value)]
    })
  }

  /** Was this value, or a part of it, replaced by `${env:…}` or `${file:…}`? Then so is what a schema makes of it, and says to be below it. */
  isSubstituted(root: unknown, path: Path): boolean {
    let value = root
    for (const segment of path) {
      if (typeof value !== 'object' || value === null) return false
      if (this.findMember(value, segment)?.substituted === true) return true
      value = (value as Record<string | number, unknown>)[segment]
    }
    return false
  }
}

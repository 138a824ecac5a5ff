/** Owns what is kept of files between two readings: pieces of their text that stand there again, and what was made of them. */
import { type Containers, type Mounts, Origins } from './origins.ts'
import { type SourceFile, SourceText } from './source-text.ts'

/** A part of a file that was read by itself; its places count from its own start. */
export interface Piece {
  readonly source: SourceText
  /** Never changed: it stands in the data of several readings. */
  readonly value: unknown
}

/** Pieces of one file, by their text. */
export class FilePieces {
  readonly file: string
  /** A part that is longer falls apart further. */
  readonly max: number
  /** Of the last reading, and of the one under way. */
  #former = new Map<string, Piece>()
  #taken = new Map<string, Piece>()

  constructor(file: string, max: number) {
    this.file = file
    this.max = max
  }

  /**
   * What was read from the same text before, unless it stands in this reading already: data has one place. Else it is read
   * now, from a text of its own, since a slice would keep the whole file alive.
   */
  take(text: string, read: (source: SourceText) => unknown): Piece {
    const isFirst = !this.#taken.has(text)
    const known = this.#former.get(text)
    if (isFirst && known !== undefined) {
      this.#taken.set(known.source.text, known)
      return known
    }
    const source = new SourceText({ path: this.file, text: toOwnText(text) })
    const piece = { source, value: read(source) }
    // What is put in may change, and stands in the value itself.
    if (isFirst && !MAY_SUBSTITUTE.test(text)) this.#taken.set(source.text, piece)
    return piece
  }

  /** What was not taken is gone from the file. */
  settle(): void {
    this.#former = this.#taken
    this.#taken = new Map()
  }
}

/** `${env:…}`, `${file:…}`, `${secret:…}`, or an escape that could spell one. */
const MAY_SUBSTITUTE = /\$\{(?:env|file|secret):|\\/

/** What was read from a whole file, and is without a finding. */
interface ReadFile {
  readonly source: SourceText
  /** Never changed. */
  readonly value: unknown
  readonly mounts: Mounts | undefined
}

interface OpenFile {
  readonly pieces: FilePieces
  /** What was read of it, while its text is the same. */
  read: { readonly file: SourceFile; readonly made: ReadFile } | undefined
  /** Was it not read in this reading, because its text is the same? */
  isSame: boolean
}

/** A route has some 100 characters, a small API some 500. */
const PIECE_MAX = 600

export class PieceMemory {
  readonly #containers: Containers = new WeakMap()
  readonly #max: number
  /** Of the last reading, and of the one under way. */
  #files = new Map<string, OpenFile>()
  #opened = new Map<string, OpenFile>()

  constructor(max = PIECE_MAX) {
    this.#max = max
  }

  /** For one reading of all files. */
  openOrigins(): Origins {
    return new Origins(this.#containers)
  }

  /** What the last reading made of the same file, if its text is the same; its places are added to `origins`. */
  findFile(file: SourceFile, origins: Origins): Pick<ReadFile, 'source' | 'value'> | undefined {
    const known = this.#findOpen(file.path)
    if (known?.read === undefined) return undefined
    const { file: former, made } = known.read
    if (former.text !== file.text || former.isForeign !== file.isForeign) return undefined
    known.isSame = true
    this.#opened.set(file.path, known)
    if (made.mounts !== undefined) origins.keepMounts(file.path, made.mounts)
    return made
  }

  openFile(path: string): FilePieces {
    const known = this.#findOpen(path)
    const pieces = known?.pieces ?? new FilePieces(path, this.#max)
    this.#opened.set(path, { pieces, read: undefined, isSame: false })
    return pieces
  }

  /** Of the file that was opened last under this path, in which nothing is wrong. */
  keepFile(file: SourceFile, { source, value }: Pick<ReadFile, 'source' | 'value'>, origins: Origins): void {
    // What is put in may change; into what was written elsewhere nothing of this machine is, and whoever reads it knows of secrets.
    if (file.isForeign !== true && MAY_SUBSTITUTE.test(file.text)) return
    const opened = this.#opened.get(file.path)
    const mounts = origins.findMounts(file.path)
    if (opened !== undefined) opened.read = { file, made: { source, value, mounts } }
  }

  /** One that is read twice, as itself and as an overlay say, has two places: nothing of the first stands in the second. */
  #findOpen(path: string): OpenFile | undefined {
    return this.#opened.has(path) ? undefined : this.#files.get(path)
  }

  /** After a reading without a fault. What was not opened is gone: a folder may hold other names after every change. */
  settle(): void {
    this.#files = this.#opened
    this.#opened = new Map()
    for (const file of this.#files.values()) {
      if (!file.isSame) file.pieces.settle()
      file.isSame = false
    }
  }

  /** After a fault: what is left out then is taken out of the data itself. */
  forget(): void {
    this.#files = new Map()
    this.#opened = new Map()
  }
}

/** A copy that refers to no other text. */
function toOwnText(text: string): string {
  return JSON.parse(JSON.stringify(text))
}

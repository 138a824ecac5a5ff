/** Owns what is kept of files between two readings: pieces of their text that stand there again, and what was made of them. */
import { type Containers, Origins } from './origins.ts'
import { SourceText } from './source-text.ts'

/** A part of a file that was read by itself; its places count from its own start. */
export interface Piece {
  readonly source: SourceText
  /** Never changed: it stands in the data of several readings. */
  readonly value: unknown
}

interface Kept extends Piece {
  reading: number
}

/** Pieces of one file, by their text. */
export class FilePieces {
  readonly file: string
  /** A part that is longer falls apart further. */
  readonly max: number
  readonly #kept = new Map<string, Kept>()
  #reading = 0

  constructor(file: string, max: number) {
    this.file = file
    this.max = max
  }

  begin(): void {
    this.#reading++
  }

  /**
   * What was read from the same text before, unless it stands in this reading already: data has one place. Else it is read
   * now, from a text of its own, since a slice would keep the whole file alive.
   */
  take(text: string, read: (source: SourceText) => unknown): Piece {
    const known = this.#kept.get(text)
    if (known !== undefined && known.reading !== this.#reading) {
      known.reading = this.#reading
      return known
    }
    const source = new SourceText({ path: this.file, text: toOwnText(text) })
    const piece: Kept = { source, value: read(source), reading: this.#reading }
    // What is put in may change, and stands in the value itself.
    if (known === undefined && !MAY_SUBSTITUTE.test(text)) this.#kept.set(source.text, piece)
    return piece
  }

  /** What was not taken is gone from the file. */
  settle(): void {
    for (const [text, { reading }] of this.#kept) if (reading !== this.#reading) this.#kept.delete(text)
  }
}

/** `${env:…}`, `${file:…}`, or an escape that could spell one. */
const MAY_SUBSTITUTE = /\$\{(?:env|file):|\\/

/** A route has some 100 characters, a small API some 500. */
const PIECE_MAX = 600

export class PieceMemory {
  readonly containers: Containers = new WeakMap()
  readonly #max: number
  #files = new Map<string, FilePieces>()

  constructor(max = PIECE_MAX) {
    this.#max = max
  }

  /** For one reading of all files. */
  openOrigins(): Origins {
    return new Origins(this.containers)
  }

  openFile(path: string): FilePieces {
    const pieces = this.#files.get(path) ?? new FilePieces(path, this.#max)
    this.#files.set(path, pieces)
    pieces.begin()
    return pieces
  }

  /** After a reading without a fault. */
  settle(): void {
    for (const pieces of this.#files.values()) pieces.settle()
  }

  /** After a fault: what is left out then is taken out of the data itself. */
  forget(): void {
    this.#files = new Map()
  }
}

/** A copy that refers to no other text. */
function toOwnText(text: string): string {
  return JSON.parse(JSON.stringify(text))
}

/** Owns one file's text and the way from an offset in it to a line and a column. */
import type { Place } from '../finding.ts'

/** A file as it was read. Paths are kept as they were given. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  /** Written by people who are not to see what is on this machine: it says APIs, and nothing of variables, files and programs. */
  readonly isForeign?: boolean
}

export class SourceText {
  readonly file: string
  readonly text: string
  #lineStarts: number[] | undefined

  constructor({ path, text }: SourceFile) {
    this.file = path
    this.text = text
  }

  /** Columns count UTF-16 code units from 1, as editors do. */
  placeOf(offset: number): Place {
    this.#lineStarts ??= findLineStarts(this.text)
    const starts = this.#lineStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** The two ways in which an expression can be wrong: as it is written, and as it runs. */

/** Where a fault stands in its source: `line` and `column` count from 1, `offset` (UTF-16 units) from 0. */
export interface Position {
  readonly line: number
  readonly column: number
  readonly offset: number
}

/** How much of the source a message quotes. */
const QUOTED_CHARS = 60

/** The expression cannot be compiled. The message names the piece and its place; `validate` turns it into a finding. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError'
  /** What is wrong, without the place. */
  readonly reason: string
  /** The whole text as it was written, so that the position means something. */
  readonly source: string
  readonly position: Position

  constructor(reason: string, source: string, offset = 0) {
    const position = toPosition(source, offset)
    super(`line ${position.line}, column ${position.column}: ${reason}${quotePiece(source, position.offset)}`)
    this.reason = reason
    this.source = source
    this.position = position
  }
}

/** The expression was compiled but failed for this exchange; policies answer with the problem `expression-failed`. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** What went wrong, without the place. */
  readonly reason: string
  readonly source: string
  readonly position: Position

  constructor(reason: string, source: string, offset = 0) {
    super(`${reason}${quotePiece(source, offset)}`)
    this.reason = reason
    this.source = source
    this.position = toPosition(source, offset)
  }

  /** Did it fail because the exchange lacks a field? Both engines say that alike. */
  get isOfMissingField(): boolean {
    return this.reason.startsWith('field not found: ')
  }
}

/** The line and column of an offset; offsets outside the text are moved to its ends. */
export function toPosition(source: string, offset: number): Position {
  const place = Math.min(Math.max(offset, 0), source.length)
  const before = source.slice(0, place)
  const lineStart = Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1
  return { line: before.split(/\r\n|\n|\r/).length, column: place - lineStart + 1, offset: place }
}

function quotePiece(source: string, offset: number): string {
  const piece = source.slice(offset, offset + QUOTED_CHARS).trim()
  if (piece === '') return ''
  return ` (at \`${piece}${offset + QUOTED_CHARS < source.length ? '…' : ''}\`)`
}

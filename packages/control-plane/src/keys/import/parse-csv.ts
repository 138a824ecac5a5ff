/** Owns reading comma-separated values (RFC 4180), with the line where each row begins. Whatever the text is, rows come out of it. */

export interface CsvRow {
  /** From 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** Empty lines are no rows. */
export function parseCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = []
  let cells: string[] = []
  let line = 1
  let begin = 1
  for (let at = 0; at <= text.length; ) {
    const end = findQuotedEnd(text, at) ?? findPlainEnd(text, at)
    const cell = text.slice(at, end)
    at = end
    line += countLines(cell)
    cells.push(toValue(cell))
    if (text[at] === ',') {
      at++
      continue
    }
    if (cells.some((value) => value !== '')) rows.push({ line: begin, cells })
    cells = []
    if (at === text.length) break
    at += text.startsWith('\r\n', at) ? 2 : 1
    line++
    begin = line
  }
  return rows
}

/**
 * A cell in double quotes may hold commas, line ends and doubled quotes; one in single quotes as well, but no line ends. Undefined where it is
 * not quoted as a whole: the first quote that is not doubled decides, so that nothing is looked at twice.
 */
function findQuotedEnd(text: string, start: number): number | undefined {
  const quote = text[start]
  if (quote !== '"' && quote !== "'") return undefined
  for (let from = start + 1; ; ) {
    const at = text.indexOf(quote, from)
    if (at < 0 || (quote === "'" && /[\r\n]/.test(text.slice(from, at)))) return undefined
    if (text[at + 1] !== quote) return isEnd(text, at + 1) ? at + 1 : undefined
    from = at + 2
  }
}

function findPlainEnd(text: string, start: number): number {
  let at = start
  while (!isEnd(text, at)) at++
  return at
}

function isEnd(text: string, at: number): boolean {
  const next = text[at]
  return next === undefined || next === ',' || next === '\r' || next === '\n'
}

function toValue(cell: string): string {
  const [quote] = cell
  const isQuoted = cell.length > 1 && (quote === '"' || quote === "'") && cell.endsWith(quote)
  return isQuoted ? cell.slice(1, -1).replaceAll(quote + quote, quote) : cell.trim()
}

function countLines(text: string): number {
  return text.split(/\r\n|\r|\n/).length - 1
}

/** Owns saying what became of plain data, a line for each place that is another now. */
import { toOneLine } from './to-one-line.ts'

const MOST_LINES = 200
const MOST_LETTERS = 200

/** `basePath: "/a" → "/b"`. Undefined: there was, or is, nothing. */
export function toChangeLines(before: unknown, after: unknown): readonly string[] {
  const lines: string[] = []
  compare(before, after, { path: '', lines })
  const told = lines.slice(0, MOST_LINES).map(toOneLine)
  if (lines.length <= MOST_LINES) return told
  return [...told, `and ${lines.length - MOST_LINES} more`]
}

interface Comparing {
  readonly path: string
  readonly lines: string[]
}

function compare(before: unknown, after: unknown, { path, lines }: Comparing): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return
  if (!isBranch(before) || !isBranch(after) || Array.isArray(before) !== Array.isArray(after)) {
    lines.push(`${path === '' ? '' : `${path}: `}${toText(before)} → ${toText(after)}`)
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const at = Array.isArray(before) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    compare(before[key], after[key], { path: at, lines })
  }
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function toText(value: unknown): string {
  if (value === undefined) return '(nothing)'
  const text = JSON.stringify(value)
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text
}

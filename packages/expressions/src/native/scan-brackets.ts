/** Finds where a CEL source ends inside other text, by walking its brackets, strings and comments. */

/** What a walk over CEL found. `end` is the offset of the closing bracket that was not opened, or -1. */
export interface BracketScan {
  readonly end: number
  /** Brackets open at once, at most. */
  readonly depth: number
  /** The offset of a string that does not end, or -1. */
  readonly openString: number
}

const OPENING = new Set(['(', '[', '{'])
const CLOSING = new Set([')', ']', '}'])

/** Walks from `start` to the first bracket that closes more than was opened, or to the end of the text. */
export function scanBrackets(text: string, start: number): BracketScan {
  let open = 0
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '"' || char === "'") {
      const last = findStringEnd(text, at)
      if (last === -1) return { end: -1, depth, openString: at }
      at = last
    } else if (char === '/' && text[at + 1] === '/') {
      // CEL's comments run to the end of the line; a bracket in one is only text.
      const lineEnd = /[\r\n]/g
      lineEnd.lastIndex = at
      at = lineEnd.exec(text)?.index ?? text.length
    } else if (OPENING.has(char)) {
      depth = Math.max(depth, ++open)
    } else if (CLOSING.has(char) && --open < 0) {
      return { end: at, depth, openString: -1 }
    }
  }
  return { end: -1, depth, openString: -1 }
}

/** The offset of a string's last quote; the string may be raw (`r'…'`) and may have three quotes on each side. */
function findStringEnd(text: string, start: number): number {
  const quote = text[start] ?? ''
  const raw = /(?:^|[^A-Za-z0-9_])(?:[rR][bB]?|[bB][rR])$/.test(text.slice(Math.max(0, start - 3), start))
  const mark = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote
  for (let at = start + mark.length; at < text.length; at++) {
    if (text[at] === '\\' && !raw) at++
    else if (mark.length === 1 && (text[at] === '\n' || text[at] === '\r')) return -1
    else if (text.startsWith(mark, at)) return at + mark.length - 1
  }
  return -1
}

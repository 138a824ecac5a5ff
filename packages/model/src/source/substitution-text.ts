/** Owns how a text falls apart into what is kept, what is replaced, and what belongs to expressions. */

/**
 * `text` is kept; `env`, `file` and `secret` name what is put in; `expression` is a `${ CEL }` part, kept; `nested` is an
 * expression part that holds a substitution, which is a fault; `replaced` is what was put in.
 */
export interface Piece {
  readonly kind: 'text' | 'env' | 'file' | 'secret' | 'expression' | 'nested' | 'replaced'
  readonly text: string
}

type Put = 'env' | 'file' | 'secret'

const SUBSTITUTION = /\$\{(env|file|secret):([^{}]*)\}/y

/** Joined again, the pieces' texts are the text, but for `env`, `file` and `secret`, which hold the bare name. */
export function splitText(text: string): Piece[] {
  const pieces: Piece[] = []
  let kept = 0
  let at = text.indexOf('$')
  const keepUntil = (end: number): void => {
    if (end > kept) pieces.push({ kind: 'text', text: text.slice(kept, end) })
  }
  while (at !== -1) {
    if (text.startsWith('$${', at)) {
      at = text.indexOf('$', at + 3)
      continue
    }
    if (!text.startsWith('${', at)) {
      at = text.indexOf('$', at + 1)
      continue
    }
    SUBSTITUTION.lastIndex = at
    const match = SUBSTITUTION.exec(text)
    const end = match === null ? findExpressionEnd(text, at + 2) : SUBSTITUTION.lastIndex
    keepUntil(at)
    if (match === null) {
      const part = text.slice(at, end)
      pieces.push({ kind: /\$\{(?:env|file|secret):/.test(part) ? 'nested' : 'expression', text: part })
    } else {
      pieces.push({ kind: match[1] as Put, text: (match[2] ?? '').trim() })
    }
    kept = end
    at = text.indexOf('$', end)
  }
  keepUntil(text.length)
  return pieces
}

/** The same text with the names of its secrets below `scope`: whatever they say, they lead nowhere else. */
export function scopeSecrets(text: string, scope: string): string {
  if (!text.includes('${secret:')) return text
  const pieces = splitText(text)
  return pieces.map(({ kind, text: said }) => (isPut(kind) ? toWritten(kind, said, scope) : said)).join('')
}

function isPut(kind: Piece['kind']): kind is Put {
  return kind === 'env' || kind === 'file' || kind === 'secret'
}

function toWritten(kind: Put, name: string, scope: string): string {
  return `\${${kind}:${kind === 'secret' ? `${scope}/` : ''}${name}}`
}

/** After the brace that closes a CEL part; braces inside CEL's quotes do not count. The end of the text if none does. */
function findExpressionEnd(text: string, start: number): number {
  let depth = 1
  let quote = ''
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return at + 1
  }
  return text.length
}

/**
 * Joins pieces so that an expression reader gives back what was put in, letter by letter: each `${` that a replaced
 * text makes, also together with its neighbour, is written `$${`.
 */
export function escapePieces(pieces: readonly Piece[]): string {
  const merged = mergeReplaced(pieces)
  let joined = ''
  for (const [index, piece] of merged.entries()) {
    if (piece.kind !== 'replaced') {
      joined += piece.text
      continue
    }
    const after = merged[index + 1]
    const escaped = piece.text.replaceAll('${', () => '$${')
    if (!escaped.endsWith('$') || after === undefined) joined += escaped
    // `$` before `{`: together they would open an expression.
    else if (after.text.startsWith('{')) joined += `${escaped}$`
    // `$` before `${ CEL }`: together they would read as an escape, so the `$` becomes a part of its own.
    else if (after.kind === 'expression') joined += `${escaped.slice(0, -1)}\${"$"}`
    else joined += escaped
  }
  return joined
}

/** Neighbours become one text and empty ones go, so that each text's real neighbour is the next piece. */
function mergeReplaced(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = []
  for (const piece of pieces) {
    const before = merged.at(-1)
    if (piece.text === '') continue
    if (piece.kind === 'replaced' && before?.kind === 'replaced') {
      merged[merged.length - 1] = { kind: 'replaced', text: before.text + piece.text }
    } else {
      merged.push(piece)
    }
  }
  return merged
}

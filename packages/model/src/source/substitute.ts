/** Owns `${env:NAME}`, `${file:path}` and `${secret:NAME}`: replaced once, when files are read, by a text that is never read again. */
import { dirname, isAbsolute, join } from 'node:path'
import { EXPRESSION_LANGUAGES } from '../expression-languages.ts'
import { type Finding, type Path, toPathText } from '../finding.ts'
import type { ParsedSource } from './parse-source.ts'
import { escapePieces, type Piece, splitText } from './substitution-text.ts'

/** How the outside is reached; both answer `undefined` for what is not there. */
export interface Surroundings {
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined
  /** The text of a file, by the path that was resolved against the file that names it. May throw: its message is shown. */
  readonly readFile: (path: string) => string | undefined
  /** The value of a secret that a control plane keeps: for what comes from there alone. None if absent. */
  readonly secret?: (name: string) => string | undefined
  /** Does the text come from others, so that nothing of this machine goes into it? */
  readonly isClosed?: boolean
}

const LANGUAGES = new Set<string>(EXPRESSION_LANGUAGES)
/** Only below these keys can a text be an expression: what is put in is escaped there, elsewhere it goes in as it is. */
const EXPRESSION_KEYS = new Set(['options', 'errors'])
/** Secrets in files often end in the line end of an editor or of `echo`, which is no part of them. */
const LAST_LINE_END = /\r?\n$/

/** Of sources too that only the schema of a policy knows. */
export const SUBSTITUTION_IN_EXPRESSION = {
  code: 'substitution-in-expression',
  message: `\`\${env:…}\`, \`\${file:…}\` and \`\${secret:…}\` cannot stand inside the source of an expression: their text would be run.`,
  suggestion: 'Put it under `variables:` and read it as `variables.<name>` in the expression.',
} as const

const SUBSTITUTION_FROM_OUTSIDE = {
  code: 'substitution-refused',
  message: 'What stands here was not written on this machine: nothing of its environment and its files goes into it.',
  suggestion: 'Write `$${` where `${` is meant as text.',
} as const

const SECRET_FROM_NOWHERE = {
  code: 'substitution-refused',
  message: 'What stands here was written on this machine: secrets are kept by a control plane, for what it publishes.',
  suggestion: 'Write `${env:NAME}` or `${file:path}`.',
} as const

/** Replaces in place; answers with what could not be replaced. */
export function substitute(parsed: ParsedSource, surroundings: Surroundings): Finding[] {
  const { text } = parsed.source
  // A file without any, and without escapes that could spell one, need not be walked.
  if (!/\$\{(?:env|file|secret):/.test(text) && !text.includes('\\')) return []
  const substitution = new Substitution(parsed, surroundings)
  if (typeof parsed.value === 'object' && parsed.value !== null) substitution.walk(parsed.value, false)
  return substitution.findings
}

/** What cannot be put in; caught in this file. */
class Missing extends Error {}

type Container = Record<string | number, unknown>

class Substitution {
  readonly findings: Finding[] = []
  readonly #parsed: ParsedSource
  readonly #surroundings: Surroundings
  readonly #path: (string | number)[] = []

  constructor(parsed: ParsedSource, surroundings: Surroundings) {
    this.#parsed = parsed
    this.#surroundings = surroundings
  }

  walk(container: object, hasExpressions: boolean): void {
    for (const [key, member] of Object.entries(container)) {
      this.#path.push(Array.isArray(container) ? Number(key) : key)
      if (typeof member === 'string') {
        if (member.includes('${')) this.#replace(container as Container, member, hasExpressions)
      } else if (typeof member === 'object' && member !== null) {
        this.walk(member, hasExpressions || EXPRESSION_KEYS.has(key))
      }
      this.#path.pop()
    }
  }

  #replace(container: Container, text: string, hasExpressions: boolean): void {
    const key = this.#path.at(-1) ?? ''
    const pieces = splitText(text)
    const isNested = pieces.some((piece) => piece.kind === 'nested')
    const kinds = new Set(pieces.map((piece) => piece.kind))
    const hasOwn = kinds.has('env') || kinds.has('file')
    if (!isNested && !hasOwn && !kinds.has('secret')) return
    if (isNested || isSource(container, key, hasExpressions)) {
      this.#report({ severity: 'fault', ...SUBSTITUTION_IN_EXPRESSION })
      return
    }
    const isClosed = this.#surroundings.isClosed === true
    if (isClosed ? hasOwn : kinds.has('secret')) {
      this.#report({ severity: 'fault', ...(isClosed ? SUBSTITUTION_FROM_OUTSIDE : SECRET_FROM_NOWHERE) })
      return
    }
    try {
      const filled = pieces.map((piece) => this.#fill(piece))
      container[key] = hasExpressions ? escapePieces(filled) : filled.map((piece) => piece.text).join('')
      const member = this.#parsed.origins.findMember(container, key)
      if (member !== undefined) member.substituted = true
      this.#remember(pieces, filled, { text, made: String(container[key]) })
      if (hasExpressions) this.#warnOfEscapes(filled)
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      this.#report({ severity: 'fault', code: 'substitution-missing', message: error.message })
    }
  }

  /** What was put in, and all that it is now a part of: both are as little for others to read. */
  #remember(
    pieces: readonly Piece[],
    filled: readonly Piece[],
    { text, made }: { readonly text: string; readonly made: string },
  ): void {
    const { value, origins } = this.#parsed
    const place = origins.placeAt(value, this.#path)
    for (const [index, { kind, text: put }] of filled.entries()) {
      const { kind: from, text: name } = pieces[index] ?? { kind, text: '' }
      if (kind === 'replaced') origins.putIn.add(put, `\${${from}:${name}}`, place)
    }
    if (filled.some(({ kind, text: put }) => kind === 'replaced' && put !== '')) origins.putIn.add(made, text, place)
  }

  #fill(piece: Piece): Piece {
    if (piece.kind === 'file') return { kind: 'replaced', text: this.#readFile(piece.text) }
    if (piece.kind === 'secret') return { kind: 'replaced', text: this.#readSecret(piece.text) }
    if (piece.kind !== 'env') return piece
    const text = this.#surroundings.env(piece.text)
    if (text === undefined) throw new Missing(`The environment variable ${piece.text} is not set.`)
    return { kind: 'replaced', text }
  }

  #readSecret(name: string): string {
    const text = this.#surroundings.secret?.(name)
    if (text === undefined) throw new Missing(`There is no secret "${name}": put it into its environment first.`)
    return text
  }

  #readFile(name: string): string {
    const path = isAbsolute(name) ? name : join(dirname(this.#parsed.source.file), name)
    let text: string | undefined
    try {
      text = this.#surroundings.readFile(path)
    } catch (error) {
      throw new Missing(`The file ${path} cannot be read: ${(error as Error).message}`)
    }
    if (text === undefined) throw new Missing(`The file ${path} does not exist.`)
    return text.replace(LAST_LINE_END, '')
  }

  #warnOfEscapes(pieces: readonly Piece[]): void {
    if (!pieces.some((piece) => piece.kind === 'replaced' && piece.text.includes('${'))) return
    this.#report({
      severity: 'warning',
      code: 'substitution-escaped',
      message: 'What is put in here holds "${"; it is kept literal by writing it as "$${".',
      suggestion:
        'Nothing to do where the option takes an expression; where it takes a plain text, choose a value without "${".',
    })
  }

  #report(finding: Omit<Finding, 'at'>): void {
    const path: Path = this.#path
    const { value, origins } = this.#parsed
    this.findings.push({ ...finding, at: { ...origins.placeAt(value, path), path: toPathText(path) } })
  }
}

/** `when: <CEL>` and `{ cel: <source> }` are programs from their first letter to their last. */
function isSource(container: Container, key: string | number, hasExpressions: boolean): boolean {
  if (typeof key === 'number') return false
  return key === 'when' || (hasExpressions && LANGUAGES.has(key) && Object.keys(container).length === 1)
}

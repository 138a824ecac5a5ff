/** Regular expressions that cannot be made to backtrack: RE2's syntax and linear time, for predicates and for CEL's `matches`. */
import { createRequire } from 'node:module'
import type * as Re2 from '@bufbuild/re2'
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import { MAX_PATTERN_CHARS, MAX_PATTERN_INSTRUCTIONS, MAX_PATTERN_WORK } from './limits.ts'

/** A compiled regular expression. */
export interface Pattern {
  /**
   * True if the pattern is found anywhere in the value (anchor with `^` and `$`).
   * Throws `ExpressionError` for a value that is too long for a pattern of this size: neither answer would be true to it.
   */
  test(value: string): boolean
  /** What it compiled to; a match takes at most this times the value's characters. */
  readonly instructions: number
}

const require = createRequire(import.meta.url)
let library: typeof Re2 | undefined

/** Compiles RE2 syntax (no look-around, no back-references); throws `ExpressionSyntaxError`. */
export function compilePattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_CHARS) {
    throw new ExpressionSyntaxError(
      `a pattern has at most ${MAX_PATTERN_CHARS} characters, this one ${source.length}`,
      source,
    )
  }
  // Loaded with the first pattern: a gateway without patterns does not pay for it.
  library ??= require('@bufbuild/re2') as typeof Re2
  const matcher = parsePattern(library, source)
  const instructions = matcher.re2().prog.numInst()
  if (instructions > MAX_PATTERN_INSTRUCTIONS) {
    const reason = `the pattern compiles to ${instructions} instructions, at most ${MAX_PATTERN_INSTRUCTIONS} are allowed: use smaller repeat counts`
    throw new ExpressionSyntaxError(reason, source)
  }
  const maxChars = Math.floor(MAX_PATTERN_WORK / instructions)
  return {
    instructions,
    test(value) {
      if (value.length <= maxChars) return matcher.test(value)
      throw new ExpressionError(
        `a value of ${value.length} characters is too long for this pattern, which reads up to ${maxChars}`,
        source,
      )
    },
  }
}

/** What is wrong with a pattern, for `validate`; `undefined` if nothing is. */
export function checkPattern(source: string): string | undefined {
  try {
    compilePattern(source)
    return undefined
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error.message
    throw error
  }
}

function parsePattern(re2: typeof Re2, source: string): Re2.RE2JS {
  try {
    return re2.RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof re2.RE2JSException)) throw error
    const reason = error.message.replace('error parsing regexp: ', '')
    const hint = /\(\?[=!<]|\\[1-9]/.test(source) ? '; look-around and back-references do not exist in RE2 syntax' : ''
    const piece = /`(.+)`$/s.exec(reason)?.[1]
    throw new ExpressionSyntaxError(
      `${reason}${hint}`,
      source,
      piece === undefined ? 0 : Math.max(0, source.indexOf(piece)),
    )
  }
}

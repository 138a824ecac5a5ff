/** The native language as a whole: which of its two ways runs a source of CEL, and how templates are compiled over it. */
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import type { Purpose, Scope, Vocabulary } from '../scope.ts'
import { compileCel } from './cel.ts'
import type { ExpressionValue } from './cel-values.ts'
import { MAX_SOURCE_CHARS } from './limits.ts'
import { compileSimpleCel } from './simple-cel.ts'
import { joinTexts, parseTemplate, printValue } from './template.ts'

/** Compiles CEL; sources of the simple part do not load the library. */
export function compileNative(
  source: string,
  vocabulary: Vocabulary,
  purpose: Purpose = 'value',
): (scope: Scope) => ExpressionValue {
  const simple = source.length <= MAX_SOURCE_CHARS ? compileSimpleCel(source, vocabulary, purpose) : undefined
  return simple ?? compileCel(source, vocabulary, purpose)
}

/** A compiled template; `constant` is its text where it has no parts, and then nothing needs to be evaluated. */
export interface CompiledTemplate {
  readonly constant?: string
  evaluate(scope: Scope): string
}

/** Compiles a template. Faults and failures of its parts have their place in the whole template. */
export function compileTemplate(template: string, vocabulary: Vocabulary): CompiledTemplate {
  const parts = parseTemplate(template)
  if (parts.every((part) => typeof part === 'string')) {
    const constant = parts.join('')
    return { constant, evaluate: () => constant }
  }
  const pieces = parts.map((part) => {
    if (typeof part === 'string') return () => part
    const value = compilePart(part, template, vocabulary)
    return (scope: Scope) => printValue(value(scope), part.source)
  })
  return {
    evaluate: (scope) =>
      joinTexts(
        pieces.map((piece) => piece(scope)),
        template,
      ),
  }
}

interface Part {
  readonly source: string
  readonly offset: number
}

function compilePart(
  { source, offset }: Part,
  template: string,
  vocabulary: Vocabulary,
): (scope: Scope) => ExpressionValue {
  try {
    const evaluate = compileNative(source, vocabulary)
    return (scope) => {
      try {
        return evaluate(scope)
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error
        throw new ExpressionError(error.reason, template, offset + error.position.offset)
      }
    }
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error
    throw new ExpressionSyntaxError(error.reason, template, offset + error.position.offset)
  }
}

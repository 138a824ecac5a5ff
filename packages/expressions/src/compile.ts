/** Compiles what the model calls an `Expression`: conditions, and values that may depend on the request. */
import type { Expression } from '@gatewright/model'
import { ExpressionSyntaxError } from './expression-error.ts'
import { getLanguage } from './languages.ts'
import type { ExpressionValue } from './native/cel-values.ts'
import { compileTemplate } from './native/native.ts'
import type { Scope, Vocabulary } from './scope.ts'

/** True only for the value `true`; throws `ExpressionError` for a missing field and whatever else fails. */
export type Condition = (scope: Scope) => boolean

/** A value for each scope; throws `ExpressionError`. */
export interface CompiledExpression {
  (scope: Scope): ExpressionValue
  /** The value of a template without `${…}` parts: it needs no scope. */
  readonly constant?: string
}

/** Compiles a condition: CEL, or `{ language: source }`; `vocabulary` is what the scope will have. Throws `ExpressionSyntaxError`. */
export function compileCondition(condition: Expression, vocabulary: Vocabulary): Condition {
  const [language, source] = typeof condition === 'string' ? ['cel', condition] : toLanguageAndSource(condition)
  const evaluate = getLanguage(language, source)(source, vocabulary)
  return (scope) => evaluate(scope) === true
}

/** Compiles a value: a template (which results in text), or `{ language: source }` (any value). Throws `ExpressionSyntaxError`. */
export function compileValue(expression: Expression, vocabulary: Vocabulary): CompiledExpression {
  if (typeof expression === 'string') {
    const { constant, evaluate } = compileTemplate(expression, vocabulary)
    return constant === undefined ? evaluate : Object.assign(evaluate, { constant })
  }
  const [language, source] = toLanguageAndSource(expression)
  return getLanguage(language, source)(source, vocabulary)
}

/**
 * What is wrong with a source, for `validate`; `undefined` if nothing is. The language is one of `{ language: source }`, or
 * `template` for text with `${…}` parts.
 */
export function checkExpression(source: string, language: string, vocabulary: Vocabulary): string | undefined {
  try {
    compileValue(language === 'template' ? source : { [language]: source }, vocabulary)
    return undefined
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error.message
    throw error
  }
}

function toLanguageAndSource(expression: Exclude<Expression, string>): [language: string, source: string] {
  const [only, ...more] = Object.entries(expression)
  if (only === undefined || more.length > 0) {
    throw new ExpressionSyntaxError(
      'an expression is a text, or names one language: { cel: "…" }',
      JSON.stringify(expression),
    )
  }
  return only
}

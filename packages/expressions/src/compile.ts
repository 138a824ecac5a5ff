/** Compiles what the model calls an `Expression`: conditions, and values that may depend on the request. */
import type { Expression } from '@gatewright/model'
import { ExpressionError, ExpressionSyntaxError } from './expression-error.ts'
import { getLanguage } from './languages.ts'
import type { ExpressionValue } from './native/cel-values.ts'
import { compileTemplate } from './native/native.ts'
import type { Scope, Vocabulary } from './scope.ts'

/** Throws `ExpressionError` for a value that is neither true nor false, for a missing field and whatever else fails. */
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
  const evaluate = getLanguage(language, source)(source, vocabulary, 'condition')
  return (scope) => {
    const value = evaluate(scope)
    if (typeof value === 'boolean') return value
    // Taken for false, it would switch off what it stands at, which may be what guards a route.
    throw new ExpressionError(`the condition is neither true nor false, but ${toTypeName(value)}`, source)
  }
}

/** Compiles a value: a template (which results in text), or `{ language: source }` (any value). Throws `ExpressionSyntaxError`. */
export function compileValue(expression: Expression, vocabulary: Vocabulary): CompiledExpression {
  if (typeof expression === 'string') {
    const { constant, evaluate } = compileTemplate(expression, vocabulary)
    return constant === undefined ? evaluate : Object.assign(evaluate, { constant })
  }
  const [language, source] = toLanguageAndSource(expression)
  return getLanguage(language, source)(source, vocabulary, 'value')
}

/**
 * What is wrong with a source, for `validate`; `undefined` if nothing is. The language is one of `{ language: source }`,
 * `template` for text with `${…}` parts, or `condition` for CEL that has to be true or false.
 */
export function checkExpression(source: string, language: string, vocabulary: Vocabulary): string | undefined {
  try {
    if (language === 'condition') compileCondition(source, vocabulary)
    else compileValue(language === 'template' ? source : { [language]: source }, vocabulary)
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

/** Never the value itself: it may be a caller's. */
function toTypeName(value: ExpressionValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a string'
  if (value instanceof Uint8Array) return 'bytes'
  return typeof value === 'object' ? 'a map' : 'a number'
}

/** The door of the expressions: the languages in which options may depend on a request. */
export {
  type CompiledExpression,
  type Condition,
  checkExpression,
  compileCondition,
  compileValue,
} from './compile.ts'
export { ExpressionError, ExpressionSyntaxError, type Position } from './expression-error.ts'
export type { ExpressionValue } from './native/cel-values.ts'
export { checkPattern, compilePattern, type Pattern } from './native/pattern.ts'
export { escapeTemplate, parseTemplate, type TemplatePart } from './native/template.ts'
export type { Scope, ScopeRecord, Vocabulary } from './scope.ts'

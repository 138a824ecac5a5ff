/**
 * CEL (cel.dev, langdef.md) as `@bufbuild/cel` parses and runs it, behind the bounds of `limits.ts`.
 *
 * What is ours: names and functions are checked when an expression is compiled; scopes are read lazily; every call and
 * loop is metered; texts become numbers only if they are numbers; errors carry their place. What differs from other CELs:
 * positions in texts count UTF-16 units, a field that is `null` is not there for `has()` and `in`, and the pattern of
 * `matches` is a literal.
 */
import { ExpressionError, ExpressionSyntaxError } from '../expression-error.ts'
import type { Purpose, Scope, Vocabulary } from '../scope.ts'
import { createMeteredFunctions } from './cel-functions.ts'
import { type CelEnv, type CelInput, type CelLibrary, type Expr, loadCelLibrary } from './cel-library.ts'
import { type ExpressionValue, fromCel, toCelInput } from './cel-values.ts'
import { checkCondition } from './check-condition.ts'
import { checkTree, type TreeRules } from './check-tree.ts'
import { MAX_BRACKET_DEPTH, MAX_SOURCE_CHARS } from './limits.ts'
import { Meter } from './meter.ts'
import { scanBrackets } from './scan-brackets.ts'

/** Compiles CEL over what the scope will have; throws `ExpressionSyntaxError`. What it returns throws `ExpressionError`. */
export function compileCel(
  source: string,
  vocabulary: Vocabulary,
  purpose: Purpose = 'value',
): (scope: Scope) => ExpressionValue {
  checkSource(source)
  const library = loadCelLibrary()
  const { expr, sourceInfo } = parseCel(source, library)
  const offsetOf = (id: bigint | undefined) => (id === undefined ? 0 : (sourceInfo?.positions[String(id)] ?? 0))
  const rules: TreeRules = {
    library,
    vocabulary,
    refuse(reason, at) {
      throw new ExpressionSyntaxError(reason, source, offsetOf(at.id))
    },
  }
  checkTree(expr, rules)
  if (purpose === 'condition') checkCondition(expr, rules)
  const meter = new Meter()
  const run = planCel(expr, library, meter)
  const Bindings = defineBindings(vocabulary.names, library, meter)

  return function evaluate(scope) {
    const before = meter.begin()
    try {
      const value = run(new Bindings(scope))
      if (library.cel.isCelError(value)) throw new ExpressionError(value.message, source, offsetOf(value.exprId))
      return fromCel(value, library)
    } catch (error) {
      if (error instanceof ExpressionError) throw error
      throw new ExpressionError(error instanceof Error ? error.message : String(error), source)
    } finally {
      meter.restore(before)
    }
  }
}

/** The bounds that hold before the parser sees a source. */
function checkSource(source: string): void {
  if (source.trim() === '') throw new ExpressionSyntaxError('the expression is empty', source)
  if (source.length > MAX_SOURCE_CHARS) {
    const reason = `an expression has at most ${MAX_SOURCE_CHARS} characters, this one ${source.length}`
    throw new ExpressionSyntaxError(reason, source)
  }
  const scan = scanBrackets(source, 0)
  if (scan.openString !== -1) throw new ExpressionSyntaxError('this text has no closing quote', source, scan.openString)
  if (scan.end !== -1) throw new ExpressionSyntaxError('this bracket closes nothing', source, scan.end)
  if (scan.depth > MAX_BRACKET_DEPTH) {
    throw new ExpressionSyntaxError(`brackets are nested at most ${MAX_BRACKET_DEPTH} deep, here ${scan.depth}`, source)
  }
}

function parseCel(source: string, { cel }: CelLibrary): ReturnType<CelLibrary['cel']['parse']> {
  try {
    return cel.parse(source)
  } catch (error) {
    if (error instanceof RangeError) throw new ExpressionSyntaxError('the expression is nested too deeply', source)
    const { found, location, rawMessage } = error as Partial<ParserError>
    const offset = location?.start.offset ?? 0
    // `found` is there for a syntax error; other faults (a reserved word) have a sentence of their own.
    const reason = found === undefined ? (rawMessage ?? String(error)) : explainSyntax(source, offset)
    throw new ExpressionSyntaxError(reason, source, offset)
  }
}

interface ParserError {
  readonly rawMessage: string
  readonly found: string
  readonly location: { readonly start: { readonly offset: number } }
}

/** The parser's own list of what it expected is too long to help; these are the slips that people make. */
function explainSyntax(source: string, offset: number): string {
  const rest = source.slice(offset)
  if (/^(?:env|file):/.test(source.trim())) {
    return 'values of the kinds env: and file: are replaced when files are read, and cannot stand inside of an expression'
  }
  if (rest === '') return 'the expression ends too early'
  if (/^===|^!==/.test(rest)) return 'CEL compares with == and !='
  if (/^=(?!=)/.test(rest)) return 'CEL compares with ==, and assigns nothing'
  if (/^and\b/.test(rest)) return '"and" is written &&'
  if (/^or\b/.test(rest)) return '"or" is written ||'
  return `this cannot be read: something is missing or too much at or after "${rest.split(/\s/)[0] ?? ''}"`
}

function planCel(
  expr: Expr,
  library: CelLibrary,
  meter: Meter,
): (bindings?: object) => ReturnType<ReturnType<CelLibrary['cel']['plan']>> {
  // The planner asks its environment for functions by name; this one hands out metered ones and is otherwise the library's.
  const env: CelEnv = Object.create(library.env, { funcs: { value: createMeteredFunctions({ library, meter }) } })
  return library.cel.plan(env, expr) as (bindings?: object) => ReturnType<ReturnType<CelLibrary['cel']['plan']>>
}

/** The class of the object that CEL looks variables up in: one getter for each name, so that only what is asked for is read. */
function defineBindings(names: readonly string[], library: CelLibrary, meter: Meter): new (scope: Scope) => object {
  class Bindings {
    readonly scope: Scope
    constructor(scope: Scope) {
      this.scope = scope
    }
  }
  for (const name of names) {
    Object.defineProperty(Bindings.prototype, name, {
      get(this: Bindings): CelInput | undefined {
        return toCelInput((this.scope as Record<string, unknown>)[name], library, meter)
      },
    })
  }
  return Bindings
}

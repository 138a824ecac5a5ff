/** The languages that an `Expression` may be written in: one line each. A language is a folder; this table is its door. */
import { ExpressionSyntaxError } from './expression-error.ts'
import type { ExpressionValue } from './native/cel-values.ts'
import { compileNative } from './native/native.ts'
import { findNearestName } from './nearest-name.ts'
import type { Purpose, Scope, Vocabulary } from './scope.ts'

/** What a language promises: pure, without I/O, bounded. Compiling throws `ExpressionSyntaxError`, running `ExpressionError`. */
export type CompileLanguage = (
  source: string,
  vocabulary: Vocabulary,
  purpose: Purpose,
) => (scope: Scope) => ExpressionValue

const LANGUAGES: ReadonlyMap<string, CompileLanguage> = new Map([['cel', compileNative]])

/** Languages that the format names and a later version runs. */
const LATER_LANGUAGES = ['jsonata', 'liquid', 'vtl', 'csharp', 'javascript']

/** The language of that name; throws `ExpressionSyntaxError` if this version has none. */
export function getLanguage(name: string, source: string): CompileLanguage {
  const compile = LANGUAGES.get(name)
  if (compile !== undefined) return compile
  const available = `available: ${[...LANGUAGES.keys()].join(', ')}`
  if (LATER_LANGUAGES.includes(name)) {
    throw new ExpressionSyntaxError(`language ${name} is not available in this version (${available})`, source)
  }
  const nearest = findNearestName(name, LANGUAGES.keys())
  const hint = nearest === undefined ? available : `did you mean "${nearest}"?`
  throw new ExpressionSyntaxError(`there is no language "${name}"; ${hint}`, source)
}

/** Owns the checks of predicates, and when two sets of them are equal. */
import type { Path } from '../finding.ts'
import type { Predicates } from '../gateway-model.ts'
import { toCanonicalJson } from '../hash.ts'
import { findFieldNameFault, isToken } from './names.ts'
import type { Validation } from './validation.ts'

/** Of an API or a route. */
export function validatePredicates(validation: Validation, match: Predicates | undefined, path: Path): void {
  for (const kind of ['headers', 'query', 'cookies'] as const) {
    for (const [index, { name, pattern }] of (match?.[kind] ?? []).entries()) {
      const at = [...path, kind, index]
      const nameFault =
        kind === 'headers'
          ? findFieldNameFault(name)
          : kind === 'cookies' && !isToken(name)
            ? `"${name}" is no name of a cookie.`
            : undefined
      if (nameFault !== undefined) validation.fault([...at, 'name'], { code: 'invalid-name', message: nameFault })
      const patternFault = pattern === undefined ? undefined : validation.options.checkPattern?.(pattern)
      if (patternFault !== undefined) {
        validation.fault([...at, 'pattern'], {
          code: 'invalid-pattern',
          message: `This pattern cannot run: ${patternFault}.`,
        })
      }
    }
  }
}

/** Equal conditions have equal keys, in whatever order they are written. Names of headers have no letter case. */
export function toPredicatesKey(match: Predicates | undefined): string {
  if (match === undefined) return ''
  const conditions = (['headers', 'query', 'cookies'] as const).flatMap((kind) =>
    (match[kind] ?? []).map((condition) => {
      const name = kind === 'headers' ? condition.name.toLowerCase() : condition.name
      return toCanonicalJson({ kind, ...condition, name })
    }),
  )
  return conditions.sort().join()
}

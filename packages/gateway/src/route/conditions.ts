/** Owns match predicates: what a request's fields, query and cookies must be for an API or a route. */

import type { Match, Predicates } from '@gatewright/model'

/** What is asked of a request; called only where predicates exist. Each returns every value, in order, or none. */
export interface MatchedValues {
  /** By lower-case name; each field line is one value. */
  headerValues(lowerName: string): readonly string[]
  queryValues(name: string): readonly string[]
  cookieValues(name: string): readonly string[]
}

/** A compiled `pattern`; its time must be linear in the value's length. */
export interface Pattern {
  test(value: string): boolean
}

export type CompilePattern = (source: string) => Pattern

interface Condition {
  readonly source: 'headers' | 'query' | 'cookies'
  readonly name: string
  /** Which values fulfil it; absence is a value for nobody but `present: false`. */
  readonly wants: 'absent' | 'present' | ((value: string) => boolean)
}

/** All must hold. */
export type Conditions = readonly Condition[]

/**
 * What a CORS preflight says of the request it asks for. Fetch §4.8: it has no cookies and none of the fields that it
 * announces, so their values are unknown and taken for fulfilling.
 */
export interface Preflight {
  /** `Access-Control-Request-Method`. */
  readonly method: string
  /** Lower-case names in `Access-Control-Request-Headers`; `all`: any field could follow. */
  readonly fields: ReadonlySet<string> | 'all'
}

const NO_CONDITIONS: Conditions = []

/** Throws what `compilePattern` throws. */
export function compileConditions(predicates: Predicates | undefined, compilePattern: CompilePattern): Conditions {
  if (predicates === undefined) return NO_CONDITIONS
  const conditions: Condition[] = []
  for (const source of ['headers', 'query', 'cookies'] as const) {
    for (const match of predicates[source] ?? []) {
      // RFC 9110 §5.1: field names have no case. Names in queries and cookies do.
      const name = source === 'headers' ? match.name.toLowerCase() : match.name
      conditions.push({ source, name, wants: compileWants(match, compilePattern) })
    }
  }
  return conditions
}

function compileWants({ exact, prefix, pattern, present }: Match, compilePattern: CompilePattern): Condition['wants'] {
  if (exact !== undefined) return (value) => value === exact
  if (prefix !== undefined) return (value) => value.startsWith(prefix)
  if (pattern !== undefined) {
    const compiled = compilePattern(pattern)
    return (value) => compiled.test(value)
  }
  return present === false ? 'absent' : 'present'
}

/** Of several values with one name, any may fulfil a condition. */
export function areMet(conditions: Conditions, request: MatchedValues, preflight: Preflight | undefined): boolean {
  for (const condition of conditions) {
    if (preflight !== undefined && isUnknown(condition, preflight)) {
      if (condition.wants === 'absent' && preflight.fields !== 'all') return false
      continue
    }
    const values = getValues(condition, request)
    if (condition.wants === 'absent') {
      if (values.length > 0) return false
    } else if (condition.wants === 'present') {
      if (values.length === 0) return false
    } else if (!values.some(condition.wants)) return false
  }
  return true
}

function isUnknown({ source, name }: Condition, { fields }: Preflight): boolean {
  if (source === 'query') return false
  if (fields === 'all') return true
  return source === 'headers' && fields.has(name)
}

function getValues({ source, name }: Condition, request: MatchedValues): readonly string[] {
  if (source === 'headers') return request.headerValues(name)
  return source === 'query' ? request.queryValues(name) : request.cookieValues(name)
}

/** Owns what a breaking change is: something that calls of today could rely on, and calls of tomorrow cannot. */

/** `parameter-…` and `request-…` speak of what is taken, `response-…` of what is given. */
export type BreakingChangeCode =
  | 'api-disabled'
  | 'base-path-changed'
  | 'host-removed'
  | 'condition-added'
  | 'matching-stricter'
  | 'not-comparable'
  | 'operation-removed'
  | 'route-removed'
  | 'method-removed'
  | 'demand-added'
  | 'security-required'
  | 'security-alternative-removed'
  | 'security-scope-added'
  | 'security-scheme-changed'
  | 'parameter-required'
  | 'parameter-moved'
  | 'parameter-serialized-otherwise'
  | 'request-body-required'
  | 'request-body-removed'
  | 'request-media-type-removed'
  | 'response-status-removed'
  | 'response-media-type-removed'
  | 'response-header-removed'
  | 'response-header-optional'
  | SchemaChangeCode

type Taken =
  | 'type-narrowed'
  | 'null-refused'
  | 'enum-narrowed'
  | 'bound-narrowed'
  | 'format-narrowed'
  | 'pattern-narrowed'
  | 'exception-added'
  | 'choice-removed'
  | 'property-required'
  | 'property-refused'

type Given =
  | 'type-widened'
  | 'null-added'
  | 'enum-widened'
  | 'bound-widened'
  | 'format-widened'
  | 'choice-added'
  | 'property-removed'
  | 'property-optional'

export type SchemaChangeCode = `${'parameter' | 'request'}-${Taken}` | `response-${Given}`

export interface ChangePlace {
  /** `POST /orders/{id}`; absent: the whole API. */
  readonly operation?: string
  /** In which of the two the pointer leads: that which is new, or the earlier one where what went stood in that alone. */
  readonly of: 'body' | 'document'
  readonly version: 'before' | 'after'
  /** RFC 6901. */
  readonly pointer: string
}

export interface BreakingChange {
  readonly code: BreakingChangeCode
  readonly at: ChangePlace
  /** One sentence for people. */
  readonly message: string
  readonly before?: unknown
  readonly after?: unknown
}

/** The whole API first; then by operation, place and code, by code units: the same for the same. */
export function sortBreakingChanges(changes: readonly BreakingChange[]): BreakingChange[] {
  const keyOf = ({ at, code, message }: BreakingChange): string =>
    [at.operation === undefined ? '' : toSortable(at.operation), at.of, at.pointer, code, message].join('\u0000')
  const keyed = new Map(changes.map((change) => [keyOf(change), change]))
  return [...keyed].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change)
}

/** `GET /a` → `/a GET`: operations of one path stand together. */
function toSortable(operation: string): string {
  const space = operation.indexOf(' ')
  return `${operation.slice(space + 1)} ${operation.slice(0, space)}`
}

/** RFC 6901 §3. */
export function toPointer(path: readonly (string | number)[]): string {
  return path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

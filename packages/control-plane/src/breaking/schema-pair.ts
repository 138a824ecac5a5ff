/** Owns what is said of two schemas that are held against each other. */
import type { SchemaChangeCode } from './breaking-change.ts'
import type { SchemaNode, SchemaView } from './schema-view.ts'

/** What the schemas are of: things that are taken, or (responses) given. */
export type Subject = 'parameter' | 'request' | 'response'

export interface SchemaChange {
  readonly code: SchemaChangeCode
  readonly version: 'before' | 'after'
  readonly pointer: string
  readonly message: string
  readonly before?: unknown
  readonly after?: unknown
}

/**
 * `inner` may allow nothing that `outer` does not. Of what is taken, `inner` is how it was, and `outer` how it is now;
 * of what is given, the other way round.
 */
export interface SchemaPair {
  readonly inner: SchemaView
  readonly outer: SchemaView
  readonly subject: Subject
  compare(inner: SchemaNode, outer: SchemaNode): readonly SchemaChange[]
}

export interface Told {
  readonly taken: string
  readonly given: string
  readonly says: string
  readonly inner?: unknown
  readonly outer?: unknown
}

/** `taken` and `given` are the ends of codes: `type-narrowed`, `type-widened`. */
export function toSchemaChange({ inner, outer, subject }: SchemaPair, told: Told): SchemaChange {
  const isGiven = subject === 'response'
  const { pointer } = isGiven ? inner : outer
  const [before, after] = isGiven ? [told.outer, told.inner] : [told.inner, told.outer]
  return {
    code: `${subject}-${isGiven ? told.given : told.taken}` as SchemaChangeCode,
    version: 'after',
    pointer,
    message: `${toPlaceName(pointer)} ${told.says}`,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }
}

/** `/…/properties/lines/items` → `each item of "lines"`. */
export function toPlaceName(pointer: string): string {
  const segments = pointer.split('/').slice(1)
  const last = segments.at(-1)
  const rest = (): string =>
    toPlaceName(
      segments
        .slice(0, -1)
        .map((segment) => `/${segment}`)
        .join(''),
    )
  if (last === 'items' && segments.at(-2) !== 'properties') return `each item of ${rest()}`
  if (last === 'additionalProperties' && segments.at(-2) !== 'properties') return `each further property of ${rest()}`
  if (segments.at(-2) === 'properties') return `"${String(last).replaceAll('~1', '/').replaceAll('~0', '~')}"`
  return 'the value'
}

/** Owns what is kept of a configuration from one reading to the next, so that each reading costs what changed. */
import type { ParsedParts } from './file/parse-parts.ts'
import type { Route } from './gateway-model.ts'
import type { ExpandedParts } from './resolve/expand-uses.ts'
import { ResolvedParts } from './resolve/resolved-parts.ts'
import { PieceMemory } from './source/piece-memory.ts'
import { CheckedParts, type RouteKeys } from './validate/checked-parts.ts'

/**
 * Give the same to every `resolve` and `validate` of one configuration. Parts whose text is unchanged are the same objects
 * again, and what was made of them, or found out about them, is known by these objects. What any of the two answers is
 * the same without it.
 */
export class ConfigurationMemory {
  readonly pieces = new PieceMemory()
  readonly expanded: ExpandedParts = new WeakMap()
  readonly parsed: ParsedParts = new WeakMap()
  readonly resolved = new ResolvedParts()
  readonly checked = new CheckedParts()
  readonly routeKeys = new WeakMap<Route, RouteKeys>()
}

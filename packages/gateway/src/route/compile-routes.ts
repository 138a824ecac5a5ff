/**
 * Owns the step from an API's list of routes to what is searched, in slices: where the list differs little from the one
 * that serves, only what differs is put in and taken out.
 */
import { type ApiRoutes, type ApiRoutesOptions, type RouteEntry, RoutesEdit } from './api-routes.ts'
import { findEqualEnds } from './equal-ends.ts'

/** What served until now; entries that did not change are the same objects. */
export interface FormerRoutes<R> {
  readonly routes: ApiRoutes<R>
  readonly entries: readonly RouteEntry<R>[]
}

/** Measured: 2–3 µs a route, so a slice takes about 0.3 ms of the 2 ms that a thread may be held. */
const ROUTES_PER_SLICE = 128

/** Yields after every slice of work. Throws where a template or pattern cannot be compiled. */
export function* compileRoutes<R>(
  entries: readonly RouteEntry<R>[],
  options: ApiRoutesOptions,
  former: FormerRoutes<R> | undefined,
): Generator<void, ApiRoutes<R>> {
  const kept = former !== undefined && isSame(former.routes.options, options) ? former : undefined
  const changes = kept && findChanges(kept.entries, entries)
  // An edited tree keeps branches that nothing parts at any more, so after as many edits as routes it is made anew.
  const isWorthIt = kept && changes && changes.size + kept.routes.edits <= entries.length
  const { removed, added } = isWorthIt ? changes : { removed: [], added: entries }
  const tree = isWorthIt && { routes: kept.routes, positionOf: toPositions(entries), edits: changes.size }
  const edit = new RoutesEdit(options, tree || undefined)
  let done = 0
  for (const entry of removed) {
    edit.remove(entry)
    if (++done % ROUTES_PER_SLICE === 0) yield
  }
  for (const entry of added) {
    edit.add(entry)
    if (++done % ROUTES_PER_SLICE === 0) yield
  }
  return edit.finish()
}

function isSame(one: ApiRoutesOptions, other: ApiRoutesOptions): boolean {
  return one.strictSlash === other.strictSlash && one.caseSensitive === other.caseSensitive
}

interface Changes<R> {
  readonly removed: readonly RouteEntry<R>[]
  readonly added: readonly RouteEntry<R>[]
  readonly size: number
}

/** What stands between an equal beginning and an equal end; within it, what stayed stays only if all that stayed kept its order. */
function findChanges<R>(before: readonly RouteEntry<R>[], after: readonly RouteEntry<R>[]): Changes<R> {
  const { start, end } = findEqualEnds(before, after, (one, other) => one === other)
  const old = before.slice(start, before.length - end)
  const now = after.slice(start, after.length - end)
  const oldSet = new Set(old)
  const nowSet = new Set(now)
  const stayed = old.filter((entry) => nowSet.has(entry))
  const isInOrder = now.filter((entry) => oldSet.has(entry)).every((entry, index) => entry === stayed[index])
  const removed = isInOrder ? old.filter((entry) => !nowSet.has(entry)) : old
  const added = isInOrder ? now.filter((entry) => !oldSet.has(entry)) : now
  return { removed, added, size: removed.length + added.length }
}

/** Asked for only where several routes have one template. */
function toPositions(entries: readonly object[]): (entry: object) => number {
  let positions: Map<object, number> | undefined
  return (entry) => {
    positions ??= new Map(entries.map((each, index) => [each, index]))
    return positions.get(entry) ?? entries.length
  }
}

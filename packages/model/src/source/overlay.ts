/** Owns what an overlay does to the data below it: maps merge, lists whose items have ids merge by id, the rest is replaced. */
import type { Origins } from './origins.ts'

type Container = Record<string, unknown>

/**
 * A new value that says what `base` says, changed by `overlay`. `null` removes a key; a list that has an item without an
 * id replaces the list below. Places of all parts are kept.
 */
export function applyOverlay(base: unknown, overlay: unknown, origins: Origins): unknown {
  if (isObject(base) && isObject(overlay)) return mergeObjects(base, overlay, origins)
  if (Array.isArray(base) && Array.isArray(overlay) && haveIds(base) && haveIds(overlay)) {
    return mergeLists(base, overlay, origins)
  }
  return overlay
}

function mergeObjects(base: Container, overlay: Container, origins: Origins): Container {
  const merged: Container = {}
  origins.copy(base, merged)
  for (const [key, value] of Object.entries(base)) {
    if (overlay[key] === null) continue
    const changes = Object.hasOwn(overlay, key)
    merged[key] = changes ? applyOverlay(value, overlay[key], origins) : value
    const keptInPlace = changes && merged[key] !== overlay[key]
    origins.copyMember({ from: changes && !keptInPlace ? overlay : base, key, to: merged, as: key })
  }
  for (const [key, value] of Object.entries(overlay)) {
    if (value === null || Object.hasOwn(base, key)) continue
    merged[key] = value
    origins.copyMember({ from: overlay, key, to: merged, as: key })
  }
  return merged
}

function mergeLists(base: readonly unknown[], overlay: readonly unknown[], origins: Origins): unknown[] {
  const merged: unknown[] = []
  origins.copy(base, merged)
  const changes = new Map(overlay.map((item, index) => [findIdentity(item), index]))
  for (const [index, item] of base.entries()) {
    const change = changes.get(findIdentity(item))
    changes.delete(findIdentity(item))
    origins.copyMember({ from: base, key: index, to: merged, as: merged.length })
    merged.push(change === undefined ? item : applyOverlay(item, overlay[change], origins))
  }
  for (const index of changes.values()) {
    origins.copyMember({ from: overlay, key: index, to: merged, as: merged.length })
    merged.push(overlay[index])
  }
  return merged
}

/** An item is named by its id; a route that refines an operation by that operation. */
function findIdentity(item: unknown): string | undefined {
  if (!isObject(item)) return undefined
  if (typeof item.id === 'string') return `id ${item.id}`
  return typeof item.operation === 'string' ? `operation ${item.operation}` : undefined
}

/** Also no id twice: which of the two would be meant? */
function haveIds(list: readonly unknown[]): boolean {
  const identities = new Set(list.map(findIdentity))
  return !identities.has(undefined) && identities.size === list.length
}

function isObject(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Owns the warning of paths that a policy answers by itself, and that no route leads to it. */
import { leadsTo, listLiveRoutes, listPaths, listUsedNames, withNested } from './live-routes.ts'
import type { PlacedUse } from './validate-order.ts'
import type { Validation } from './validation.ts'

interface OwnPath {
  readonly placed: PlacedUse
  readonly path: string
}

/** Uses of one policy that share a path answer for each other: it is enough that one of them is reached. */
export function warnOfUnreachedPaths(validation: Validation): void {
  // Only those that are used are asked: a definition is loaded by being asked.
  const used = listUsedNames(validation)
  if (![...used].some((name) => validation.entries.get(name)?.ownPaths !== undefined)) return
  const wanted = new Map<string, OwnPath[]>()
  const reached = new Set<string>()
  for (const { template, uses } of listLiveRoutes(validation)) {
    for (const placed of uses.flatMap((use) => withNested(validation.entries, use))) {
      for (const path of listPaths(validation, placed.use, 'ownPaths')) {
        const key = JSON.stringify([placed.use.policy, path])
        wanted.set(key, [...(wanted.get(key) ?? []), { placed, path }])
        if (leadsTo(template, path)) reached.add(key)
      }
    }
  }
  for (const [key, owners] of wanted) {
    const [first] = owners
    if (first === undefined || reached.has(key)) continue
    const { use, path: at } = first.placed
    validation.warn(at, {
      code: 'path-not-reached',
      message: `"${use.policy}" answers ${first.path}, and no route with it leads there.`,
      suggestion: `Add a route that matches ${first.path} to the same API, with the same policies.`,
    })
  }
}

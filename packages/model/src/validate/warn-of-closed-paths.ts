/** Owns the warning of paths where a policy leads people who are known no longer, and where it would lead them away again. */
import { type LiveRoute, leadsTo, listLiveRoutes, listPaths, listUsedNames, withNested } from './live-routes.ts'
import type { PlacedUse } from './validate-order.ts'
import type { Validation } from './validation.ts'
import { letsAnonymousPass } from './warn-of-vain-anonymous.ts'

export function warnOfClosedPaths(validation: Validation): void {
  const used = listUsedNames(validation)
  if (![...used].some((name) => validation.entries.get(name)?.openPaths !== undefined)) return
  const routes = [...listLiveRoutes(validation)]
  const uses = new Map<string, PlacedUse>()
  for (const placed of routes.flatMap((route) => route.uses).flatMap((use) => withNested(validation.entries, use)))
    uses.set(placed.path.join('.'), placed)
  for (const { use, path: at } of uses.values()) {
    for (const path of listPaths(validation, use, 'openPaths')) {
      const leading = routes.filter(({ template }) => leadsTo(template, path))
      if (leading.length === 0 || !leading.every((route) => isClosed(validation, route, use.policy))) continue
      validation.warn(at, {
        code: 'path-behind-login',
        message: `"${use.policy}" leads people to ${path}, and refuses them there: that path lies behind it as well.`,
        suggestion: `Give ${path} a route of its own, and "${use.policy}" the condition \`when: route.id != "…"\` with the id of that route.`,
      })
    }
  }
}

function isClosed({ entries }: Validation, { uses }: LiveRoute, policy: string): boolean {
  return uses
    .flatMap((placed) => withNested(entries, placed))
    .some(({ use }) => use.policy === policy && use.when === undefined && !letsAnonymousPass(use))
}

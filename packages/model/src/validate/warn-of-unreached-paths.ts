/** Owns the warning of paths that a policy answers by itself, and that no route leads to it. */
import type { Path } from '../finding.ts'
import type { PolicyUse } from '../gateway-model.ts'
import { parsePathTemplate, type TemplateSegment } from '../path-template.ts'
import { findNestedLists } from './catalogue.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
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
  for (const { template, uses } of listRoutes(validation)) {
    for (const placed of uses.flatMap((use) => withNested(validation.entries, use))) {
      for (const path of listOwnPaths(validation, placed.use)) {
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

function listUsedNames({ model, entries }: Validation): Set<string> {
  const names = new Set<string>()
  const add = (uses: readonly PolicyUse[]): void => {
    for (const placed of placeUses(uses, [])) for (const { use } of withNested(entries, placed)) names.add(use.policy)
  }
  add(model.policies)
  for (const { policies, releases } of model.apis) {
    add(policies)
    for (const release of releases) {
      add(release.policies)
      for (const route of release.routes) add(route.policies)
    }
  }
  return names
}

/** This use, and those in its options that are switched on. */
function withNested(entries: Validation['entries'], placed: PlacedUse): PlacedUse[] {
  const { use, path } = placed
  const lists = findNestedLists(entries.get(use.policy)?.lists, use.options)
  const inner = lists.flatMap((list) => placeUses(list.uses, [...path, 'options', ...list.path]))
  return [placed, ...inner.flatMap((each) => withNested(entries, each))]
}

interface ListedRoute {
  readonly template: readonly TemplateSegment[]
  readonly uses: readonly PlacedUse[]
}

/** Those that requests can match. */
function* listRoutes({ model }: Validation): Generator<ListedRoute> {
  const global = placeUses(model.policies, ['policies'])
  for (const [index, api] of model.apis.entries()) {
    if (api.enabled === false) continue
    const apiPath: Path = ['apis', index]
    for (const [at, release] of api.releases.entries()) {
      const path: Path = [...apiPath, 'releases', at]
      const outer = [
        ...global,
        ...placeUses(api.policies, [...apiPath, 'policies']),
        ...placeUses(release.policies, [...path, 'policies']),
      ]
      for (const [position, route] of release.routes.entries()) {
        const template = parsePathTemplate(api.basePath + route.path)
        if (route.enabled === false || 'fault' in template) continue
        const own = placeUses(route.policies, [...path, 'routes', position, 'policies'])
        yield { template: template.segments, uses: [...outer, ...own] }
      }
    }
  }
}

/** Options that are not valid have faults of their own, and an extension's code may throw. */
function listOwnPaths({ entries }: Validation, { policy, options }: PolicyUse): readonly string[] {
  const entry = entries.get(policy)
  if (entry?.ownPaths === undefined) return []
  try {
    const result = entry.options.safeParse(options)
    return result.success ? entry.ownPaths(result.data) : []
  } catch {
    return []
  }
}

/** Whatever the method, and without the letter case and trailing slash that an API may leave open. */
function leadsTo(template: readonly TemplateSegment[], path: string): boolean {
  const segments = path.slice(1).split('/')
  const last = template.at(-1)
  if (last?.kind === 'rest' ? segments.length < template.length : segments.length !== template.length) return false
  return template.every(
    ({ kind, text }, index) => kind !== 'literal' || text.toLowerCase() === segments[index]?.toLowerCase(),
  )
}

/** Owns the question which routes lead to a path, and what runs for them. */
import type { Path } from '../finding.ts'
import type { Api, PolicyUse } from '../gateway-model.ts'
import { parsePathTemplate, type TemplateSegment } from '../path-template.ts'
import { findNestedLists } from './catalogue.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
import type { Validation } from './validation.ts'

/** Names of all policies that are used, in the options of others too. */
export function listUsedNames(validation: Validation): Set<string> {
  const { model, entries } = validation
  const names = new Set(listNames(entries, model.policies))
  for (const api of model.apis) {
    for (const name of validation.listOnce('used', api, () => listNamesOf(entries, api))) names.add(name)
  }
  return names
}

function listNamesOf(entries: Validation['entries'], { policies, releases }: Api): Set<string> {
  const own = releases.flatMap((release) => [release.policies, ...release.routes.map((route) => route.policies)])
  return new Set([policies, ...own].flatMap((uses) => listNames(entries, uses)))
}

function listNames(entries: Validation['entries'], uses: readonly PolicyUse[]): string[] {
  return placeUses(uses, []).flatMap((placed) => withNested(entries, placed).map(({ use }) => use.policy))
}

/** This use, and those in its options that are switched on. */
export function withNested(entries: Validation['entries'], placed: PlacedUse): PlacedUse[] {
  const { use, path } = placed
  const lists = findNestedLists(entries.get(use.policy)?.lists, use.options)
  const inner = lists.flatMap((list) => placeUses(list.uses, [...path, 'options', ...list.path]))
  return [placed, ...inner.flatMap((each) => withNested(entries, each))]
}

export interface LiveRoute {
  readonly template: readonly TemplateSegment[]
  readonly uses: readonly PlacedUse[]
}

/** Those that requests can match. */
export function* listLiveRoutes({ model }: Validation): Generator<LiveRoute> {
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
export function listPaths(
  { entries }: Validation,
  { policy, options }: PolicyUse,
  kind: 'ownPaths' | 'openPaths',
): readonly string[] {
  const entry = entries.get(policy)
  if (entry?.[kind] === undefined) return []
  try {
    const result = entry.options.safeParse(options)
    return result.success ? entry[kind](result.data) : []
  } catch {
    return []
  }
}

/** Whatever the method, and without the letter case and trailing slash that an API may leave open. */
export function leadsTo(template: readonly TemplateSegment[], path: string): boolean {
  const segments = path.slice(1).split('/')
  const last = template.at(-1)
  if (last?.kind === 'rest' ? segments.length < template.length : segments.length !== template.length) return false
  return template.every(
    ({ kind, text }, index) => kind !== 'literal' || text.toLowerCase() === segments[index]?.toLowerCase(),
  )
}

/**
 * Owns the warning of guards that a trailing slash walks around: `/admin` asks for a key, `/admin/` is taken by an open
 * `/{rest+}` beside it, and many upstreams take the two for the same.
 *
 *     guarded `/admin`            its twin `/admin/`     taken by `/{rest+}`
 *     guarded `/admin/{rest+}`    its twin `/admin`      taken by `/{rest+}`
 */
import type { Path } from '../finding.ts'
import type { Api, Release, Route } from '../gateway-model.ts'
import { toTemplateShape } from '../path-template.ts'
import type { PolicyPhase } from './catalogue.ts'
import type { PlacedUse } from './validate-order.ts'
import type { Validation } from './validation.ts'

const REST = /\/\{[^{}]*\+\}$/

/** What keeps callers out. Where a limit or a validation is missing nobody gets in who should not. */
const GUARDS: readonly (PolicyPhase | undefined)[] = ['protect', 'authenticate', 'authorize']

interface Twins {
  readonly api: Api
  readonly release: Release
  readonly path: Path
  /** What runs for all routes of the API. */
  readonly outer: readonly PlacedUse[]
}

/** What a route says itself: what its API says holds for all its routes. */
export function warnOfSlashTwins(validation: Validation, { api, release, path, outer }: Twins): void {
  if (!api.strictSlash || api.enabled === false) return
  const routes = release.routes.filter(({ enabled }) => enabled !== false)
  const catchAlls = groupByShape(
    routes.filter((route) => REST.test(route.path)),
    api,
  )
  if (catchAlls.size === 0) return
  const guarded = release.routes.flatMap((route, index) => {
    const guards = route.enabled === false ? [] : listGuards(validation, route)
    return guards.length === 0 ? [] : [{ route, index, guards }]
  })
  if (guarded.length === 0) return
  const byShape = groupByShape(routes, api)
  const everywhere = outer.flatMap(({ use }) => (use.when === undefined ? [use] : []))
  for (const { route, index, guards } of guarded) {
    const twin = toTwin(route.path)
    if (twin === undefined || byShape.has(toTemplateShape(twin, api))) continue
    const taker = findTakers(catchAlls, twin, api).find((other) => other !== route && sharesMethod(route, other))
    if (taker === undefined) continue
    const there = new Set(listGuards(validation, { policies: [...everywhere, ...taker.policies] }))
    const missing = guards.filter((guard) => !there.has(guard))
    if (missing.length === 0) continue
    validation.warn([...path, 'routes', index, 'path'], {
      code: 'open-slash-twin',
      message: `"${twin}" is matched by the route "${taker.id}", without ${missing.map((guard) => `"${guard}"`).join(' and ')}; an upstream may take it for "${route.path}".`,
      suggestion: `Give the API \`strictSlash: false\`, or add a route for "${twin}".`,
    })
  }
}

function groupByShape(routes: readonly Route[], api: Api): ReadonlyMap<string, readonly Route[]> {
  return Map.groupBy(routes, ({ path }) => toTemplateShape(path, api))
}

/** Names of the policies that keep callers out. */
function listGuards({ entries }: Validation, { policies }: Pick<Route, 'policies'>): readonly string[] {
  return policies.flatMap(({ policy, enabled }) =>
    enabled !== false && GUARDS.includes(entries.get(policy)?.phase) ? [policy] : [],
  )
}

/** The path that differs in nothing but a slash at its end; the API's root is the same with and without it. */
function toTwin(template: string): string | undefined {
  if (template === '/' || template.endsWith('/')) return undefined
  if (!REST.test(template)) return `${template}/`
  return template.replace(REST, '') || undefined
}

/** Those that are next: the longest prefix first. */
function findTakers(catchAlls: ReadonlyMap<string, readonly Route[]>, twin: string, api: Api): readonly Route[] {
  for (let end = twin.lastIndexOf('/'); end >= 0; end = twin.lastIndexOf('/', end - 1)) {
    const found = catchAlls.get(toTemplateShape(`${twin.slice(0, end)}/{rest+}`, api))
    if (found !== undefined) return found
    if (end === 0) break
  }
  return []
}

function sharesMethod(route: Route, other: Route): boolean {
  const { methods } = route
  return methods === undefined || other.methods === undefined || methods.some((one) => other.methods?.includes(one))
}

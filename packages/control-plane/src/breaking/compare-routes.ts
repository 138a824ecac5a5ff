/** Owns the comparison of two forms of an API route by route: what went, what asks for more, and which operations to hold against each other. */
import type { Api } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { BreakingChange } from './breaking-change.ts'
import { inBody } from './compare-addresses.ts'
import { findNewDemands, listDemands, type PolicyDemand } from './policy-demands.ts'
import { findAnswering, listPublicRoutes, type PublicRoute, takesMethod } from './public-routes.ts'

export interface RouteForm {
  readonly api: Api
  readonly body: ApiBody
}

/** A request that both answer. */
export interface RoutePair {
  /** `GET /orders/{id}`, with the base path as it is now. */
  readonly operation: string
  readonly method: string | undefined
  readonly before: PublicRoute
  readonly after: PublicRoute
}

export interface RouteComparison {
  readonly changes: readonly BreakingChange[]
  readonly pairs: readonly RoutePair[]
}

export function compareRoutes(before: RouteForm, after: RouteForm): RouteComparison {
  const now = listPublicRoutes(after.api)
  const changes: BreakingChange[] = []
  const pairs: RoutePair[] = []
  let isMoved = false
  for (const was of listPublicRoutes(before.api)) {
    let found = findAnswering(was, now, after.api)
    // What stands elsewhere as a whole is told once, and compared all the same.
    const moved = found.length > 0 ? undefined : findMoved(was, before.api, after.api)
    if (moved !== undefined) {
      found = moved
      isMoved = true
    }
    for (const method of was.route.methods ?? [undefined]) {
      const told = compareMethod({ was, method, found, after })
      changes.push(...told.changes)
      pairs.push(...told.pairs)
    }
  }
  return { changes: [...(isMoved ? [toBasePathChange(before.api, after.api)] : []), ...changes], pairs }
}

function findMoved(was: PublicRoute, before: Api, after: Api): PublicRoute[] | undefined {
  if (before.basePath === after.basePath) return undefined
  const [own] = listPublicRoutes({ ...before, releases: toOnly(before, was) }, '')
  const found = own === undefined ? [] : findAnswering(own, listPublicRoutes(after, ''), after)
  return found.length === 0 ? undefined : found
}

function toOnly({ releases }: Api, { route }: PublicRoute): Api['releases'] {
  return releases.slice(0, 1).map((release) => ({ ...release, routes: [route] }))
}

function toBasePathChange(before: Api, after: Api): BreakingChange {
  const [was, is] = [before.basePath || '/', after.basePath || '/']
  const message = `The API stands below another base path: ${was} → ${is}.`
  return { code: 'base-path-changed', at: inBody('/basePath'), message, before: was, after: is }
}

interface MethodCase {
  readonly was: PublicRoute
  readonly method: string | undefined
  /** Routes that answer the path. */
  readonly found: readonly PublicRoute[]
  readonly after: RouteForm
}

function compareMethod({ was, method, found, after }: MethodCase): RouteComparison {
  const operation = `${method ?? '*'} ${was.path}`
  const taking = found.filter((route) => takesMethod(route, method))
  if (taking.length === 0) return { changes: [toRemoval({ was, method, found, after }, operation)], pairs: [] }
  const open = taking.find(({ conditions }) => [...conditions].every((condition) => was.conditions.has(condition)))
  const [first] = taking
  const answering = open ?? first
  if (answering === undefined) return { changes: [], pairs: [] }
  const changes: BreakingChange[] = []
  if (open === undefined) {
    const added = [...answering.conditions].filter((condition) => !was.conditions.has(condition))
    const message = `It answers only requests with ${added.join(' and ')} now.`
    changes.push({
      code: 'condition-added',
      at: inBody(toRoutePointer(after, answering), operation),
      message,
      after: added,
    })
  }
  changes.push(...compareDemands(was, answering, { after, operation }))
  return { changes, pairs: [{ operation, method, before: was, after: answering }] }
}

function toRemoval({ was, method, found }: MethodCase, operation: string): BreakingChange {
  const at = { ...inBody('/routes', operation), version: 'before' as const }
  if (found.length > 0) {
    const left = [...new Set(found.flatMap(({ route }) => route.methods ?? []))].toSorted()
    const what =
      method === undefined ? 'Every method was answered; now it is' : `${method} is not answered any more; it is`
    return { code: 'method-removed', at, message: `${what} ${left.join(', ')}.`, before: method ?? 'all', after: left }
  }
  const isOperation = was.route.operation !== undefined
  const message = `"${was.route.id}" is not answered any more.`
  return { code: isOperation ? 'operation-removed' : 'route-removed', at, message, before: was.route.id }
}

/** What the whole API asks for is told once: sorting leaves one of what is equal. */
function compareDemands(
  was: PublicRoute,
  now: PublicRoute,
  { after, operation }: { readonly after: RouteForm; readonly operation: string },
): BreakingChange[] {
  return findNewDemands(listDemands(was.policies), listDemands(now.policies)).map((demand) => {
    const own = after.api.policies.indexOf(demand.use)
    if (own >= 0) return toDemandChange(demand, inBody(`/policies/${own}`))
    const at = now.route.policies.indexOf(demand.use)
    return toDemandChange(demand, inBody(`${toRoutePointer(after, now)}/policies/${at}`, operation))
  })
}

function toDemandChange({ use }: PolicyDemand, at: BreakingChange['at']): BreakingChange {
  const where = at.operation === undefined ? 'The API' : 'It'
  const { policy, when } = use
  const message = `${where} asks for more now: "${policy}" runs${when === undefined ? '' : ` when ${when}`}.`
  return { code: 'demand-added', at, message, after: policy }
}

/** Where the body speaks of the route; its routes, where it says nothing of its own. */
function toRoutePointer({ body }: RouteForm, { route }: PublicRoute): string {
  const names = [route.operation, `${route.methods?.[0]} ${route.path}`]
  const index = (body.routes ?? []).findIndex(
    ({ id, operation, path }) =>
      (id !== undefined && id === route.id) ||
      (operation !== undefined && names.includes(operation)) ||
      (operation === undefined && id === undefined && path === route.path),
  )
  return index < 0 ? '/routes' : `/routes/${index}`
}

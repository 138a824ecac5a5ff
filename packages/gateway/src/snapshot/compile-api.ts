/** Owns the compiling of one API: its error shapes, its pipelines, its routes; in slices, so that no thread is held. */
import { compileValue } from '@gatewright/expressions'
import { type Api, type ErrorShape, PLAN_SLOT, type Release, type Route } from '@gatewright/model'
import {
  CEL_NAMES,
  type Exchange,
  GatewayResponse,
  type Next,
  Problem,
  type RouteFacts,
  toCelScope,
} from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ApiMeter } from '../observe/meters.ts'
import { compileUses, type PlacedUse, type UseContext } from '../pipeline/compile-uses.ts'
import { type CompiledUse, compose } from '../pipeline/compose.ts'
import { type CompiledPlans, createPlanSlot } from '../pipeline/plan-slot.ts'
import type { CompiledApi } from '../route/api-index.ts'
import type { RouteEntry } from '../route/api-routes.ts'
import type { CompilePattern } from '../route/conditions.ts'
import { compileApiRoutes } from '../route/router.ts'
import type { ApiRuntime, CompiledErrorShape, RouteRuntime, UpstreamPort } from './runtime.ts'

/** What an API is compiled in: everything of the snapshot that it depends on. */
export interface ApiContext {
  readonly uses: UseContext
  readonly globalUses: readonly PlacedUse[]
  readonly plans: CompiledPlans
  readonly compilePattern: CompilePattern
  findUpstream(id: string): UpstreamPort | undefined
  toApiMeter(api: string): ApiMeter | undefined
}

export function* compileApi(api: Api, context: ApiContext): Generator<void, CompiledApi<ApiRuntime, RouteRuntime>> {
  const apiUses = compileUses(api.policies, api.id, context.uses)
  const outer = [...context.globalUses, ...apiUses]
  const runtime: ApiRuntime = {
    model: api,
    errors: compileErrors(api, context),
    facts: { api: api.id, route: '', template: '' },
    meter: context.toApiMeter(api.id),
    runUnmatched: compileUnmatched(outer),
  }
  const routes: RouteEntry<RouteRuntime>[] = []
  for (const release of api.releases) {
    const releaseUses = [...outer, ...compileUses(release.policies, `${api.id}@${release.revision}`, context.uses)]
    for (const route of release.routes) {
      if (route.enabled === false) continue
      const { methods, path, match } = route
      const value = compileRoute({ api, release, route }, releaseUses, context)
      routes.push({ path, value, ...(methods && { methods }), ...(match && { match }) })
      // A route takes some 5 µs to 20 µs: sixteen stay far below the 2 ms that a thread may be held.
      if (routes.length % 16 === 0) yield
    }
  }
  return yield* compileApiRoutes(
    {
      basePath: api.basePath,
      strictSlash: api.strictSlash,
      caseSensitive: api.caseSensitive,
      routes,
      value: runtime,
      ...(api.hosts && { hosts: api.hosts }),
      ...(api.match && { match: api.match }),
    },
    context.compilePattern,
  )
}

interface Placed {
  readonly api: Api
  readonly release: Release
  readonly route: Route
}

function compileRoute({ api, release, route }: Placed, outer: readonly PlacedUse[], context: ApiContext): RouteRuntime {
  const own = compileUses(route.policies, `${api.id}/${route.id}`, context.uses)
  const uses = placePlanSlot([...outer, ...own], context.plans)
  const upstreamId = route.upstream ?? release.upstream ?? api.upstream
  const upstream = upstreamId === undefined ? undefined : context.findUpstream(upstreamId)
  const innermost: Next = upstream === undefined ? answerWithoutUpstream : (exchange) => upstream.forward(exchange)
  const facts: RouteFacts = {
    api: api.id,
    route: route.id,
    template: api.basePath + route.path,
    ...(route.operation !== undefined && { operation: route.operation }),
    ...(route.tags !== undefined && { tags: route.tags }),
  }
  const cors = uses.findIndex(({ name }) => name === 'cors')
  return {
    model: route,
    facts,
    run: compose(uses, innermost),
    runPreflight: cors < 0 ? undefined : compose(uses.slice(0, cors + 1), refusePreflight),
    upgrades: route.upgrades ?? [],
    bodyBytes: route.bodyBytes,
  }
}

const answerWithoutUpstream: Next = () => GatewayResponse.ofProblem(new Problem('upstream-missing'))
const refusePreflight: Next = () =>
  GatewayResponse.ofProblem(new Problem('method-not-allowed', { headers: [['Allow', '']] }))

/** Where `{ policy: plan }` stands, else right after the last authenticate use: whoever is known by then has the plan that counts. */
function placePlanSlot(uses: readonly PlacedUse[], plans: CompiledPlans): readonly CompiledUse[] {
  const said = uses.findIndex(({ name }) => name === PLAN_SLOT.name)
  if (plans.size === 0) return said < 0 ? uses : uses.toSpliced(said, 1)
  const last = uses.findLastIndex(({ phase }) => phase === 'authenticate')
  if (said < 0 && last < 0) return uses
  const slot: CompiledUse = { name: PLAN_SLOT.name, run: createPlanSlot(plans, compose), when: uses[said]?.when }
  return said < 0
    ? (uses as readonly CompiledUse[]).toSpliced(last + 1, 0, slot)
    : (uses as readonly CompiledUse[]).toSpliced(said, 1, slot)
}

/** Where no route answers, what observes and protects still runs around the problem; authentication does not. */
export function compileUnmatched(uses: readonly PlacedUse[]): (problem: unknown) => Next {
  const around = uses.filter(({ phase }) => phase === 'observe' || phase === 'protect')
  if (around.length === 0) return (problem) => () => GatewayResponse.ofProblem(problem)
  const run = compose(around, (exchange: Exchange) =>
    GatewayResponse.ofProblem((exchange.root as GatewayExchange).refusedBy),
  )
  return (problem) => (exchange) => {
    ;(exchange.root as GatewayExchange).refusedBy = problem
    return run(exchange)
  }
}

function compileErrors(api: Api, { uses }: ApiContext): ReadonlyMap<string, CompiledErrorShape> {
  const { variables } = uses.services
  return new Map(Object.entries(api.errors).map(([code, shape]) => [code, compileShape(shape, variables)]))
}

function compileShape(shape: ErrorShape, variables: Readonly<Record<string, string>>): CompiledErrorShape {
  const compile = (source: NonNullable<ErrorShape['body']>) => compileValue(source, { names: CEL_NAMES })
  return {
    status: shape.status,
    headers: Object.entries(shape.headers ?? {}).map(([name, value]) => [name, compile(value)] as const),
    body: shape.body === undefined ? undefined : compile(shape.body),
    scopeOf: (exchange, problem) => toCelScope(exchange, { variables, problem }),
  }
}

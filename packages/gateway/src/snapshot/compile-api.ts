/** Owns the compiling of one API: its error shapes, its releases, its routes; in slices, and of what did not change, nothing anew. */
import { isDeepStrictEqual } from 'node:util'
import { compileValue } from '@gatewright/expressions'
import type { Api, ErrorShape } from '@gatewright/model'
import { CEL_NAMES, type Exchange, GatewayResponse, type Next, toCelScope } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ApiMeter } from '../observe/meters.ts'
import { compileUses, type PlacedUse, type UseContext } from '../pipeline/compile-uses.ts'
import { compose } from '../pipeline/compose.ts'
import type { PlanShelf } from '../pipeline/plan-shelf.ts'
import type { CompiledApi } from '../route/api-index.ts'
import type { CompilePattern } from '../route/conditions.ts'
import { compileApiRoutes } from '../route/router.ts'
import { compileReleaseChoice } from './choose-release.ts'
import { compileLifecycle } from './compile-lifecycle.ts'
import { type CompiledRelease, compileRelease, hasAppReleases } from './compile-release.ts'
import { findHeldFields, type HeldFields, HeldFieldsOfAll } from './held-fields.ts'
import type { ApiRuntime, AppReleases, CompiledErrorShape, RouteRuntime, UpstreamPort } from './runtime.ts'

/** What is compiled of a snapshot's frame. While the frame is equal it is the same object, so that it can be compared by what it is. */
export interface CompiledFrame {
  readonly hash: string
  readonly uses: UseContext
  readonly globalUses: readonly PlacedUse[]
  /** Is there any plan? Then they count on every route that knows its callers. */
  readonly hasPlans: boolean
  readonly heldFields: HeldFields
}

/** What an API is compiled in: everything of the snapshot that it depends on. */
export interface ApiContext {
  readonly frame: CompiledFrame
  /** One for all snapshots of a thread: routes stay while plans change. */
  readonly planShelf: PlanShelf
  readonly compilePattern: CompilePattern
  findUpstream(id: string): UpstreamPort | undefined
  toApiMeter(api: string): ApiMeter | undefined
}

/** An API that runs, and what the next compilation needs to keep what it can of it. */
export interface ApiPart {
  readonly hash: string
  readonly frame: CompiledFrame
  readonly compiled: CompiledApi<ApiRuntime, RouteRuntime>
  /** Global uses, then its own. */
  readonly outer: readonly PlacedUse[]
  readonly releases: readonly CompiledRelease[]
  readonly heldFields: HeldFields
}

/** Does it run as it is, because neither it nor what it is compiled in has changed? */
export function isApiKept({ frame, hash, releases }: ApiPart, asked: { hash: string; context: ApiContext }): boolean {
  if (frame !== asked.context.frame || hash !== asked.hash) return false
  return releases.every(({ endings }) =>
    [...endings].every(
      ([id, { upstream }]) => upstream === (id === undefined ? undefined : asked.context.findUpstream(id)),
    ),
  )
}

export function* compileApi(
  { api, hash }: { readonly api: Api; readonly hash: string },
  context: ApiContext,
  former: ApiPart | undefined,
): Generator<void, ApiPart> {
  const { frame, compilePattern } = context
  const uses = withVariables(frame.uses, api.variables)
  const before = former?.compiled.value.model
  const kept =
    former?.frame === frame && before !== undefined && isDeepStrictEqual(toSurroundings(before), toSurroundings(api))
      ? former
      : undefined
  const outer =
    kept !== undefined && isDeepStrictEqual(before?.policies, api.policies)
      ? kept.outer
      : [...frame.globalUses, ...compileUses(api.policies, api.id, uses)]
  const releases: CompiledRelease[] = []
  const heldFields = new HeldFieldsOfAll()
  heldFields.add(findHeldFields(api.policies, uses.catalogue))
  // Whatever the revision: a limit goes on where it was when another one is tried, and counts over all of them.
  const releaseScope = api.policies.length === 0 ? api.id : `${api.id}@release`
  const routeContext = { ...frame, uses, planShelf: context.planShelf, findUpstream: context.findUpstream }
  for (const release of api.releases) {
    const keptRelease =
      kept?.outer === outer ? kept.releases.find(({ model }) => model.revision === release.revision) : undefined
    const releaseOuter =
      keptRelease !== undefined && isDeepStrictEqual(keptRelease.model.policies, release.policies)
        ? keptRelease.outer
        : [...outer, ...compileUses(release.policies, releaseScope, uses)]
    const compiled = yield* compileRelease({ api, release, outer: releaseOuter }, routeContext, keptRelease)
    releases.push(compiled)
    heldFields.add(compiled.heldFields)
  }
  const runtime: ApiRuntime = {
    model: api,
    errors: compileErrors(api, uses),
    facts: { api: api.id, route: '', template: '', ...(api.environment && { environment: api.environment }) },
    meter: context.toApiMeter(api.id),
    runUnmatched: compileUnmatched(outer),
    chooseRelease: compileReleaseChoice(api, {
      variables: uses.services.variables,
      now: () => uses.services.clock.now(),
    }),
    appReleases: toAppReleases(api),
    lifecycle: compileLifecycle(api.lifecycle),
  }
  const entry = {
    basePath: api.basePath,
    strictSlash: api.strictSlash,
    caseSensitive: api.caseSensitive,
    releases: releases.map(({ model, entries }) => ({ revision: model.revision, routes: entries })),
    value: runtime,
    ...(api.hosts && { hosts: api.hosts }),
    ...(api.match && { match: api.match }),
  }
  const compiled = yield* compileApiRoutes(entry, compilePattern, former?.compiled)
  return { hash, frame, compiled, outer, releases, heldFields }
}

/** What all its routes are compiled in: facts name the whole template, the environment, and the release where there are several; conditions know the variables; a step chooses the release of an app. */
function toSurroundings({ basePath, environment, variables, releases }: Api): readonly unknown[] {
  return [basePath, environment, variables, releases.length > 1, hasAppReleases({ releases })]
}

function toAppReleases(api: Api): AppReleases | undefined {
  if (!hasAppReleases(api)) return undefined
  const byApp = new Map<string, string>()
  const releases: { revision: string; at: number }[] = []
  for (const [at, { revision, apps }] of api.releases.entries()) {
    if (apps === undefined) continue
    releases.push({ revision, at })
    for (const app of apps) byApp.set(app, revision)
  }
  return { byApp, releases }
}

function withVariables(uses: UseContext, own: Api['variables']): UseContext {
  if (own === undefined) return uses
  const { services } = uses
  return { ...uses, services: { ...services, variables: { ...services.variables, ...own } } }
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

function compileErrors(api: Api, uses: UseContext): ReadonlyMap<string, CompiledErrorShape> {
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

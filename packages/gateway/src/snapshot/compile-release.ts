/**
 * Owns the compiling of one release: a pipeline for every route, in slices. Routes without uses of their own share one
 * pipeline for each upstream; routes that did not change, in surroundings that did not change, are kept from before.
 */
import { type Api, findPlanPlace, PLAN_SLOT, type Release, type Route } from '@gatewright/model/runtime'
import { GatewayResponse, type Next, Problem, type RouteFacts } from '@gatewright/policies'
import { compileUses, type PlacedUse, type UseContext } from '../pipeline/compile-uses.ts'
import { type CompiledUse, compose } from '../pipeline/compose.ts'
import type { PlanShelf } from '../pipeline/plan-shelf.ts'
import { createPlanSlot } from '../pipeline/plan-slot.ts'
import { createReleaseStep } from '../pipeline/release-step.ts'
import type { RouteEntry } from '../route/api-routes.ts'
import { findEqualEnds } from '../route/equal-ends.ts'
import { findHeldFields, type HeldFields, HeldFieldsOfAll } from './held-fields.ts'
import type { RouteRuntime, UpstreamPort } from './runtime.ts'

/** What a route's pipeline depends on beside its API, its release and its upstream. */
export interface RouteContext {
  readonly uses: UseContext
  readonly planShelf: PlanShelf
  readonly hasPlans: boolean
  findUpstream(id: string): UpstreamPort | undefined
}

export interface CompiledRelease {
  readonly model: Release
  /** Global uses, the API's, the release's. What was compiled around by the same list was compiled in the same snapshot's frame. */
  readonly outer: readonly PlacedUse[]
  /** Of the routes that name none. */
  readonly upstreamId: string | undefined
  readonly entries: readonly RouteEntry<RouteRuntime>[]
  readonly endings: ReadonlyMap<string | undefined, Ending>
  readonly heldFields: HeldFields
}

/** What pipelines end in. */
export interface Ending {
  readonly upstream: UpstreamPort | undefined
  readonly next: Next
  /** Of routes without uses of their own. */
  plain: Pipeline | undefined
}

type Pipeline = Pick<RouteRuntime, 'run' | 'runPreflight' | 'runKnown'>

interface Placed {
  readonly api: Api
  readonly release: Release
  readonly outer: readonly PlacedUse[]
}

/** A route takes some 5 µs to 20 µs, to see that one did not change less than 1 µs: a slice stays far below 2 ms. */
const EFFORT_PER_SLICE = 512
const EFFORT_TO_COMPILE = 32

export function* compileRelease(
  { api, release, outer }: Placed,
  context: RouteContext,
  former: CompiledRelease | undefined,
): Generator<void, CompiledRelease> {
  const upstreamId = release.upstream ?? api.upstream
  const compiler = new RouteCompiler({ api, release, outer }, context, former)
  const { catalogue } = context.uses
  const heldFields = new HeldFieldsOfAll()
  heldFields.add(findHeldFields(release.policies, catalogue))
  for (const { enabled, policies } of release.routes) {
    if (enabled === false) heldFields.add(findHeldFields(policies, catalogue))
  }
  const routes = release.routes.filter(({ enabled }) => enabled !== false)
  const isKept = former?.outer === outer && former.upstreamId === upstreamId
  const findKept = toFindKept(isKept ? former.entries : [], routes)
  const entries: RouteEntry<RouteRuntime>[] = []
  let effort = 0
  for (const [at, route] of routes.entries()) {
    const found = findKept(route, at)
    const entry = found !== undefined && compiler.isEndingKept(route) ? found : compiler.compile(route)
    entries.push(entry)
    heldFields.add(entry.value.heldFields)
    effort += entry === found ? 1 : EFFORT_TO_COMPILE
    if (effort < EFFORT_PER_SLICE) continue
    effort = 0
    yield
  }
  return { model: release, outer, upstreamId, entries, endings: compiler.endings, heldFields }
}

/** Finds what was compiled of a route before: one that did not change is the same object, since patches keep it (`applyApiPatch`). */
function toFindKept(
  entries: readonly RouteEntry<RouteRuntime>[],
  routes: readonly Route[],
): (route: Route, at: number) => RouteEntry<RouteRuntime> | undefined {
  const { start, end } = findEqualEnds(entries, routes, ({ value }, route) => value.model === route)
  const between = new Map(entries.slice(start, entries.length - end).map((entry) => [entry.value.model, entry]))
  return (route, at) => {
    if (at < start) return entries[at]
    return at < routes.length - end ? between.get(route) : entries[at + entries.length - routes.length]
  }
}

class RouteCompiler {
  readonly endings = new Map<string | undefined, Ending>()
  readonly #placed: Placed
  readonly #context: RouteContext
  readonly #former: CompiledRelease | undefined

  constructor(placed: Placed, context: RouteContext, former: CompiledRelease | undefined) {
    this.#placed = placed
    this.#context = context
    this.#former = former
  }

  isEndingKept(route: Route): boolean {
    const id = this.#toUpstreamId(route)
    return this.#getEnding(id) === this.#former?.endings.get(id)
  }

  compile(route: Route): RouteEntry<RouteRuntime> {
    const { methods, path, match } = route
    return { methods, path, match, value: this.#toRuntime(route) }
  }

  #toRuntime(route: Route): RouteRuntime {
    const { api, release } = this.#placed
    const facts: RouteFacts = {
      api: api.id,
      route: route.id,
      template: api.basePath + route.path,
      ...(api.environment && { environment: api.environment }),
      ...(api.releases.length > 1 && { release: release.revision }),
      ...(route.operation !== undefined && { operation: route.operation }),
      ...(route.tags !== undefined && { tags: route.tags }),
    }
    const { run, runPreflight, runKnown } = this.#toPipeline(route)
    // Spelled out, and what every request reads first: so it is one cache line, which ten thousand routes make cold.
    return {
      run,
      facts,
      bodyBytes: route.bodyBytes,
      runPreflight,
      upgrades: route.upgrades ?? NO_UPGRADES,
      model: route,
      runKnown,
      heldFields: findHeldFields(route.policies, this.#context.uses.catalogue),
    }
  }

  #toPipeline(route: Route): Pipeline {
    const ending = this.#getEnding(this.#toUpstreamId(route))
    const { api, outer } = this.#placed
    if (route.policies.length > 0) {
      const own = compileUses(route.policies, `${api.id}/${route.id}`, this.#context.uses)
      return this.#fold([...outer, ...own], ending.next)
    }
    ending.plain ??= this.#fold(outer, ending.next)
    return ending.plain
  }

  #fold(given: readonly PlacedUse[], innermost: Next): Pipeline {
    const uses = this.#placePlanSlot(given)
    // The last, because those before it may have conditions: what answers is the first that runs.
    const cors = uses.findLastIndex(({ name }) => name === 'cors')
    const runPreflight = cors < 0 ? undefined : compose(uses.slice(0, cors + 1), refusePreflight)
    const known = this.#countUntilKnown(given)
    if (known === 0) return { run: compose(uses, innermost), runPreflight, runKnown: undefined }
    const runKnown = compose(uses.slice(known), innermost)
    return { run: compose(uses.slice(0, known), createReleaseStep(runKnown)), runPreflight, runKnown }
  }

  /** How many uses run before the release of the caller's app can be chosen; 0 where no app has one. */
  #countUntilKnown(uses: readonly PlacedUse[]): number {
    if (!hasAppReleases(this.#placed.api)) return 0
    return uses.findLastIndex(({ phase }) => phase === 'authenticate') + 1
  }

  /** The plan's policies are each caller's own: what stands in the list finds them when it runs. */
  #placePlanSlot(uses: readonly PlacedUse[]): readonly CompiledUse[] {
    const { planShelf, hasPlans } = this.#context
    const place = findPlanPlace(uses)
    // Whoever says the place of plans wants them to count, also where there is none of them left.
    if (place === undefined || !(hasPlans || place.isSaid)) return uses
    const { at, isSaid } = place
    const when = isSaid ? uses[at]?.when : undefined
    const run = createPlanSlot(planShelf, this.#placed.api.id, compose)
    const slot: CompiledUse = { name: PLAN_SLOT.name, run, when }
    return (uses as readonly CompiledUse[]).toSpliced(at, isSaid ? 1 : 0, slot)
  }

  #toUpstreamId(route: Route): string | undefined {
    return route.upstream ?? this.#placed.release.upstream ?? this.#placed.api.upstream
  }

  #getEnding(id: string | undefined): Ending {
    let ending = this.endings.get(id)
    if (ending !== undefined) return ending
    const upstream = id === undefined ? undefined : this.#context.findUpstream(id)
    const former = this.#former?.outer === this.#placed.outer ? this.#former.endings.get(id) : undefined
    ending = former?.upstream === upstream ? former : undefined
    ending ??= { upstream, next: toInnermost(upstream), plain: undefined }
    this.endings.set(id, ending)
    return ending
  }
}

export function hasAppReleases({ releases }: Pick<Api, 'releases'>): boolean {
  return releases.some(({ apps }) => apps !== undefined)
}

const NO_UPGRADES: readonly string[] = []

function toInnermost(upstream: UpstreamPort | undefined): Next {
  return upstream === undefined ? answerWithoutUpstream : (exchange) => upstream.forward(exchange)
}

const answerWithoutUpstream: Next = () => GatewayResponse.ofProblem(new Problem('upstream-missing'))
const refusePreflight: Next = () =>
  GatewayResponse.ofProblem(new Problem('method-not-allowed', { headers: [['Allow', '']] }))

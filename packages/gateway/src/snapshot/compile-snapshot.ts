/** Owns the compiling of a snapshot on a thread: what did not change is kept, the rest is built in slices while the old one serves. */
import { isDeepStrictEqual } from 'node:util'
import type { Api, EgressRules, Plan, Upstream } from '@gatewright/model'
import { toContentHash } from '@gatewright/model/runtime'
import type { PolicyDefinition, PolicyServices } from '@gatewright/policies'
import type { ApiMeter } from '../observe/meters.ts'
import { type CompiledPlans, compilePlans } from '../pipeline/compile-plans.ts'
import { compileUses, type UseContext } from '../pipeline/compile-uses.ts'
import { PlanShelf } from '../pipeline/plan-shelf.ts'
import type { ApiReplacement } from '../route/api-index.ts'
import type { CompilePattern } from '../route/conditions.ts'
import { LayeredMap } from '../route/layered-map.ts'
import { compileRouter } from '../route/router.ts'
import {
  type ApiContext,
  type ApiPart,
  type CompiledFrame,
  compileApi,
  compileUnmatched,
  isApiKept,
} from './compile-api.ts'
import { findHeldFields, HeldFieldsOfAll } from './held-fields.ts'
import type { ApiRuntime, RouteRuntime, SnapshotRuntime, UpstreamPort } from './runtime.ts'
import type { Snapshot, SnapshotFrame, SnapshotPart, SnapshotParts } from './snapshot.ts'

export interface CompileSettings {
  /** All but what belongs to a use or to the snapshot. */
  readonly services: Omit<PolicyServices, 'useId' | 'uses' | 'variables'>
  readonly compilePattern: CompilePattern
  createUpstream(model: Upstream, egress: EgressRules): UpstreamPort
  /** The built-ins and what the extensions define. */
  loadCatalogue(extensions: SnapshotFrame['extensions']): Promise<ReadonlyMap<string, PolicyDefinition>>
  toApiMeter(api: string): ApiMeter | undefined
}

/** What the next compilation may keep of this one. */
export interface CompiledSnapshot {
  readonly runtime: SnapshotRuntime
  readonly frame: CompiledFrame
  readonly egress: EgressRules
  readonly upstreams: ReadonlyMap<string, { readonly hash: string; readonly runtime: UpstreamPort }>
  readonly plans: CompiledPlans
  /** Of all snapshots of this thread: whoever serves this one puts its plans there. */
  readonly planShelf: PlanShelf
  readonly apis: LayeredMap<string, ApiPart>
  /** The order of `apis`. */
  readonly listed: Snapshot['apis']
}

/** To see that one did not change takes less than 1 µs, and each end of a slice as long. */
const KEPT_PER_SLICE = 128

/** @throws what a policy's `create`, an expression or a pattern throws: then nothing of the snapshot may run. */
export async function* compileSnapshot(
  { snapshot, parts }: { readonly snapshot: Snapshot; readonly parts: SnapshotParts },
  previous: CompiledSnapshot | undefined,
  settings: CompileSettings,
): AsyncGenerator<void, CompiledSnapshot> {
  const frame = await compileFrame(snapshot, previous?.frame, settings)
  const { egress } = snapshot.frame
  const upstreams = yield* compileUpstreams({ snapshot, parts }, previous, settings)
  const planShelf = previous?.planShelf ?? new PlanShelf()
  const plans = yield* compilePlans(
    snapshot.plans.map(({ hash }) => ({ hash, plan: getPart(parts, hash) as Plan })),
    frame.uses,
    previous?.frame === frame ? previous.plans : undefined,
  )
  // The first one serves from when its listeners are bound.
  if (previous === undefined) planShelf.replace(plans, 0)
  const { compilePattern, toApiMeter } = settings
  const findUpstream = (id: string): UpstreamPort | undefined => upstreams.get(id)?.runtime
  const context: ApiContext = { frame, planShelf, compilePattern, findUpstream, toApiMeter }
  const apis = yield* compileApis({ snapshot, parts, plans }, previous, {
    context,
    // Then nothing of an API that stayed has to be looked at.
    isSurrounded: previous?.frame === frame && previous.upstreams === upstreams,
  })
  const replacements = previous && toReplacements(apis, previous)
  const router =
    previous !== undefined && replacements !== undefined
      ? previous.runtime.router.withReplaced(replacements)
      : yield* compileRouter(listCompiled(apis.all))
  const runtime: SnapshotRuntime = {
    version: snapshot.version,
    hash: snapshot.hash,
    router,
    hasReleases: apis.hasReleases,
    hasPreviews: apis.hasPreviews,
    heldFields: apis.heldFields,
    problemBase: snapshot.frame.problemBase,
    runUnmatched: compileUnmatched(frame.globalUses),
  }
  return { runtime, frame, egress, upstreams, plans, planShelf, apis: apis.all, listed: snapshot.apis }
}

interface ApiSurroundings {
  readonly context: ApiContext
  readonly isSurrounded: boolean
}

interface CompiledApis extends Pick<SnapshotRuntime, 'hasReleases' | 'hasPreviews' | 'heldFields'> {
  readonly all: CompiledSnapshot['apis']
  /** Those that are others than before; undefined: others are there, or in another order. */
  readonly changed: ReadonlyMap<string, ApiPart> | undefined
}

async function* compileApis(
  { snapshot, parts, plans }: Pick<CompiledSnapshot, 'plans'> & { snapshot: Snapshot; parts: SnapshotParts },
  previous: CompiledSnapshot | undefined,
  { context, isSurrounded }: ApiSurroundings,
): AsyncGenerator<void, CompiledApis> {
  const listed = snapshot.apis
  const isSameList =
    previous?.listed.length === listed.length && listed.every(({ id }, at) => id === previous.listed[at]?.id)
  const made = new Map<string, ApiPart>()
  const heldFields = new HeldFieldsOfAll()
  heldFields.add(context.frame.heldFields)
  for (const plan of plans.values()) heldFields.add(plan.heldFields)
  let hasReleases = false
  let hasPreviews = false
  for (const [at, { id, hash }] of listed.entries()) {
    const former = previous?.apis.get(id)
    const isSame = isSurrounded && former?.hash === hash
    const isKept = former !== undefined && (isSame || isApiKept(former, { hash, context }))
    const part = isKept ? former : yield* compileApi({ api: getPart(parts, hash) as Api, hash }, context, former)
    if (!isKept || !isSameList) made.set(id, part)
    heldFields.add(part.heldFields)
    hasReleases ||= part.compiled.value.chooseRelease !== undefined
    hasPreviews ||= part.releases.some(({ model }) => model.preview !== undefined)
    if (!isKept || at % KEPT_PER_SLICE === 0) yield
  }
  const all = isSameList && previous !== undefined ? previous.apis.withReplaced(made) : new LayeredMap(made)
  return { all, changed: isSameList ? made : undefined, hasReleases, hasPreviews, heldFields }
}

function* listCompiled(apis: CompiledSnapshot['apis']): Generator<ApiPart['compiled']> {
  for (const { compiled } of apis.values()) yield compiled
}

type Replacement = ApiReplacement<ApiRuntime, RouteRuntime>

/** More of them are no small change. */
const MOST_REPLACED = 64

/** If each is found where the one before was: then the index of all is not made again. */
function toReplacements(
  { changed }: CompiledApis,
  { apis: former }: CompiledSnapshot,
): readonly Replacement[] | undefined {
  if (changed === undefined || changed.size > MOST_REPLACED) return undefined
  const replacements: Replacement[] = []
  for (const [id, { compiled: to }] of changed) {
    const from = former.get(id)?.compiled
    if (from === undefined || !isDeepStrictEqual(toAddress(from), toAddress(to))) return undefined
    replacements.push({ from, to })
  }
  return replacements
}

function toAddress({ value: { model } }: Replacement['to']): readonly unknown[] {
  return [model.hosts, model.basePath, model.caseSensitive, model.match]
}

/** The same object where none has changed. */
function* compileUpstreams(
  { snapshot, parts }: { readonly snapshot: Snapshot; readonly parts: SnapshotParts },
  previous: CompiledSnapshot | undefined,
  settings: CompileSettings,
): Generator<void, CompiledSnapshot['upstreams']> {
  const { egress } = snapshot.frame
  // Connections that are open to what is denied now go with the upstream that opened them.
  const former = isDeepStrictEqual(previous?.egress, egress) ? previous?.upstreams : undefined
  const listed = snapshot.upstreams
  if (former?.size === listed.length && listed.every(({ id, hash }) => former.get(id)?.hash === hash)) return former
  const upstreams = new Map<string, { readonly hash: string; readonly runtime: UpstreamPort }>()
  for (const [at, { id, hash }] of listed.entries()) {
    const kept = former?.get(id)
    const isKept = kept?.hash === hash
    const make = () => ({ hash, runtime: settings.createUpstream(getPart(parts, hash) as Upstream, egress) })
    upstreams.set(id, isKept ? kept : make())
    if (!isKept || at % KEPT_PER_SLICE === 0) yield
  }
  return upstreams
}

async function compileFrame(
  { frame: { extensions, policies, variables }, plans }: Snapshot,
  previous: CompiledFrame | undefined,
  settings: CompileSettings,
): Promise<CompiledFrame> {
  const hasPlans = plans.length > 0
  const hash = toContentHash({ extensions, policies, variables, hasPlans })
  if (previous?.hash === hash) return previous
  const catalogue = await settings.loadCatalogue(extensions)
  const uses: UseContext = { catalogue, services: { ...settings.services, variables } }
  return {
    hash,
    uses,
    globalUses: compileUses(policies, 'global', uses),
    hasPlans,
    heldFields: findHeldFields(policies, catalogue),
  }
}

function getPart(parts: SnapshotParts, hash: string): SnapshotPart {
  const part = parts.get(hash)
  if (part === undefined) throw new Error(`part ${hash} of the snapshot was not shipped`)
  return part
}

/** How long a thread may be held by compiling before it looks at its sockets again. */
const SLICE_MS = 2

/** Runs slices of at most 2 ms, with a turn of the event loop between them. */
export async function runInSlices<Result>(slices: AsyncGenerator<void, Result>): Promise<Result> {
  let sliceEnd = performance.now() + SLICE_MS
  for (;;) {
    const step = await slices.next()
    if (step.done === true) return step.value
    if (performance.now() < sliceEnd) continue
    await new Promise((resolve) => setImmediate(resolve))
    sliceEnd = performance.now() + SLICE_MS
  }
}

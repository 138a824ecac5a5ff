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
  readonly apis: ReadonlyMap<string, ApiPart>
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
  const apis = new Map<string, ApiPart>()
  // Then nothing of an API that stayed has to be looked at.
  const isSurrounded = previous?.frame === frame && previous.upstreams === upstreams
  const heldFields = new HeldFieldsOfAll()
  heldFields.add(frame.heldFields)
  for (const plan of plans.values()) heldFields.add(plan.heldFields)
  for (const [at, { id, hash }] of snapshot.apis.entries()) {
    const former = previous?.apis.get(id)
    const isSame = isSurrounded && former?.hash === hash
    const isKept = former !== undefined && (isSame || isApiKept(former, { hash, context }))
    const part = isKept ? former : yield* compileApi({ api: getPart(parts, hash) as Api, hash }, context, former)
    apis.set(id, part)
    heldFields.add(part.heldFields)
    if (!isKept || at % KEPT_PER_SLICE === 0) yield
  }
  const replacements = findReplacements(apis, previous)
  const router =
    previous !== undefined && replacements !== undefined
      ? previous.runtime.router.withReplaced(replacements)
      : yield* compileRouter([...apis.values()].map(({ compiled }) => compiled))
  const runtime: SnapshotRuntime = {
    version: snapshot.version,
    hash: snapshot.hash,
    router,
    apis: new Map([...apis].map(([id, { compiled }]) => [id, compiled.value])),
    hasReleases: [...apis.values()].some(({ compiled }) => compiled.value.chooseRelease !== undefined),
    hasPreviews: [...apis.values()].some(({ releases }) => releases.some(({ model }) => model.preview !== undefined)),
    heldFields,
    problemBase: snapshot.frame.problemBase,
    runUnmatched: compileUnmatched(frame.globalUses),
  }
  return { runtime, frame, egress, upstreams, plans, planShelf, apis }
}

type Replacement = ApiReplacement<ApiRuntime, RouteRuntime>

/** More of them are no small change. */
const MOST_REPLACED = 64

/** The APIs that are others than before, if each is found where the one before was: then the index of all is not made again. */
function findReplacements(
  apis: ReadonlyMap<string, ApiPart>,
  previous: CompiledSnapshot | undefined,
): Replacement[] | undefined {
  if (previous?.apis.size !== apis.size) return undefined
  const replacements: Replacement[] = []
  const former = previous.apis.entries()
  for (const [id, { compiled: to }] of apis) {
    const [formerId, part] = former.next().value ?? []
    if (part === undefined || formerId !== id) return undefined
    const from = part.compiled
    if (from === to) continue
    if (replacements.length === MOST_REPLACED || !isDeepStrictEqual(toAddress(from), toAddress(to))) return undefined
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

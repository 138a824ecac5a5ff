/** Owns the compiling of a snapshot on a thread: what did not change is kept, the rest is built in slices while the old one serves. */
import type { Api, Upstream } from '@gatewright/model'
import { toContentHash } from '@gatewright/model'
import type { PolicyDefinition, PolicyServices } from '@gatewright/policies'
import type { ApiMeter } from '../observe/meters.ts'
import { compileUses, type UseContext } from '../pipeline/compile-uses.ts'
import type { CompiledPlans } from '../pipeline/plan-slot.ts'
import type { CompiledApi } from '../route/api-index.ts'
import type { CompilePattern } from '../route/conditions.ts'
import { compileRouter } from '../route/router.ts'
import { compileApi, compileUnmatched } from './compile-api.ts'
import type { ApiRuntime, RouteRuntime, SnapshotRuntime, UpstreamPort } from './runtime.ts'
import type { Snapshot, SnapshotFrame, SnapshotParts } from './snapshot.ts'

export interface CompileSettings {
  /** All but what belongs to a use or to the snapshot. */
  readonly services: Omit<PolicyServices, 'useId' | 'variables'>
  readonly compilePattern: CompilePattern
  createUpstream(model: Upstream): UpstreamPort
  /** The built-ins and what the extensions define. */
  loadCatalogue(extensions: SnapshotFrame['extensions']): Promise<ReadonlyMap<string, PolicyDefinition>>
  toApiMeter(api: string): ApiMeter | undefined
}

/** What the next compilation may keep of this one. */
export interface CompiledSnapshot {
  readonly runtime: SnapshotRuntime
  readonly upstreams: ReadonlyMap<string, { readonly hash: string; readonly runtime: UpstreamPort }>
  readonly apis: ReadonlyMap<string, { readonly key: string; readonly compiled: CompiledApi<ApiRuntime, RouteRuntime> }>
}

/** @throws what a policy's `create`, an expression or a pattern throws: then nothing of the snapshot may run. */
export async function* compileSnapshot(
  { snapshot, parts }: { readonly snapshot: Snapshot; readonly parts: SnapshotParts },
  previous: CompiledSnapshot | undefined,
  settings: CompileSettings,
): AsyncGenerator<void, CompiledSnapshot> {
  const { frame } = snapshot
  const catalogue = await settings.loadCatalogue(frame.extensions)
  const uses: UseContext = { catalogue, services: { ...settings.services, variables: frame.variables } }
  const globalUses = compileUses(frame.policies, 'global', uses)
  const plans: CompiledPlans = new Map(
    frame.plans.map((plan) => [plan.id as string, compileUses(plan.policies, `plan ${plan.id}`, uses)]),
  )
  const upstreams = new Map<string, { readonly hash: string; readonly runtime: UpstreamPort }>()
  for (const { id, hash } of snapshot.upstreams) {
    const kept = previous?.upstreams.get(id)
    upstreams.set(
      id,
      kept?.hash === hash ? kept : { hash, runtime: settings.createUpstream(getPart(parts, hash) as Upstream) },
    )
  }
  const { extensions, policies, plans: planModels, variables } = frame
  const frameHash = toContentHash({ extensions, policies, plans: planModels, variables })
  const apis = new Map<string, { readonly key: string; readonly compiled: CompiledApi<ApiRuntime, RouteRuntime> }>()
  for (const { id, hash } of snapshot.apis) {
    const api = getPart(parts, hash) as Api
    const key = `${frameHash} ${hash} ${toUpstreamHashes(api, upstreams)}`
    const kept = previous?.apis.get(id)
    if (kept?.key === key) {
      apis.set(id, kept)
      continue
    }
    const { compilePattern, toApiMeter } = settings
    const findUpstream = (upstream: string): UpstreamPort | undefined => upstreams.get(upstream)?.runtime
    const compiled = yield* compileApi(api, { uses, globalUses, plans, compilePattern, findUpstream, toApiMeter })
    apis.set(id, { key, compiled })
    yield
  }
  const router = yield* compileRouter([...apis.values()].map(({ compiled }) => compiled))
  const runtime: SnapshotRuntime = {
    version: snapshot.version,
    hash: snapshot.hash,
    router,
    apis: new Map([...apis].map(([id, { compiled }]) => [id, compiled.value])),
    identityFields: findIdentityFields(frame, parts, catalogue),
    problemBase: frame.problemBase,
    runUnmatched: compileUnmatched(globalUses),
  }
  return { runtime, upstreams, apis }
}

function getPart(parts: SnapshotParts, hash: string): Upstream | Api {
  const part = parts.get(hash)
  if (part === undefined) throw new Error(`part ${hash} of the snapshot was not shipped`)
  return part
}

/** An API's pipelines hold its upstreams, so a changed one compiles it anew. */
function toUpstreamHashes(api: Api, upstreams: ReadonlyMap<string, { readonly hash: string }>): string {
  const ids = new Set<string | undefined>([api.upstream])
  for (const release of api.releases) {
    ids.add(release.upstream)
    for (const route of release.routes) ids.add(route.upstream)
  }
  return [...ids].map((id) => (id === undefined ? '' : (upstreams.get(id)?.hash ?? ''))).join(' ')
}

/** Every field that some use anywhere tells an upstream about the caller: nowhere may a client say it. */
function findIdentityFields(
  { policies, plans }: SnapshotFrame,
  parts: SnapshotParts,
  catalogue: ReadonlyMap<string, PolicyDefinition>,
): ReadonlySet<string> {
  const names = new Set<string>()
  const lists = [policies, ...plans.map((plan) => plan.policies)]
  for (const part of parts.values()) {
    if (!('releases' in part)) continue
    lists.push(part.policies)
    for (const release of part.releases) lists.push(release.policies, ...release.routes.map((route) => route.policies))
  }
  for (const use of lists.flat()) {
    const definition = catalogue.get(use.policy)
    if (definition?.identityFields === undefined) continue
    for (const name of definition.identityFields(definition.options.parse(use.options ?? {}))) {
      names.add(name.toLowerCase().replaceAll('_', '-'))
    }
  }
  return names
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

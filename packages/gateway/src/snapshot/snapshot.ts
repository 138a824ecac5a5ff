/**
 * Owns what main ships to threads: a numbered snapshot, made of parts with a hash each, of which only the new ones travel.
 *
 *   Snapshot   version, hash
 *     ├─ frame        listeners, global uses, variables, extensions: small, always sent
 *     ├─ upstreams    [{ id, hash }]   ┐
 *     ├─ plans        [{ id, hash }]   │ bodies in `parts`, by hash,
 *     └─ apis         [{ id, hash }]   ┘ where the threads don't have them yet
 */
import {
  type AccessLog,
  type Api,
  type EgressRules,
  type GatewayModel,
  type Listener,
  type Plan,
  type PolicyUse,
  type Route,
  toContentHash,
  toTextHash,
  type Upstream,
} from '@gatewright/model/runtime'
import { findEqualEnds } from '../route/equal-ends.ts'

export interface ExtensionModule {
  /** `file:` URL or package name. */
  readonly specifier: string
  /** Of its content, and of the files that it imports: a changed module is loaded anew. */
  readonly hash: string
  /** By URL: what was checked and published, which is what threads run, whatever stands on disk by then. */
  readonly files?: Readonly<Record<string, ExtensionFile>>
}

export interface ExtensionFile {
  /** As Node calls it, or `link`. */
  readonly format: string
  readonly text: string
}

export interface SnapshotFrame {
  readonly listeners: readonly Listener[]
  readonly policies: readonly PolicyUse[]
  readonly variables: Readonly<Record<string, string>>
  readonly extensions: readonly ExtensionModule[]
  readonly accessLog: AccessLog
  readonly problemBase: string | undefined
  readonly egress: EgressRules
}

export interface PartReference {
  readonly id: string
  readonly hash: string
}

export interface Snapshot {
  readonly version: number
  /** Of all there is: equal hashes run the same. */
  readonly hash: string
  readonly frame: SnapshotFrame
  readonly upstreams: readonly PartReference[]
  /** Those that are switched off as well: they refuse. */
  readonly plans: readonly PartReference[]
  readonly apis: readonly PartReference[]
}

export type SnapshotPart = Upstream | Plan | Api
export type SnapshotParts = ReadonlyMap<string, SnapshotPart>

const LISTS = ['apis', 'plans', 'upstreams'] as const

/** Hashes of the parts that it is made of, and another one is not. Of thousands that both have, none is copied. */
export function listPartsWithout(snapshot: Snapshot, other: Snapshot | undefined): string[] {
  return LISTS.flatMap((list) => {
    const [own, others] = [snapshot[list], other?.[list] ?? []]
    const { start, end } = findEqualEnds(own, others, (one, another) => one.hash === another.hash)
    const kept = new Set(others.slice(start, others.length - end).map(({ hash }) => hash))
    return own.slice(start, own.length - end).flatMap(({ hash }) => (kept.has(hash) ? [] : [hash]))
  })
}

/** Takes a model apart. Pure: equal models with equal extensions have equal hashes. */
export function toSnapshot(
  model: GatewayModel,
  { version, extensions }: { version: number; extensions: readonly ExtensionModule[] },
): { snapshot: Snapshot; parts: SnapshotParts } {
  const parts = new Map<string, SnapshotPart>()
  const refer = (part: SnapshotPart): PartReference => {
    const reference = toReference(part)
    parts.set(reference.hash, part)
    return reference
  }
  const frame: SnapshotFrame = {
    listeners: model.listeners,
    policies: model.policies,
    variables: model.variables,
    extensions,
    accessLog: model.accessLog,
    problemBase: model.problemBase,
    egress: model.egress,
  }
  const upstreams = model.upstreams.filter(isEnabled).map(refer)
  const apis = model.apis.filter(isEnabled).map(refer)
  const plans = model.plans.map(refer)
  // Not of the references as data: of ten thousand, that alone would take ten milliseconds.
  const hash = toTextHash([toContentHash(frame), ...[upstreams, plans, apis].map(toListText)].join('\n'))
  return { snapshot: { version, hash, frame, upstreams, plans, apis }, parts }
}

/** An id is part of what is hashed. */
function toListText(references: readonly PartReference[]): string {
  return references.map(({ hash }) => hash).join(' ')
}

const REFERENCES = new WeakMap<SnapshotPart, PartReference>()

/** The same object for a part that is the same. */
function toReference(part: SnapshotPart): PartReference {
  const known = REFERENCES.get(part)
  if (known !== undefined) return known
  const reference = { id: part.id, hash: toPartHash(part) }
  REFERENCES.set(part, reference)
  return reference
}

/** Of parts that were hashed before. They are never changed, and a part that did not change is mostly the same object. */
const HASHES = new WeakMap<object, string>()

/** An API's hash is made of its routes' hashes: of ten thousand routes of which one changed, one is hashed. */
export function toPartHash(part: SnapshotPart | Route): string {
  const known = HASHES.get(part)
  if (known !== undefined) return known
  const hash = toContentHash('releases' in part ? toHashed(part) : part)
  HASHES.set(part, hash)
  return hash
}

function toHashed(api: Api): object {
  return {
    ...api,
    releases: api.releases.map((release) => ({ ...release, routes: release.routes.map(toPartHash).join() })),
  }
}

function isEnabled({ enabled }: { readonly enabled?: boolean }): boolean {
  return enabled !== false
}

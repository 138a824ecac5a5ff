/** Owns how a snapshot travels to a thread that serves an earlier one: its lists of parts may be long, and hardly change. */
import type { PartReference, Snapshot } from './snapshot.ts'
import { joinStretches, type Stretch, toStretches } from './stretches.ts'

type PartList = 'upstreams' | 'plans' | 'apis'

/** Plain data. */
export interface SnapshotPatch
  extends Omit<Snapshot, PartList>,
    Readonly<Record<PartList, readonly Stretch<PartReference>[]>> {
  /** Version of the earlier one; 0: there is none. */
  readonly base: number
}

export function toSnapshotPatch(snapshot: Snapshot, base: Snapshot | undefined): SnapshotPatch {
  const toPatch = (list: PartList) => toStretches(snapshot[list], base?.[list] ?? [], { toKey: ({ hash }) => hash })
  return {
    ...snapshot,
    base: base?.version ?? 0,
    upstreams: toPatch('upstreams'),
    plans: toPatch('plans'),
    apis: toPatch('apis'),
  }
}

/** @throws where what is there is not what the patch was made for */
export function applySnapshotPatch({ base: version, ...patch }: SnapshotPatch, base: Snapshot | undefined): Snapshot {
  const had = base?.version ?? 0
  if (had !== version)
    throw new Error(`a snapshot was sent as a change of version ${version}, and version ${had} serves`)
  return {
    ...patch,
    upstreams: joinStretches(patch.upstreams, base?.upstreams ?? []),
    plans: joinStretches(patch.plans, base?.plans ?? []),
    apis: joinStretches(patch.apis, base?.apis ?? []),
  }
}

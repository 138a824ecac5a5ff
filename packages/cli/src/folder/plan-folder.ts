/** Owns the plan that makes a control plane what a folder says: what is made first, what last. */

import type { Client } from '@gatewright/client'
import type { toAcknowledge } from '../live/acknowledging.ts'
import { LivePlan } from './plan-live.ts'
import { planRemovals, planResources } from './plan-resources.ts'
import type { Folder } from './read-folder.ts'
import type { ServerState } from './server-state.ts'
import type { Plan } from './step.ts'

export interface PlanOptions {
  /** Remove what the folder does not have? */
  readonly prune: boolean
  readonly message: string
  /** What is broken for callers, and may be. */
  readonly acknowledged?: ReturnType<typeof toAcknowledge>
}

/** @rejects ClientProblem */
export async function planFolder(
  client: Client,
  { folder, state }: { readonly folder: Folder; readonly state: ServerState },
  { prune, message, acknowledged = {} }: PlanOptions,
): Promise<Plan> {
  const planning = { client, folder, state, versions: new Map<string, number>() }
  const live = await LivePlan.make({ ...planning, message, acknowledged })
  const removals = [...live.takeOuts, ...planRemovals(planning)]
  return {
    steps: [...planResources(planning), ...live.revisions, ...live.releases, ...(prune ? removals : [])],
    spared: prune ? [] : removals.map(({ subject }) => subject),
    faults: live.faults,
  }
}

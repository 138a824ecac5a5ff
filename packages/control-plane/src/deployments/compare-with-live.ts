/** Owns what would be another for callers, if what somebody wants were live: as those read it who approve it. */
import { getWholeForm } from '../apis/find-form.ts'
import type { BreakingChange } from '../breaking/breaking-change.ts'
import { findBreakingChanges } from '../breaking/find-breaking-changes.ts'
import { describeChanges } from '../revisions/describe-changes.ts'
import type { Moment } from '../store/store.ts'
import { type Deployment, listLiveReleases } from './deployment.ts'
import { type DeploymentPlace, findMain } from './deployment-place.ts'

export interface Difference {
  /** A line each. */
  readonly changes: readonly string[]
  readonly breaking: readonly BreakingChange[]
}

/** Of every release that is not the main one now; nothing where none is live, for nobody calls it yet. */
export async function compareWithLive(
  db: Moment,
  { api }: DeploymentPlace,
  { wish, before }: { readonly wish: Pick<Deployment, 'releases'>; readonly before: Deployment | undefined },
): Promise<Difference> {
  const main = findMain(before)
  if (main === undefined) return { changes: [], breaking: [] }
  const was = await getWholeForm(db, api, main.revision)
  const others = listLiveReleases(wish).filter(({ revision }) => revision !== main.revision)
  const forms = await Promise.all(others.map(({ revision }) => getWholeForm(db, api, revision)))
  return {
    changes: forms.flatMap((is) => describeChanges(was, is).map(({ text }) => text)),
    breaking: forms.flatMap((is) => findBreakingChanges(was, is)),
  }
}

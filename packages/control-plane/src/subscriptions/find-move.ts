/** Owns who may move subscriptions, and between what: APIs and a plan of one team. */
import { AdminProblem } from '../http/admin-problem.ts'
import { assertAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import { API, PLAN } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { Move } from './move-subscriptions.ts'

export const MOVE_PLAN_DESCRIPTION =
  'Id of a plan of the team, for subscriptions whose own plan does not open the next API; without it there may be none such.'

export interface MoveAsked {
  readonly from: Resource
  /** Ids of the same team. */
  readonly to: string
  readonly plan: string | undefined
}

/** Who may approve subscriptions to both of them gives nobody more than they may give. `to`: id. @rejects AdminProblem */
export async function assertMayMove(
  asking: Asking,
  db: Moment,
  { from: { team, id }, to }: Pick<MoveAsked, 'from' | 'to'>,
): Promise<void> {
  for (const api of [id, to]) await assertAllowed(asking, db, { permission: 'subscription:approve', team, api })
}

/** @rejects AdminProblem, ResourceFault */
export async function findMove(asking: Asking, db: Moment, { from, to, plan }: MoveAsked): Promise<Move> {
  const { team } = from
  await assertMayMove(asking, db, { from, to })
  const next = await getResource(db, toRef(API, { team, id: to }))
  if (from.uid === next.uid) throw new AdminProblem('conflict', 'An API does not come after itself: name another one.')
  return {
    from,
    to: next,
    plan: plan === undefined ? undefined : await getResource(db, toRef(PLAN, { team, id: plan })),
  }
}

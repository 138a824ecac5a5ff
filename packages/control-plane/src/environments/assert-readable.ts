/** Owns who sees what an environment says: who may read it in some team, and not only beside others. */
import { listReadableEnvironments } from '../access/decide-access.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { readRoles } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import type { Moment } from '../store/store.ts'

/** Ids; `all`. */
export async function listShownEnvironments({ principal }: Pick<Asking, 'principal'>, db: Moment) {
  return principal === undefined ? [] : listReadableEnvironments(principal, await readRoles(db))
}

/** @rejects AdminProblem */
export async function assertShown(asking: Pick<Asking, 'principal'>, db: Moment, ids: readonly string[]) {
  const shown = await listShownEnvironments(asking, db)
  const hidden = ids.find((id) => shown !== 'all' && !shown.includes(id))
  if (hidden === undefined) return
  const permission = 'environment:read'
  throw new AdminProblem('not-allowed', `This needs the permission "${permission}" for "${hidden}" in some team.`, {
    extensions: { permission },
  })
}

/** Owns what the protection of an environment asks of those who change what is live there. */
import type { Permission } from '../access/permission.ts'
import type { DeploymentPlace } from '../deployments/deployment-place.ts'
import type { Wish } from '../deployments/judge-wish.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { isAllowed } from '../http/assert-allowed.ts'
import type { Asking } from '../http/route.ts'
import { NO_TEAM } from '../resources/kind.ts'
import type { Doing } from '../store/doing.ts'
import { type EnvironmentBody, needsApproval } from './environment-body.ts'

export interface Guarded {
  readonly place: DeploymentPlace
  readonly wish: Pick<Wish, 'why' | 'override' | 'isOneBack'>
}

/** True: it has to wait for others. @rejects AdminProblem in a freeze, and where `override` is not theirs to say */
export async function mustWait(asking: Asking, doing: Doing, guarded: Guarded): Promise<boolean> {
  const { protection } = guarded.place.environment.body
  if (protection === undefined) return false
  const isEmergency = await mayHurry(asking, doing, guarded)
  const { wish, place } = guarded
  if (!isEmergency) await assertThawed(asking, doing, { environment: place.environment, override: wish.override })
  return !isEmergency && needsApproval({ protection })
}

/** Back to what was live before the last change, and only to that, one person goes alone: others had let it through. */
async function mayHurry(asking: Asking, doing: Doing, { place, wish }: Guarded): Promise<boolean> {
  if (wish.override === undefined || wish.isOneBack !== true) return false
  const { api, environment } = place
  const where = { team: api.team, api: api.id, environment: environment.id }
  return await isAllowed(asking, doing.db, { permission: 'api:approve', ...where })
}

export interface Freezable {
  readonly environment: { readonly id: string; readonly body: EnvironmentBody }
  /** Why it cannot wait. */
  readonly override: string | undefined
}

/** @rejects AdminProblem */
export async function assertThawed(asking: Asking, doing: Doing, { environment, override }: Freezable): Promise<void> {
  const frozen = environment.body.protection?.frozen
  if (frozen === undefined || (frozen.until !== undefined && Date.parse(frozen.until) <= doing.nowMs)) return
  const permission: Permission = 'environment:freeze'
  const demand = { permission, team: NO_TEAM, environment: environment.id }
  if (override !== undefined && (await isAllowed(asking, doing.db, demand))) return
  const until = frozen.until === undefined ? 'for now' : `until ${frozen.until}`
  throw new AdminProblem(
    'environment-frozen',
    `"${environment.id}" is frozen ${until}: ${frozen.reason} Who has "${permission}" everywhere may pass with "override": "why it cannot wait", or the header Gatewright-Override where a body has no such member.`,
    { extensions: { frozen } },
  )
}

/** Owns refusing what is not allowed, wherever in a route that is found: by what its address says, or by what it is about. */
import { type Demand, decideAccess } from '../access/decide-access.ts'
import { createRoles, type RoleBody, type Roles, toRole } from '../access/role.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Moment } from '../store/store.ts'
import { AdminProblem } from './admin-problem.ts'
import type { Asking } from './route.ts'

export async function readRoles(db: Moment): Promise<Roles> {
  return createRoles((await listAllResources(db, 'role')).map(({ id, body }) => toRole(id, body as RoleBody)))
}

/** @rejects AdminProblem */
export async function assertAllowed(
  { principal }: Pick<Asking, 'principal'>,
  db: Moment,
  demand: Demand,
): Promise<void> {
  const decision = principal === undefined ? 'hidden' : decideAccess(principal, demand, await readRoles(db))
  if (decision === 'granted') return
  if (decision === 'hidden') throw new AdminProblem('not-found', 'There is nothing by this name that you may see.')
  throw new AdminProblem('not-allowed', `This needs the permission "${demand.permission}" ${toPlace(demand)}.`, {
    extensions: { permission: demand.permission },
  })
}

export async function isAllowed({ principal }: Pick<Asking, 'principal'>, db: Moment, demand: Demand) {
  return principal !== undefined && decideAccess(principal, demand, await readRoles(db)) === 'granted'
}

function toPlace({ team, api, environment }: { team: string; api?: string; environment?: string }): string {
  const places = [team === '*' ? 'everywhere' : `in the team "${team}"`]
  if (api !== undefined) places.push(`for the API "${api}"`)
  if (environment !== undefined) places.push(`in the environment "${environment}"`)
  return places.join(' ')
}

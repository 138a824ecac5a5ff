/** Owns refusing what is not allowed, wherever in a route that is found: by what its address says, or by what it is about. */
import {
  type Demand,
  decideAccess,
  listReadableParts,
  listReadableTeams,
  type Principal,
} from '../access/decide-access.ts'
import { EVERY_TEAM } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'
import { createRoles, type RoleBody, type Roles, toRole } from '../access/role.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Moment } from '../store/store.ts'
import { AdminProblem } from './admin-problem.ts'
import type { Asking, RouteAccess } from './route.ts'

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

/** What the address of a route asks for. @rejects AdminProblem */
export async function assertAdmitted(
  asking: Asking,
  db: Moment,
  { access, params }: { readonly access: RouteAccess; readonly params: unknown },
): Promise<Asking> {
  if (access.kind === 'demand') await assertAllowed(asking, db, access.toDemand(params as never))
  if (access.kind !== 'some-team' || asking.principal === undefined) return asking
  return { ...asking, ...listShown(asking.principal, access.permission, await readRoles(db)) }
}

/** @throws AdminProblem */
function listShown(principal: Principal, permission: Permission, roles: Roles): Pick<Asking, 'teams' | 'parts'> {
  const teams = listReadableTeams(principal, permission, roles)
  const parts = teams === 'all' ? [] : listReadableParts(principal, permission, roles)
  if (teams === 'all' || teams.length > 0 || parts.length > 0) return { teams, parts }
  throw new AdminProblem('not-allowed', `This needs the permission "${permission}" in some team.`, {
    extensions: { permission },
  })
}

export async function isAllowed({ principal }: Pick<Asking, 'principal'>, db: Moment, demand: Demand) {
  return principal !== undefined && decideAccess(principal, demand, await readRoles(db)) === 'granted'
}

function toPlace({ team, api, environment }: { team: string; api?: string; environment?: string }): string {
  const places = [team === EVERY_TEAM ? 'everywhere' : `in the team "${team}"`]
  if (api !== undefined) places.push(`for the API "${api}"`)
  if (environment !== undefined) places.push(`in the environment "${environment}"`)
  return places.join(' ')
}

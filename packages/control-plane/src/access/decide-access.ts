/** Owns the answer to who may do what: pure, from grants and roles alone. What no grant allows is refused. */
import type { Actor } from './actor.ts'
import { EVERY_TEAM, type Grant } from './grant.ts'
import type { Permission } from './permission.ts'
import type { Roles } from './role.ts'

/** Who asks. */
export interface Principal {
  readonly actor: Actor
  /** For people to read. */
  readonly name: string
  /** Uid of the person; of a token, whose it is. Absent for services. */
  readonly user?: string
  /** Of a token: those that its user has now. */
  readonly grants: readonly Grant[]
  /** Of a token: at most these, whatever the grants say. */
  readonly scopes?: readonly Permission[]
  /** Of a token that ends: milliseconds since the epoch. */
  readonly expiresAtMs?: number
}

/** What is asked for. */
export interface Demand {
  readonly permission: Permission
  /** Id; `*` where it is about all teams: only a grant for every team allows that. */
  readonly team: string
  /** Ids of what it is about. */
  readonly api?: string
  readonly environment?: string
}

/** `hidden`: who asks may read nothing there, so whether there is something is not said either. */
export type AccessDecision = 'granted' | 'refused' | 'hidden'

export function decideAccess(principal: Principal, demand: Demand, roles: Roles): AccessDecision {
  const near = principal.grants.filter((grant) => isNear(grant, demand))
  const isGranted = near.some(
    (grant) => isWithin(grant, demand) && listAllowed(principal, grant, roles).includes(demand.permission),
  )
  if (isGranted) return 'granted'
  const canRead = near.some((grant) =>
    listAllowed(principal, grant, roles).some((permission) => permission.endsWith(':read')),
  )
  return canRead ? 'refused' : 'hidden'
}

/** Of which a list may show everything: a grant that is limited to some of a team is none of those. */
export function listReadableTeams(
  principal: Principal,
  permission: Permission,
  roles: Roles,
): readonly string[] | 'all' {
  const teams = listGrantsOf(principal, permission, roles)
    .filter((grant) => !isLimited(grant))
    .map(({ team }) => team)
  return teams.includes(EVERY_TEAM) ? 'all' : [...new Set(teams)].toSorted()
}

/** A part of a team, or of every one. */
export type TeamPart = Omit<Grant, 'role'>

/** Of which a list may show something beside those teams: APIs, and what is done with them in environments. */
export function listReadableParts(principal: Principal, permission: Permission, roles: Roles): readonly TeamPart[] {
  return listGrantsOf(principal, permission, roles).filter(isLimited)
}

/** Ids of those that may be looked at, in whatever team; `all`. What is limited to some shows no others. */
export function listReadableEnvironments(principal: Principal, roles: Roles): readonly string[] | 'all' {
  const ids = listGrantsOf(principal, 'environment:read', roles).map(({ environments }) => environments ?? 'all')
  return ids.includes('all') ? 'all' : [...new Set(ids.flat())]
}

function listGrantsOf(principal: Principal, permission: Permission, roles: Roles): readonly Grant[] {
  return principal.grants.filter((grant) => listAllowed(principal, grant, roles).includes(permission))
}

function isLimited({ apis, environments }: Grant): boolean {
  return apis !== undefined || environments !== undefined
}

/** Nobody gives away what they do not have: everything that the grant would allow, who gives it may do there. */
export function mayGive(principal: Principal, grant: Grant, roles: Roles): boolean {
  const role = roles.get(grant.role)
  if (role === undefined) return false
  const demands = listPlaces(grant)
  return role.permissions.every((permission) =>
    demands.every((place) => decideAccess(principal, { permission, ...place }, roles) === 'granted'),
  )
}

function listPlaces({ team, apis, environments }: Grant): Omit<Demand, 'permission'>[] {
  const ofApis = apis?.map((api) => ({ team, api })) ?? [{ team }]
  if (environments === undefined) return ofApis
  return ofApis.flatMap((place) => environments.map((environment) => ({ ...place, environment })))
}

function listAllowed({ scopes }: Principal, { role }: Grant, roles: Roles): readonly Permission[] {
  const permissions = roles.get(role)?.permissions ?? []
  return scopes === undefined ? permissions : permissions.filter((permission) => scopes.includes(permission))
}

/** Not about something else: a limited grant is also near what is about the whole team, and does not allow it. */
function isNear({ team, apis, environments }: Grant, demand: Demand): boolean {
  if (team !== EVERY_TEAM && team !== demand.team) return false
  if (apis !== undefined && demand.api !== undefined && !apis.includes(demand.api)) return false
  return environments === undefined || demand.environment === undefined || environments.includes(demand.environment)
}

function isWithin({ apis, environments }: Grant, { api, environment }: Demand): boolean {
  if (apis !== undefined && (api === undefined || !apis.includes(api))) return false
  return environments === undefined || (environment !== undefined && environments.includes(environment))
}

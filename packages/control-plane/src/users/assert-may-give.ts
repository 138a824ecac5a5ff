/** Owns that nobody gets more by giving: what is given, taken away or looked after is no more than one has oneself. */
import { suggestName } from '@gatewright/model'
import { decideAccess, mayGive, type Principal } from '../access/decide-access.ts'
import { EVERY_TEAM, type Grant } from '../access/grant.ts'
import type { Permission } from '../access/permission.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { readRoles } from '../http/assert-allowed.ts'
import type { Moment } from '../store/store.ts'
import { hasTeam } from '../teams/has-team.ts'
import type { User } from './user.ts'

interface Giver {
  readonly principal: Principal | undefined
}

/** @rejects AdminProblem where a grant leads nowhere, or allows more than who gives it may */
export async function assertMayGive({ principal }: Giver, db: Moment, grants: readonly Grant[]): Promise<void> {
  const roles = await readRoles(db)
  for (const grant of grants) {
    if (!roles.has(grant.role)) {
      const there = suggestName(grant.role, [...roles.keys()], 'There are')
      throw new AdminProblem('request-invalid', `There is no role "${grant.role}". ${there}`)
    }
    await assertTeam(db, grant.team)
    if (principal === undefined || !mayGive(principal, grant, roles)) throw tooMuch(grant)
  }
}

/** Whoever takes over an account, or shuts it out, has all that it may. @rejects AdminProblem */
export async function assertMayManage(giver: Giver, db: Moment, { grants }: Pick<User, 'grants'>): Promise<void> {
  const { principal } = giver
  const roles = await readRoles(db)
  // A role that is gone allows nothing, and its grants may be cleared away.
  const refused = grants.find(
    (grant) => roles.has(grant.role) && (principal === undefined || !mayGive(principal, grant, roles)),
  )
  if (refused !== undefined) throw tooMuch(refused)
}

/** Whoever has the role has all that it comes to allow, wherever they have it: what is added to it is had everywhere by who adds it. @rejects AdminProblem */
export async function assertMayAllow(giver: Giver, db: Moment, permissions: readonly Permission[]): Promise<void> {
  const { principal } = giver
  const roles = await readRoles(db)
  const refused = permissions.find(
    (permission) =>
      principal === undefined || decideAccess(principal, { permission, team: EVERY_TEAM }, roles) !== 'granted',
  )
  if (refused === undefined) return
  throw new AdminProblem(
    'not-allowed',
    `A role gives away what its maker has everywhere, and you have not "${refused}": somebody who has it has to do this.`,
    { extensions: { permission: refused } },
  )
}

/** Those of the first that the second has not. */
export function listOthers(grants: readonly Grant[], known: readonly Grant[]): readonly Grant[] {
  const texts = new Set(known.map(toText))
  return grants.filter((grant) => !texts.has(toText(grant)))
}

function toText({ role, team, apis, environments }: Grant): string {
  return JSON.stringify([role, team, apis?.toSorted(), environments?.toSorted()])
}

async function assertTeam(db: Moment, team: string): Promise<void> {
  if (team === EVERY_TEAM || (await hasTeam(db, team))) return
  throw new AdminProblem('request-invalid', `There is no team "${team}".`)
}

function tooMuch({ role, team }: Grant): AdminProblem {
  const where = team === EVERY_TEAM ? 'everywhere' : `in the team "${team}"`
  return new AdminProblem(
    'not-allowed',
    `The role "${role}" ${where} allows more than you may there: somebody who may all of it has to do this.`,
  )
}

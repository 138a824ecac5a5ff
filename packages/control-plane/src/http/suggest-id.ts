/** Owns "did you mean …?" for what is not there by the id that was asked for: among what who asks may read, and nothing else. */
import { findClosest } from '@gatewright/model'
import { decideAccess, type Principal } from '../access/decide-access.ts'
import { PERMISSIONS } from '../access/permission.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { ResourceFault } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import { AdminProblem } from './admin-problem.ts'
import { readRoles } from './assert-allowed.ts'

/** The fault as it is where nothing is near. */
export async function suggestId(db: Moment, principal: Principal | undefined, fault: ResourceFault): Promise<Error> {
  if (fault.reason !== 'not-found' || principal === undefined) return fault
  const { kind, team, id } = fault.ref
  const permission = PERMISSIONS.find((each) => each === `${kind}:read`)
  if (permission === undefined) return fault
  const roles = await readRoles(db)
  const readable = (await listAllResources(db, kind, team))
    .map((each) => each.id)
    .filter((each) => {
      const part = kind === 'api' || kind === 'environment' ? { [kind]: each } : {}
      return decideAccess(principal, { permission, team, ...part }, roles) === 'granted'
    })
  const closest = findClosest(id, readable)
  return closest === undefined ? fault : new AdminProblem('not-found', `${fault.message} Did you mean "${closest}"?`)
}

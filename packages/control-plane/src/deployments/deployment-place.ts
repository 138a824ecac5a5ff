/** Owns where a route of what is live stands: an API in an environment. */
import { z } from 'zod'
import type { Demand } from '../access/decide-access.ts'
import type { Permission } from '../access/permission.ts'
import { partIdSchema } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import { API, ENVIRONMENT } from '../kinds.ts'
import { toRef } from '../resources/kind.ts'
import type { Resource } from '../resources/resource.ts'
import { getResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import { type DeployedRelease, type Deployment, listLiveReleases } from './deployment.ts'
import { type DeploymentRef, findDeployment } from './deployment-store.ts'

export const placeParams = z.strictObject({ environment: partIdSchema, team: partIdSchema, id: partIdSchema })
export type PlaceParams = z.output<typeof placeParams>
export const PLACE_PATH = '/environments/{environment}/apis/{team}/{id}'

export const placeDemand = (permission: Permission) => ({
  kind: 'demand' as const,
  toDemand: ({ team, id, environment }: PlaceParams): Demand => ({ permission, team, api: id, environment }),
})

export interface DeploymentPlace {
  readonly api: Resource
  readonly environment: Resource<EnvironmentBody>
  readonly ref: DeploymentRef
}

/** @rejects ResourceFault */
export async function findPlace(db: Moment, { environment, team, id }: PlaceParams): Promise<DeploymentPlace> {
  const where = (await getResource(db, toRef(ENVIRONMENT, { id: environment }))) as Resource<EnvironmentBody>
  const api = await getResource(db, toRef(API, { team, id }))
  return { api, environment: where, ref: { api: api.uid, environment: where.uid } }
}

/** @rejects AdminProblem */
export async function getDeployment(db: Moment, { ref, api, environment }: DeploymentPlace): Promise<Deployment> {
  const found = await findDeployment(db, ref)
  if (found !== undefined) return found
  throw new AdminProblem('not-found', `"${api.id}" was never published to "${environment.id}".`)
}

/** It stands first, whatever its share: what a canary is tried beside. */
export function findMain(deployment: Pick<Deployment, 'releases'> | undefined): DeployedRelease | undefined {
  return listLiveReleases(deployment)[0]
}

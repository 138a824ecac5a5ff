/** Owns that nobody puts an API before what a protected environment runs: at its names, and at or below the path of one of its APIs. */
import { type EnvironmentBody, needsApproval } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { LiveEnvironment } from '../publish/live-api.ts'
import { EVERY_NAME, listAddresses, listStandingBefore, toAddressKey } from '../publish/standing-before.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { Moment } from '../store/store.ts'
import type { DeploymentPlace } from './deployment-place.ts'

/** All environments, with what is live in them. */
interface Moments {
  readonly before: readonly LiveEnvironment[]
  readonly after: readonly LiveEnvironment[]
}

/** Of five thousand APIs, what is live takes some twenty milliseconds to list: nobody does where there is nothing to guard. */
export async function isAnyGuardedBeside(db: Moment, { environment }: DeploymentPlace): Promise<boolean> {
  const all = (await listAllResources(db, 'environment')) as Resource<EnvironmentBody>[]
  return all.some(({ uid, body }) => uid !== environment.uid && needsApproval(body))
}

/** Where it stands already, it stays. @throws AdminProblem */
export function assertOwnNames(place: DeploymentPlace, { before, after }: Moments): void {
  const here = findOwn(place, after)
  if (here === undefined) return
  const known = new Set(listOwnAddresses(findOwn(place, before)))
  const { api, environment } = place
  for (const protectedOne of after) {
    if (!needsApproval(protectedOne.body)) continue
    const taken = listStandingBefore(protectedOne, [here]).find(({ address }) => !known.has(toAddressKey(address)))
    if (taken === undefined) continue
    const { hidden, address } = taken
    const name = address.host === EVERY_NAME ? 'every name' : address.host
    throw new AdminProblem(
      'environment-protected',
      `"${api.id}" would answer in "${environment.id}" to ${name} at ${address.path || '/'}, before "${hidden.id}" does in "${protectedOne.id}", which is protected: take other \`hosts\`, or another path.`,
    )
  }
}

/** Its environment with nothing else in it. */
function findOwn({ api, environment }: DeploymentPlace, all: readonly LiveEnvironment[]): LiveEnvironment | undefined {
  const here = all.find(({ id }) => id === environment.id)
  const apis = here?.apis.filter(({ team, id }) => team === api.team && id === api.id) ?? []
  return here === undefined || apis.length === 0 ? undefined : { ...here, apis }
}

function listOwnAddresses(own: LiveEnvironment | undefined): readonly string[] {
  return own?.apis.flatMap((api) => listAddresses(own.body, api).map(toAddressKey)) ?? []
}

/** Owns that nobody puts something in front of what a protected environment runs: at its names, and at or below the path of one of its APIs. */
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { AdminProblem } from '../http/admin-problem.ts'
import type { LiveApi, LiveEnvironment } from '../publish/live-api.ts'
import type { DeploymentPlace } from './deployment-place.ts'

interface Address {
  /** Undefined: every name. */
  readonly hosts: readonly string[] | undefined
  readonly path: string
}

/** `environments`: as they are live with it. @throws AdminProblem */
export function assertOwnNames({ api, environment }: DeploymentPlace, environments: readonly LiveEnvironment[]): void {
  const here = environments.find(({ id }) => id === environment.id)
  const own = here?.apis.find(({ team, id }) => team === api.team && id === api.id)
  if (here === undefined || own === undefined) return
  const addresses = listAddresses(here.body, own)
  for (const { id, body, apis } of environments) {
    if (id === here.id || (body.protection?.approvals ?? 0) === 0) continue
    for (const other of apis) {
      const theirs = listAddresses(body, other)
      const taken = addresses.find((address) => theirs.some((their) => isWithin(address, their)))
      if (taken === undefined) continue
      throw new AdminProblem(
        'environment-protected',
        `"${api.id}" would answer in "${environment.id}" to ${taken.hosts?.join(', ') ?? 'every name'} at ${taken.path}, which is what "${other.id}" answers in "${id}", and that is protected: take other \`hosts\`, or another path.`,
      )
    }
  }
}

function listAddresses({ hosts, pathPrefix = '' }: EnvironmentBody, { releases }: LiveApi): readonly Address[] {
  return releases.map(({ body }) => {
    const base = body.basePath ?? '/'
    const path = base === '/' && pathPrefix !== '' ? pathPrefix : pathPrefix + base
    // Whether letters count depends on the API.
    return { hosts: body.hosts ?? hosts, path: path.toLowerCase() }
  })
}

/** What answers to everything at "/" is there for what nobody else answers, unless it says by which names. */
function isWithin({ hosts, path }: Address, their: Address): boolean {
  if (their.path === '/' ? hosts === undefined || their.hosts === undefined : !isBelow(path, their.path)) return false
  return hosts === undefined || their.hosts === undefined || hosts.some((host) => their.hosts?.some(covers(host)))
}

function isBelow(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}/`)
}

/** Also a name below a wildcard is theirs. */
function covers(host: string) {
  const name = host.toLowerCase()
  return (other: string): boolean => {
    const known = other.toLowerCase()
    return known === name || (known.startsWith('*.') && name.endsWith(known.slice(1)))
  }
}

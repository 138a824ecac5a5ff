// Owns a set of published APIs as a control plane keeps them: so many APIs, ten routes each, and how one of them changes.
import type { LiveApi, LiveEnvironment } from '@gatewright/control-plane'

const ROUTES = 10
const APIS_OF_A_TEAM = 50

/** APIs with a key and a limit; every second one has an upstream of its environment, the others have addresses of their own. */
export function toPublishedSet(count: number, upstreamPort: number): LiveEnvironment[] {
  return ['dev', 'prod'].map((id, at) => {
    const apis = Array.from({ length: Math.ceil(count / 2) }, (_, index) => toLiveApi(index, upstreamPort))
    const upstreams = apis.flatMap((_, index) =>
      index % 2 === 0 ? [{ id: `backend-${index}`, targets: [`http://127.0.0.1:${upstreamPort}`] }] : [],
    )
    return { id, body: { pathPrefix: `/${id}`, variables: { region: `lab-${at}` }, upstreams }, apis }
  })
}

/** The same set, with what this change says in one API of the first environment. */
export function changeOne(set: readonly LiveEnvironment[], change: number): LiveEnvironment[] {
  return set.map((environment, at) => {
    if (at > 0) return environment
    const place = toChangedPlace(environment.apis.length, change)
    const apis = environment.apis.map((api, index) => (index === place ? toChanged(api, change) : api))
    return { ...environment, apis }
  })
}

/** Where a request shows that this change is live. */
export function toChangedPath(count: number, change: number): string {
  return `/dev/api-${toChangedPlace(Math.ceil(count / 2), change)}/change-${change}`
}

/** All over the set, the same never twice in a row. */
function toChangedPlace(count: number, change: number): number {
  return (change * 7919) % count
}

function toChanged(api: LiveApi, change: number): LiveApi {
  return {
    ...api,
    releases: api.releases.map((release) => ({
      ...release,
      revision: release.revision + change,
      body: {
        ...release.body,
        routes: [
          ...(release.body.routes ?? []),
          {
            id: `change-${change}`,
            path: `/change-${change}`,
            policies: [{ policy: 'respond', options: { body: String(change) } }],
          },
        ],
      },
    })),
  }
}

function toLiveApi(index: number, upstreamPort: number): LiveApi {
  const upstream = index % 2 === 0 ? `backend-${index}` : `http://127.0.0.1:${upstreamPort}/own-${index}`
  const routes = Array.from({ length: ROUTES }, (_, route) => ({
    id: `operation-${route}`,
    path: route % 2 === 0 ? `/resources-${route}/{id}` : `/resources-${route}/{id}/details`,
    methods: ['GET' as const, 'POST' as const],
    ...(route === 0 && { policies: [{ policy: 'timeout', options: { timeoutMs: 10_000 } }] }),
  }))
  return {
    team: `team-${Math.floor(index / APIS_OF_A_TEAM)}`,
    id: `api-${index}`,
    releases: [
      {
        revision: 1,
        share: 100,
        body: {
          title: `API ${index}`,
          description: 'One of many, with a sentence or two of description, as people write them.',
          basePath: `/api-${index}`,
          upstream,
          policies: [
            { policy: 'security-headers' },
            { policy: 'rate-limit', options: { limit: 1_000_000, windowSeconds: 60 } },
          ],
          routes,
        },
      },
    ],
  }
}

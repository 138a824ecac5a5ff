/** Owns what has become of an API in each environment where it is live: published, deprecated or retired, and since when. */
import { z } from 'zod'
import type { ApiBody } from '../apis/api-body.ts'
import { findForm } from '../apis/find-form.ts'
import { resolveForm } from '../apis/published-form.ts'
import { timeSchema, toTime } from '../http/time.ts'
import { findResources } from '../resources/find-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { findRevision } from '../revisions/revision-store.ts'
import type { Moment } from '../store/store.ts'
import { type Deployment, listLiveReleases } from './deployment.ts'
import { findMain } from './deployment-place.ts'
import { listDeploymentVersions, listLiveOf } from './deployment-store.ts'

const STATES = ['published', 'deprecated', 'retired'] as const
type State = (typeof STATES)[number]

export const apiStateSchema = z.strictObject({
  team: z.string(),
  id: z.string(),
  title: z.string().exactOptional(),
  family: z.string().exactOptional(),
  version: z.string().exactOptional().meta({ description: 'As it says now, or as its OpenAPI document does.' }),
  environments: z
    .array(
      z.strictObject({
        environment: z.string(),
        state: z.enum(STATES),
        since: timeSchema.meta({ description: 'When it became so there.' }),
        revisions: z.array(z.int()),
        deprecatedAt: z.string().exactOptional(),
        sunsetAt: z.string().exactOptional(),
        successor: z.string().exactOptional(),
      }),
    )
    .meta({ description: 'Where it is live; none: it is a draft.' }),
})

export type ApiState = z.output<typeof apiStateSchema>

export async function readApiState(db: Moment, api: Resource): Promise<ApiState> {
  const { family } = api.body as ApiBody
  const version = await findVersion(db, api)
  const live = await listLiveOf(db, api.uid)
  const named = await findResources(
    db,
    live.map(({ environment }) => environment),
  )
  const environments: ApiState['environments'] = []
  for (const deployment of live) {
    const environment = named.get(deployment.environment)
    if (environment === undefined || listLiveReleases(deployment).length === 0) continue
    environments.push({ environment: environment.id, ...(await readState(db, deployment)) })
  }
  return {
    team: api.team,
    id: api.id,
    ...(api.body.title !== undefined && { title: api.body.title }),
    ...(family !== undefined && { family }),
    ...(version !== undefined && { version }),
    environments: environments.toSorted((a, b) => (a.environment < b.environment ? -1 : 1)),
  }
}

async function findVersion(db: Moment, { body }: Resource): Promise<string | undefined> {
  const { version, document } = body as ApiBody
  if (version !== undefined || document === undefined) return version
  return resolveForm(await findForm(db, body as ApiBody)).api?.version
}

/** What began before that began then at least. */
const MOST_LOOKED_AT = 50

/** What older revisions said of their end themselves is not looked at: of that, `since` knows nothing before this one. */
async function readState(db: Moment, deployment: Deployment) {
  const main = findMain(deployment)?.revision ?? 0
  const own = ((await findRevision(db, deployment.api, main))?.body as ApiBody | undefined)?.lifecycle
  const toState = (one: Deployment): State | undefined => {
    const revision = findMain(one)?.revision
    if (revision === undefined) return undefined
    return (one.lifecycle ?? (revision === main ? own : undefined))?.state ?? 'published'
  }
  const state = toState(deployment) ?? 'published'
  const history = await listDeploymentVersions(db, deployment, { limit: MOST_LOOKED_AT })
  const other = history.findIndex((one) => toState(one) !== state)
  const began = history.slice(0, other === -1 ? history.length : other).at(-1) ?? deployment
  const { deprecatedAt, sunsetAt, successor } = deployment.lifecycle ?? own ?? {}
  return {
    state,
    since: toTime(began.atMs),
    revisions: listLiveReleases(deployment).map(({ revision }) => revision),
    ...(deprecatedAt !== undefined && { deprecatedAt }),
    ...(sunsetAt !== undefined && { sunsetAt }),
    ...(successor !== undefined && { successor }),
  }
}

/** Families together, in each of them the lowest version first: `v2` before `v10`. */
export function compareStates(a: ApiState, b: ApiState): number {
  return (
    compareTexts(a.team, b.team) ||
    compareTexts(a.family ?? a.id, b.family ?? b.id) ||
    compareTexts(a.version ?? '', b.version ?? '') ||
    compareTexts(a.id, b.id)
  )
}

function compareTexts(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** Owns finding who names a resource: other resources by what they say, and what is live, subscribed to or given out. */
import type { ApiBody } from '../apis/api-body.ts'
import { findDeployment, listLive } from '../deployments/deployment-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { findResources } from '../resources/find-resources.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { toResource } from '../resources/resource-store.ts'
import { findRevisions } from '../revisions/revision-store.ts'
import type { Moment } from '../store/store.ts'
import { listNamingKinds, listReferences } from './reference.ts'
import type { Namer } from './reference-fault.ts'

/** Of keys and subscriptions no more are told: somebody has to look at all of them anyway. */
const MOST_TOLD = 100

export async function listNamers(db: Moment, resource: Resource): Promise<Namer[]> {
  return [
    ...(await listByBody(db, resource)),
    ...(await listLiveNamers(db, resource)),
    ...(await listSubscriptionsOf(db, resource)),
    ...(await listKeysOf(db, resource)),
  ]
}

async function listByBody(db: Moment, resource: Resource): Promise<Namer[]> {
  const { kind, team, id } = resource
  const kinds = listNamingKinds(kind)
  if (kinds.length === 0) return []
  const rows = await db
    .selectFrom('resources')
    .selectAll()
    .where('kind', 'in', kinds)
    .where('team', 'in', [team, NO_TEAM])
    // Who names it has its id as a text, or as a name, somewhere, maybe behind its team; what else has is sorted out below.
    .where('body', 'like', `%${id}"%`)
    .orderBy('kind')
    .orderBy('id')
    .execute()
  return rows.map(toResource).flatMap((namer) => pickNamers(namer, resource))
}

function pickNamers(
  { kind, team: own, id, body }: Pick<Resource, 'kind' | 'team' | 'id' | 'body'>,
  named: Pick<Resource, 'kind' | 'team' | 'id'>,
): Namer[] {
  const references = listReferences(kind, body)
  return references
    .filter(
      (reference) =>
        reference.kind === named.kind && reference.id === named.id && (reference.team ?? own) === named.team,
    )
    .map(({ path }) => ({ kind, id, path }))
}

async function listLiveNamers(db: Moment, resource: Resource): Promise<Namer[]> {
  switch (resource.kind) {
    case 'api':
      return await listEnvironmentsOf(db, resource.uid)
    case 'environment': {
      const live = await listLive(db, resource.uid)
      const apis = await findResources(
        db,
        live.map(({ api }) => api),
      )
      return live.map(({ api }) => ({ kind: 'api', id: apis.get(api)?.id ?? api, path: 'live here' }))
    }
    case 'upstream':
    case 'policy-list':
      return await listRevisionsOf(db, resource)
    default:
      return []
  }
}

async function listEnvironmentsOf(db: Moment, api: string): Promise<Namer[]> {
  const namers: Namer[] = []
  for (const { uid, id } of await listAllResources(db, 'environment')) {
    const deployment = await findDeployment(db, { api, environment: uid })
    if ((deployment?.releases.length ?? 0) > 0) namers.push({ kind: 'environment', id, path: 'live there' })
  }
  return namers
}

/** An API may say something else by now, and an older revision of it still run. */
async function listRevisionsOf(db: Moment, { kind, team, id }: Resource): Promise<Namer[]> {
  const namers: Namer[] = []
  for (const environment of (await listAllResources(db, 'environment')) as Resource<EnvironmentBody>[]) {
    if (kind === 'upstream' && environment.body.upstreams?.some((upstream) => upstream.id === id)) continue
    const live = await listLive(db, environment.uid)
    const apis = await findResources(
      db,
      live.map(({ api }) => api),
    )
    const refs = live
      .filter(({ api }) => apis.get(api)?.team === team)
      .flatMap(({ api, releases }) => releases.map(({ revision }) => ({ api, number: revision })))
    for (const { api, number, body } of await findRevisions(db, refs)) {
      const named = listReferences('api', body as ApiBody).some((one) => one.kind === kind && one.id === id)
      const path = `revision ${number}, live in ${environment.id}`
      if (named) namers.push({ kind: 'api', id: apis.get(api)?.id ?? api, path })
    }
  }
  return namers
}

const SUBSCRIBED = ['app', 'product', 'api', 'plan'] as const

async function listSubscriptionsOf(db: Moment, { kind, uid }: Resource): Promise<Namer[]> {
  const column = SUBSCRIBED.find((name) => name === kind)
  if (column === undefined) return []
  const rows = await db
    .selectFrom('subscriptions')
    .select('uid')
    .where(column, '=', uid)
    .where('state', '!=', 'ended')
    .orderBy('uid')
    .limit(MOST_TOLD)
    .execute()
  return rows.map((row) => ({ kind: 'subscription', id: row.uid, path: column }))
}

/** Those of an app, or those with a plan. */
async function listKeysOf(db: Moment, { kind, team, id, uid }: Resource): Promise<Namer[]> {
  if (kind !== 'app' && kind !== 'plan') return []
  let found = db
    .selectFrom('keys')
    .innerJoin('resources', 'resources.uid', 'keys.app')
    .select('keys.uid')
    .where('keys.ended_at', 'is', null)
  found =
    kind === 'app' ? found.where('keys.app', '=', uid) : found.where('keys.plan', '=', id).where('team', '=', team)
  const rows = await found.orderBy('keys.uid').limit(MOST_TOLD).execute()
  return rows.map((row) => ({ kind: 'key', id: row.uid, path: kind }))
}

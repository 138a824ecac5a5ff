/** Owns what the plans of all apps depend on: what is live and called how, and what plans and products are for. Of one moment of the store. */
import { listLive } from '../deployments/deployment-store.ts'
import type { PlanBody } from '../plans/plan-body.ts'
import type { ProductBody } from '../products/product-body.ts'
import { toTeamKey } from '../publish/live-terms.ts'
import { toSharedId, toSnapshotId } from '../publish/snapshot-id.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Moment } from '../store/store.ts'

export interface KnownPlan {
  readonly team: string
  /** In a snapshot. */
  readonly name: string
  /** Ids of APIs of its team; undefined: all of them. */
  readonly apis: readonly { readonly api: string }[] | undefined
}

/** Of a product, or of one API: ids of the team. */
export interface KnownOffer {
  readonly team: string
  readonly apis: readonly string[]
}

export interface CredentialsTerms {
  /** By uid. */
  readonly plans: ReadonlyMap<string, KnownPlan>
  /** By team and id. */
  readonly plansByName: ReadonlyMap<string, KnownPlan>
  /** By the uid of the product or API. */
  readonly offers: ReadonlyMap<string, KnownOffer>
  /** What an API is called in the snapshot, in each environment where it is live; by team and id. */
  readonly live: ReadonlyMap<string, readonly string[]>
  /** Which API that is. */
  readonly byName: ReadonlyMap<string, KnownApi>
}

interface KnownApi {
  readonly team: string
  readonly id: string
}

/** Plain data: equal where the terms are. */
export interface TermsData {
  readonly plans: readonly (readonly [uid: string, key: string, plan: KnownPlan])[]
  readonly offers: readonly (readonly [uid: string, offer: KnownOffer])[]
  readonly live: readonly (readonly [name: string, api: KnownApi])[]
}

/** Which kinds of resources terms are made of; deployments are the rest of it. */
const KINDS = ['api', 'environment', 'plan', 'product']

export async function readTermsData(db: Moment): Promise<TermsData> {
  const plans = (await listAllResources(db, 'plan')).map(({ uid, team, id, body }) => {
    const { apis } = body as PlanBody
    return [
      uid,
      toTeamKey(team, id),
      { team, name: toSharedId({ team, id }), apis: apis?.map(({ api }) => ({ api })) },
    ] as const
  })
  // Without plans nobody has one of anything, and thousands that are live are not read at each change of one of them.
  if (plans.length === 0) return { plans, offers: [], live: [] }
  const products = (await listAllResources(db, 'product')).map(
    ({ uid, team, body }) => [uid, { team, apis: (body as unknown as ProductBody).apis }] as const,
  )
  // Without their bodies: there may be thousands, and each of them long.
  const query = db.selectFrom('resources').select(['uid', 'team', 'id']).where('kind', '=', 'api')
  const apis = await query.orderBy('team').orderBy('id').execute()
  return {
    plans,
    offers: [...products, ...apis.map(({ uid, team, id }) => [uid, { team, apis: [id] }] as const)],
    live: await readLive(db, new Map(apis.map((api) => [api.uid, api]))),
  }
}

async function readLive(db: Moment, apis: ReadonlyMap<string, KnownApi>): Promise<TermsData['live']> {
  const names: [string, KnownApi][] = []
  for (const environment of await listAllResources(db, 'environment')) {
    for (const deployment of await listLive(db, environment.uid)) {
      const api = apis.get(deployment.api)
      if (api !== undefined) names.push([toSnapshotId(environment.id, api), { team: api.team, id: api.id }])
    }
  }
  return names
}

export function toTerms({ plans, offers, live }: TermsData): CredentialsTerms {
  const names = new Map<string, string[]>()
  for (const [name, { team, id }] of live) {
    const key = toTeamKey(team, id)
    const others = names.get(key)
    if (others === undefined) names.set(key, [name])
    else others.push(name)
  }
  return {
    plans: new Map(plans.map(([uid, , plan]) => [uid, plan])),
    plansByName: new Map(plans.map(([, key, plan]) => [key, plan])),
    offers: new Map(offers),
    live: names,
    byName: new Map(live),
  }
}

/** The newest change that may have made terms what they are; later ones have not. Removals are told on their own. */
export async function findNewestOfTerms(db: Moment): Promise<number> {
  const resources = await db
    .selectFrom('resources')
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .where('kind', 'in', KINDS)
    .executeTakeFirst()
  const deployments = await db
    .selectFrom('deployments')
    .select(({ fn }) => fn.max('sequence').as('newest'))
    .executeTakeFirst()
  return Math.max(Number(resources?.newest ?? 0), Number(deployments?.newest ?? 0))
}

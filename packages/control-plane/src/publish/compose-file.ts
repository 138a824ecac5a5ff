/** Owns the step from what is live to what gateways run: the file that somebody would write who wanted exactly that. Pure. */
import type { GatewrightFileInput } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { DeployedRelease } from '../deployments/deployment.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'

type FileApi = NonNullable<GatewrightFileInput['apis']>[number]
type FileRelease = NonNullable<FileApi['releases']>[number]

/** Whose names are their own ones in a snapshot; those of other teams have the team before them. */
export const MAIN_TEAM = 'main'

export interface LiveRelease extends DeployedRelease {
  /** Of the revision. */
  readonly body: ApiBody
}

/** At least one release. */
export interface LiveApi {
  readonly team: string
  readonly id: string
  readonly releases: readonly LiveRelease[]
}

export interface LiveEnvironment {
  readonly id: string
  readonly body: EnvironmentBody
  readonly apis: readonly LiveApi[]
}

/** Names of documents in what is composed: their hashes. */
export function toDocumentName(hash: string): string {
  return `${hash}.openapi`
}

/** In an order that depends on nothing but ids, so that the same makes the same. */
export function composeFile(environments: readonly LiveEnvironment[]): GatewrightFileInput {
  const sorted = environments.toSorted((a, b) => compare(a.id, b.id))
  return {
    gatewright: 1,
    upstreams: sorted.flatMap(({ id, body }) =>
      (body.upstreams ?? []).map((upstream) => ({ ...upstream, id: `${id}.${upstream.id}` })),
    ),
    apis: sorted.flatMap((environment) =>
      environment.apis.map((api) => composeApi(environment, api)).toSorted((a, b) => compare(a.id, b.id)),
    ),
  }
}

/** `prod.orders`, and `prod.shop.orders` of the team `shop`. */
export function toSnapshotId(environment: string, { team, id }: Pick<LiveApi, 'team' | 'id'>): string {
  return team === MAIN_TEAM ? `${environment}.${id}` : `${environment}.${team}.${id}`
}

function composeApi({ id: environment, body }: LiveEnvironment, api: LiveApi): FileApi {
  const main = findMain(api.releases)
  const { routes: _, policies: __, upstream: ___, document: ____, ...shared } = main.body
  const place = {
    id: toSnapshotId(environment, api),
    environment,
    ...(body.variables && { variables: body.variables }),
    ...(shared.hosts === undefined && body.hosts !== undefined && { hosts: body.hosts }),
    basePath: (body.pathPrefix ?? '') + (shared.basePath ?? '/'),
  }
  const said = toSaid(environment, body)
  const [only, ...others] = api.releases
  if (only !== undefined && others.length === 0) return { ...shared, ...place, ...said(only.body) }
  return { ...shared, ...place, releases: api.releases.map((release) => composeRelease(release, said)) }
}

/** What the API says beside its releases is that of the one which most requests get. */
function findMain(releases: readonly LiveRelease[]): LiveRelease {
  const [first] = releases
  if (first === undefined) throw new TypeError('an API that is live has a release')
  return releases.reduce((main, release) => ((release.share ?? 0) > (main.share ?? 0) ? release : main), first)
}

type Said = Pick<FileApi, 'policies' | 'upstream' | 'openapi' | 'routes'>

/** What is each revision's own. */
function toSaid(environment: string, { policies: outer = [], upstreams = [] }: EnvironmentBody) {
  const toUpstream = (reference: string): string =>
    upstreams.some(({ id }) => id === reference) ? `${environment}.${reference}` : reference
  return ({ policies = [], upstream, document, routes }: ApiBody): Said => ({
    policies: [...outer, ...policies],
    ...(upstream !== undefined && { upstream: toUpstream(upstream) }),
    ...(document !== undefined && { openapi: toDocumentName(document) }),
    ...(routes !== undefined && {
      routes: routes.map((route) =>
        route.upstream === undefined ? route : { ...route, upstream: toUpstream(route.upstream) },
      ),
    }),
  })
}

function composeRelease({ revision, share, when, body }: LiveRelease, said: (body: ApiBody) => Said): FileRelease {
  return {
    revision: String(revision),
    ...(share !== undefined && { share }),
    ...(when !== undefined && { when }),
    ...said(body),
  }
}

/** By code units, as everybody sorts who has no language. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

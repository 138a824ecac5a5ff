/** Owns the step from what is live to what gateways run: the file that somebody would write who wanted exactly that. Pure. */
import type { GatewrightFileInput } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { composePlans } from './compose-plans.ts'
import type { LiveApi, LiveEnvironment, LiveRelease } from './live-api.ts'
import { type LiveTerms, type LiveUpstream, NO_TERMS, toTeamKey } from './live-terms.ts'
import { compareIds, toSnapshotId } from './snapshot-id.ts'

type FileApi = NonNullable<GatewrightFileInput['apis']>[number]
type FileUpstream = NonNullable<GatewrightFileInput['upstreams']>[number]
type FileRelease = NonNullable<FileApi['releases']>[number]

/** Names of documents in what is composed: their hashes. */
export function toDocumentName(hash: string): string {
  return `${hash}.openapi`
}

/** In an order that depends on nothing but ids, so that the same makes the same. */
export function composeFile(
  environments: readonly LiveEnvironment[],
  terms: LiveTerms = NO_TERMS,
): GatewrightFileInput {
  const sorted = environments.toSorted((a, b) => compareIds(a.id, b.id))
  const plans = composePlans(sorted, terms)
  const composed = sorted.map((environment) => composeEnvironment(environment, terms))
  return {
    gatewright: 1,
    upstreams: composed.flatMap(({ upstreams }) => upstreams),
    apis: composed.flatMap(({ apis }) => apis),
    ...(plans.length > 0 && { plans }),
  }
}

interface ComposedEnvironment {
  readonly upstreams: FileUpstream[]
  readonly apis: FileApi[]
}

function composeEnvironment(environment: LiveEnvironment, terms: LiveTerms): ComposedEnvironment {
  const { id, body } = environment
  const references = new UpstreamReferences(environment, terms)
  const apis = environment.apis.map((api) => composeApi(environment, api, references))
  const own = (body.upstreams ?? []).map((upstream) => ({ ...upstream, id: `${id}.${upstream.id}` }))
  return {
    upstreams: [...own, ...references.listShared()],
    apis: apis.toSorted((a, b) => compareIds(a.id, b.id)),
  }
}

/** What APIs call their upstreams: the environment's comes before the team's, so that the same API calls others in each. */
class UpstreamReferences {
  readonly #environment: string
  readonly #own: ReadonlySet<string>
  readonly #shared: ReadonlyMap<string, LiveUpstream>
  readonly #used = new Map<string, FileUpstream>()

  constructor({ id, body }: LiveEnvironment, { upstreams }: LiveTerms) {
    this.#environment = id
    this.#own = new Set((body.upstreams ?? []).map((upstream) => `${id}.${upstream.id}`))
    this.#shared = new Map(upstreams.map((upstream) => [toTeamKey(upstream.team, upstream.id), upstream]))
  }

  toId(reference: string, team: string): string {
    const own = `${this.#environment}.${reference}`
    if (this.#own.has(own)) return own
    const shared = this.#shared.get(toTeamKey(team, reference))
    if (shared === undefined) return reference
    const id = toSnapshotId(this.#environment, shared)
    if (!this.#own.has(id)) this.#used.set(id, { ...shared.body, id })
    return id
  }

  /** Those that something names. */
  listShared(): FileUpstream[] {
    return [...this.#used.values()].toSorted((a, b) => compareIds(a.id, b.id))
  }
}

function composeApi({ id: environment, body }: LiveEnvironment, api: LiveApi, references: UpstreamReferences): FileApi {
  const main = findMain(api.releases)
  const { routes: _, policies: __, upstream: ___, document: ____, ...shared } = main.body
  const place = {
    id: toSnapshotId(environment, api),
    environment,
    ...(body.variables && { variables: body.variables }),
    ...(shared.hosts === undefined && body.hosts !== undefined && { hosts: body.hosts }),
    basePath: (body.pathPrefix ?? '') + (shared.basePath ?? '/'),
  }
  const said = toSaid(body, (reference) => references.toId(reference, api.team))
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
function toSaid({ policies: outer = [] }: EnvironmentBody, toUpstream: (reference: string) => string) {
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

/** Owns the step from what is live to what gateways run: the file that somebody would write who wanted exactly that. Pure. */
import type { GatewrightFileInput } from '@gatewright/model'
import type { ApiBody } from '../apis/api-body.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import { PolicyLists, type WholeApiBody } from '../policy-lists/policy-lists.ts'
import { composeCertificates } from './compose-certificates.ts'
import { composePlans } from './compose-plans.ts'
import type { LiveApi, LiveEnvironment, LiveRelease } from './live-api.ts'
import { type LiveTerms, type LiveUpstream, NO_TERMS, toTeamKey } from './live-terms.ts'
import { scopeSecretsIn } from './scope-secrets.ts'
import { compareIds, toSharedId, toSnapshotId } from './snapshot-id.ts'

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
  const shared = toSharedUpstreams(terms)
  const lists = new PolicyLists(terms.policyLists)
  const composed = sorted.map((environment) => {
    const references = new UpstreamReferences(environment, shared)
    const apis = environment.apis.map((api) => composeApi(environment, api, { references, lists }))
    return {
      upstreams: [...composeUpstreams(environment), ...sortUpstreams(apis.flatMap(({ used }) => used))],
      apis: apis.map(({ api }) => api).toSorted((a, b) => compareIds(a.id, b.id)),
    }
  })
  const certificates = sorted.flatMap(({ id }) => composeCertificates(id, terms))
  return {
    gatewright: 1,
    ...(certificates.length > 0 && { certificates }),
    upstreams: composed.flatMap(({ upstreams }) => upstreams),
    apis: composed.flatMap(({ apis }) => apis),
    ...(plans.length > 0 && { plans }),
  }
}

/** What the environment itself brings. */
export function composeUpstreams({ id, body }: LiveEnvironment): FileUpstream[] {
  return (body.upstreams ?? []).map((upstream) => ({ ...scopeSecretsIn(upstream, id), id: `${id}.${upstream.id}` }))
}

/** What APIs of an environment call their upstreams: its own come before the team's, so that the same API calls others in each. */
export class UpstreamReferences {
  readonly #environment: string
  readonly #own: ReadonlySet<string>
  readonly #shared: ReadonlyMap<string, LiveUpstream>

  /** `shared`: by `toTeamKey`. */
  constructor({ id, body }: LiveEnvironment, shared: ReadonlyMap<string, LiveUpstream>) {
    this.#environment = id
    this.#own = new Set((body.upstreams ?? []).map((upstream) => `${id}.${upstream.id}`))
    this.#shared = shared
  }

  /** `used`: where a shared one is put that the reference means. */
  toId(reference: string, team: string, used: FileUpstream[]): string {
    const own = `${this.#environment}.${reference}`
    if (this.#own.has(own)) return own
    const shared = this.#shared.get(toTeamKey(team, reference))
    if (shared === undefined) return reference
    const id = toSnapshotId(this.#environment, shared)
    if (!this.#own.has(id)) used.push({ ...scopeSecretsIn(shared.body, this.#environment), id })
    return id
  }
}

export function toSharedUpstreams({ upstreams }: LiveTerms): ReadonlyMap<string, LiveUpstream> {
  return new Map(upstreams.map((upstream) => [toTeamKey(upstream.team, upstream.id), upstream]))
}

/** Each once, by id. */
export function sortUpstreams(used: readonly FileUpstream[]): FileUpstream[] {
  return [...new Map(used.map((upstream) => [upstream.id, upstream])).values()].toSorted((a, b) =>
    compareIds(a.id, b.id),
  )
}

export interface ComposedApi {
  readonly api: FileApi
  /** The shared upstreams that it names, as often as it does. */
  readonly used: readonly FileUpstream[]
  /** The policy lists that stand in it, as `PolicyLists` calls them. */
  readonly named: ReadonlySet<string>
}

export interface Shared {
  readonly references: UpstreamReferences
  readonly lists: PolicyLists
}

export function composeApi(
  { id: environment, body }: LiveEnvironment,
  api: LiveApi,
  { references, lists }: Shared,
): ComposedApi {
  const used: FileUpstream[] = []
  const named = new Set<string>()
  const main = findMain(api.releases)
  const { routes: _, policies: __, upstream: ___, document: ____, ...shared } = main.body
  const place = {
    id: toSnapshotId(environment, api),
    environment,
    ...(api.lifecycle && { lifecycle: api.lifecycle }),
    ...(body.variables && { variables: body.variables }),
    ...(shared.hosts === undefined && body.hosts !== undefined && { hosts: body.hosts }),
    basePath: (body.pathPrefix ?? '') + (shared.basePath ?? '/'),
  }
  const said = toSaid(lists.expandEnvironment(body, named).policies, {
    toWhole: (written) => lists.expandApi(written, api.team, named),
    toUpstream: (reference) => references.toId(reference, api.team, used),
  })
  const [only, ...others] = api.releases
  if (only !== undefined && only.preview === undefined && others.length === 0)
    return { api: scopeSecretsIn({ ...shared, ...place, ...said(only.body) }, environment), used, named }
  const releases = api.releases.map((release) => composeRelease(release, said))
  return { api: scopeSecretsIn({ ...shared, ...place, releases }, environment), used, named }
}

/** What the API says beside its releases is that of the one which most requests get. */
function findMain(releases: readonly LiveRelease[]): LiveRelease {
  const [first] = releases
  if (first === undefined) throw new TypeError('an API that is live has a release')
  return releases.reduce((main, release) => ((release.share ?? 0) > (main.share ?? 0) ? release : main), first)
}

type Said = Pick<FileApi, 'policies' | 'upstream' | 'openapi' | 'routes'>

interface SaidOptions {
  toWhole(body: ApiBody): WholeApiBody
  toUpstream(reference: string): string
}

/** What is each revision's own. */
function toSaid(outer: EnvironmentBody['policies'] = [], { toWhole, toUpstream }: SaidOptions) {
  return (body: ApiBody): Said => {
    const { policies = [], upstream, document, routes } = toWhole(body)
    return {
      policies: [...(outer as NonNullable<Said['policies']>), ...policies],
      ...(upstream !== undefined && { upstream: toUpstream(upstream) }),
      ...(document !== undefined && { openapi: toDocumentName(document) }),
      ...(routes !== undefined && {
        routes: routes.map((route) =>
          route.upstream === undefined ? route : { ...route, upstream: toUpstream(route.upstream) },
        ),
      }),
    }
  }
}

function composeRelease(
  { revision, share, when, apps, preview, body }: LiveRelease,
  said: (body: ApiBody) => Said,
): FileRelease {
  return {
    revision: String(revision),
    ...(share !== undefined && { share }),
    ...(when !== undefined && { when }),
    ...(apps !== undefined && { apps: apps.map(toAppId) }),
    ...(preview !== undefined && { preview }),
    ...said(body),
  }
}

/** `shop/web` → `shop.web`, as apps are called in what gateways get. */
function toAppId(name: string): string {
  const [team = '', id = ''] = name.split('/')
  return toSharedId({ team, id })
}

/** Owns the question why a request meets this route and not another: the real router, asked about each route alone. */
import { compilePattern } from '@gatewright/expressions'
import type { Api, GatewayModel, Match, Predicates, Route } from '@gatewright/model'
import { GatewayRequest, HeaderList } from '@gatewright/policies'
import { parseAuthority } from '../http1/host.ts'
import type { CompiledApi } from '../route/api-index.ts'
import type { RouteEntry } from '../route/api-routes.ts'
import { toNormalPath } from '../route/normal-path.ts'
import { compileApiRoutes, createRouter, type MatchResult, type RoutedRequest, runToEnd } from '../route/router.ts'
import type { Fields } from './parse-answer.ts'

/**
 * What a route lacks, from the first thing that is looked at to the last. `other-api`: it fits, and an API of a more specific host
 * or base path comes first. `less-specific`: it fits, and another route of its API fits better.
 */
export const VERDICTS = [
  'host',
  'base-path',
  'api-conditions',
  'path',
  'method',
  'conditions',
  'other-api',
  'less-specific',
  'matches',
] as const

export type Verdict = (typeof VERDICTS)[number]

export interface RouteVerdict {
  readonly api: Api
  readonly route: Route
  readonly verdict: Verdict
  /** Those that the request does not meet, where that is the verdict. */
  readonly unmet: Unmet | undefined
}

export type Unmet = Required<Predicates>

export interface AskedRequest {
  readonly method: string
  /** As the `Host` field says it. */
  readonly authority: string
  /** Raw, without the query. */
  readonly path: string
  /** `?…` or ''. */
  readonly search: string
  readonly headers: Fields
  /** The revisions of the releases that are chosen, by API; the first where an API is not named. */
  readonly releases?: ReadonlyMap<string, string>
}

export interface Judgement {
  /** The normal form that is matched. */
  readonly path: string
  /** Of the route that matches. */
  readonly parameters: Readonly<Record<string, string>>
  /** Every enabled route of the releases that are chosen, in the order of the model. */
  readonly verdicts: readonly RouteVerdict[]
}

type Compiled = CompiledApi<Api, Route>

/** undefined: the path is refused before any route is asked. */
export function judgeRoutes(model: GatewayModel, asked: AskedRequest): Judgement | undefined {
  const request = toRouted(asked)
  if (request === undefined) return undefined
  const apis = model.apis.filter(({ enabled }) => enabled !== false)
  const listRoutes = (api: Api): Route[] => listChosenRoutes(api, asked.releases?.get(api.id))
  const winner = createRouter(apis.map((api) => compile(api, listRoutes(api)))).match(request)
  const verdicts = apis.flatMap((api) => {
    const verdict = judgeApi(api, request)
    const unmet =
      verdict === 'api-conditions' ? findUnmet(api.match, (match) => fitsApi({ ...api, match }, request)) : undefined
    return listRoutes(api).map((route) => {
      if (verdict !== undefined) return { api, route, verdict, unmet }
      const own = judgeRoute({ api, route }, request, winner)
      const fits = (match: Predicates) => matchAlone(api, { ...route, match }, request) === 'route'
      return { api, route, verdict: own, unmet: own === 'conditions' ? findUnmet(route.match, fits) : undefined }
    })
  })
  return { path: request.path, parameters: winner.kind === 'route' ? winner.parameters : {}, verdicts }
}

function toRouted({ method, authority, path, search, headers }: AskedRequest): RoutedRequest | undefined {
  const normal = toNormalPath(path)
  if (typeof normal === 'object' && normal.kind === 'refused') return undefined
  const request = new GatewayRequest({
    method,
    rawTarget: path + search,
    path: typeof normal === 'string' ? normal : normal.path,
    search,
    host: parseAuthority(authority)?.host ?? '',
    headers: HeaderList.of(headers),
  })
  return {
    method,
    host: request.host,
    path: request.path,
    readings: typeof normal === 'string' ? undefined : normal.readings,
    headerValues: (name) => request.headerValues(name),
    queryValues: (name) => request.queryValues(name),
    cookieValues: (name) => request.cookieValues(name),
  }
}

/** What keeps the API from being chosen, whatever its routes; undefined: nothing. */
function judgeApi(api: Api, request: RoutedRequest): Verdict | undefined {
  const fits = (changed: Api): boolean => fitsApi(changed, request)
  if (fits(api)) return undefined
  const { match: _, ...unconditional } = api
  if (fits(unconditional)) return 'api-conditions'
  const { hosts: __, ...anywhere } = unconditional
  return fits(anywhere) ? 'host' : 'base-path'
}

function fitsApi(api: Api, request: RoutedRequest): boolean {
  return createRouter([compile(api, [])]).match(request).kind !== 'no-api'
}

function matchAlone(api: Api, route: Route, request: RoutedRequest): MatchResult<Api, Route>['kind'] {
  return createRouter([compile(api, [route])]).match(request).kind
}

/** `fits` is asked about each of them alone. */
function findUnmet(predicates: Predicates = {}, fits: (match: Predicates) => boolean): Unmet {
  const find = (source: keyof Predicates): Match[] =>
    (predicates[source] ?? []).filter((match) => !fits({ [source]: [match] }))
  return { headers: find('headers'), query: find('query'), cookies: find('cookies') }
}

function judgeRoute(
  { api, route }: { api: Api; route: Route },
  request: RoutedRequest,
  winner: MatchResult<Api, Route>,
): Verdict {
  const match = (changed: Route) => matchAlone(api, changed, request)
  const kind = match(route)
  if (kind === 'route' || kind === 'ambiguous-path') {
    if ('api' in winner && winner.api !== undefined && winner.api !== api) return 'other-api'
    return winner.kind === 'route' && winner.route === route ? 'matches' : 'less-specific'
  }
  const { match: conditions, ...unconditional } = route
  if (conditions !== undefined && match(unconditional) === 'route') return 'conditions'
  return kind === 'method-not-allowed' ? 'method' : 'path'
}

function listChosenRoutes({ releases }: Api, chosen: string | undefined): Route[] {
  const release = releases.find(({ revision }) => revision === chosen) ?? releases[0]
  return (release?.routes ?? []).filter(({ enabled }) => enabled !== false)
}

function toEntry(route: Route): RouteEntry<Route> {
  const { path, methods, match } = route
  return { path, value: route, ...(methods && { methods }), ...(match && { match }) }
}

function compile(api: Api, routes: readonly Route[]): Compiled {
  const { basePath, strictSlash, caseSensitive, hosts, match } = api
  return runToEnd(
    compileApiRoutes<Api, Route>(
      {
        basePath,
        strictSlash,
        caseSensitive,
        value: api,
        releases: [{ revision: '', routes: routes.map(toEntry) }],
        ...(hosts && { hosts }),
        ...(match && { match }),
      },
      compilePattern,
    ),
  )
}

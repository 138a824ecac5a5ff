/**
 * Owns the way from a request to its route, in two steps, and the refusal of paths that could mean two routes.
 *
 *     request ─▶ ApiIndex     host, base path, API predicates         api-index.ts    built anew for each snapshot
 *                   └▶ ApiRoutes     path, method, predicates         api-routes.ts   kept while the API does not change
 *
 * Once an API matched, there is no way back to another: its own error shapes answer, also for "no such route". All is
 * immutable once built: a new snapshot gets a new router, of the `CompiledApi`s that did not change and of new ones.
 */

import type { Predicates } from '@gatewright/model'
import { ApiIndex, type ApiReplacement, type CompiledApi, type ReleaseRoutes } from './api-index.ts'
import { type ApiRoutesOptions, type FoundLeaf, getSegments, type RouteEntry, type Wanted } from './api-routes.ts'
import { compileRoutes } from './compile-routes.ts'
import { compileConditions, type MatchedValues, type Preflight } from './conditions.ts'
import type { Readings } from './path-readings.ts'

/** An API as the router needs it; `value` is handed back. */
export interface ApiEntry<A, R> {
  /** `api.example.com` or `*.example.com`; absent: every host. */
  readonly hosts?: readonly string[]
  /** `''` for the root, else `/segment…`. */
  readonly basePath: string
  readonly match?: Predicates
  readonly strictSlash: boolean
  readonly caseSensitive: boolean
  /** At least one. */
  readonly releases: readonly { readonly revision: string; readonly routes: readonly RouteEntry<R>[] }[]
  readonly value: A
}

/** Which of the releases of an API gets the request that is being matched: its place among them. Asked where there are several. */
export type ChooseRelease<A> = (api: A) => number

/** What is matched of a request. */
export interface RoutedRequest extends MatchedValues {
  readonly method: string
  /** Lower case, without port and trailing dot; '' where HTTP/1.0 gave none. */
  readonly host: string
  /** The normal form. */
  readonly path: string
  /** What else the path could mean, as `toNormalPath` says; undefined for nearly all. */
  readonly readings?: Readings | undefined
}

export type Parameters = Readonly<Record<string, string>>

export type MatchResult<A, R> =
  | RouteMatch<A, R>
  | { readonly kind: 'no-api' }
  | { readonly kind: 'no-route'; readonly api: A }
  /** `allow`: sorted, HEAD beside GET. */
  | { readonly kind: 'method-not-allowed'; readonly api: A; readonly allow: readonly string[] }
  | AmbiguousPath<A, R>

/** The path reaches one thing by its normal form and another as `reading`. */
export interface AmbiguousPath<A, R> {
  readonly kind: 'ambiguous-path'
  /** Whose error shapes answer: the API that the normal form reaches. */
  readonly api: A | undefined
  readonly reading: string
  /** What the reading reaches; undefined where it climbs out of every route. */
  readonly other: R | undefined
}

export interface Router<A, R> {
  match(request: RoutedRequest, choose?: ChooseRelease<A>): MatchResult<A, R>
  /**
   * The route of the request that a CORS preflight asks for (Fetch §4.8). Fields that it announces count as fulfilling;
   * where no route is found so, any header and cookie predicate does, because a preflight cannot show their values.
   */
  matchPreflight(request: RoutedRequest, askedMethod: string, choose?: ChooseRelease<A>): MatchResult<A, R>
  /** One that has others of the same hosts, base path and predicates in the places of some; this one stays as it is. */
  withReplaced(replacements: readonly ApiReplacement<A, R>[]): Router<A, R>
}

const NO_PARAMETERS: Parameters = Object.freeze(Object.create(null))
const NO_API = { kind: 'no-api' } as const
const SLASH = 0x2f

/**
 * Without a prototype's names: `{__proto__}` and `{constructor}` are names like any other. Measured: `Object.create(null)`
 * makes a hash table each time, 0.5 µs; this keeps one shape for each template's names.
 */
const Bare = function Bare() {} as unknown as new () => Record<string, string>
Bare.prototype = NO_PARAMETERS

/** A route was found. */
export class RouteMatch<A, R> {
  readonly kind = 'route'
  readonly api: A
  readonly route: R
  readonly #path: string
  readonly #found: FoundLeaf<R>
  #parameters: Parameters | undefined = undefined

  constructor(api: A, path: string, found: FoundLeaf<R>) {
    this.api = api
    this.route = found.route.value
    this.#path = path
    this.#found = found
  }

  /** Characters of the matched path that are the base path: its normal form's length, which may not be the model's. */
  get basePathLength(): number {
    return this.#found.at
  }

  /** Values by name, as they stand in the path: still encoded. Cut when first asked for. */
  get parameters(): Parameters {
    if (this.#found.route.kind.names.length === 0) return NO_PARAMETERS
    this.#parameters ??= this.#cut()
    return this.#parameters
  }

  #cut(): Parameters {
    const { route, offsets } = this.#found
    const parameters: Record<string, string> = new Bare()
    let taken = 0
    for (const name of route.kind.names) parameters[name] = this.#path.slice(offsets[taken++], offsets[taken++])
    return parameters
  }
}

const APIS_PER_SLICE = 128

/**
 * Compiles one API; yields after every slice of work, returns the API at the end. Of the `former` one it keeps the routes
 * whose entries are the same objects. Throws where a template or pattern cannot be compiled, which validation reports before.
 */
export function* compileApiRoutes<A, R>(
  api: ApiEntry<A, R>,
  compilePattern: ApiRoutesOptions['compilePattern'],
  former?: CompiledApi<A, R>,
): Generator<void, CompiledApi<A, R>> {
  const { hosts, match, strictSlash, caseSensitive, value } = api
  const releases: ReleaseRoutes<R>[] = []
  for (const { revision, routes: entries } of api.releases) {
    const kept = former?.releases.find((release) => release.revision === revision)
    const routes = yield* compileRoutes(entries, { strictSlash, caseSensitive, compilePattern }, kept)
    releases.push({ revision, routes, entries })
  }
  const basePath = getSegments(api.basePath).map((segment) => {
    if (segment.kind === 'literal') return caseSensitive ? segment.text : segment.text.toLowerCase()
    throw new Error(`The base path "${api.basePath}" has parameters. Put them into the routes' paths.`)
  })
  const conditions = compileConditions(match, compilePattern)
  return { hosts, basePath, conditions, caseSensitive, releases, value }
}

/** Builds the index over compiled APIs; yields after every slice of work, like `compileApiRoutes`. */
export function* compileRouter<A, R>(apis: Iterable<CompiledApi<A, R>>): Generator<void, Router<A, R>> {
  const index = new ApiIndex<A, R>()
  let added = 0
  for (const api of apis) {
    index.add(api)
    if (++added % APIS_PER_SLICE === 0) yield
  }
  return new IndexedRouter(index)
}

/** The same in one go. */
export function createRouter<A, R>(apis: Iterable<CompiledApi<A, R>>): Router<A, R> {
  return runToEnd(compileRouter(apis))
}

/** Runs a sliced compilation without pausing. */
export function runToEnd<Result>(slices: Generator<void, Result>): Result {
  for (;;) {
    const step = slices.next()
    if (step.done === true) return step.value
  }
}

interface Asked<A> {
  readonly request: RoutedRequest
  readonly preflight: Preflight | undefined
  readonly choose: ChooseRelease<A>
}

const chooseFirst = (): number => 0

class IndexedRouter<A, R> implements Router<A, R> {
  readonly #index: ApiIndex<A, R>

  constructor(index: ApiIndex<A, R>) {
    this.#index = index
  }

  withReplaced(replacements: readonly ApiReplacement<A, R>[]): Router<A, R> {
    return new IndexedRouter(this.#index.withReplaced(replacements))
  }

  match(request: RoutedRequest, choose: ChooseRelease<A> = chooseFirst): MatchResult<A, R> {
    const asked = { request, preflight: undefined, choose }
    const result = this.#matchPath(asked, request.path)
    return request.readings === undefined ? result : this.#compareReadings(asked, result)
  }

  matchPreflight(
    request: RoutedRequest,
    askedMethod: string,
    choose: ChooseRelease<A> = chooseFirst,
  ): MatchResult<A, R> {
    const announced = request.headerValues('access-control-request-headers').join(',').toLowerCase()
    const fields = new Set(announced.split(',').map((name) => name.trim()))
    const result = this.#matchAsked({ request, preflight: { method: askedMethod, fields }, choose })
    return result.kind === 'route' || result.kind === 'ambiguous-path'
      ? result
      : this.#matchAsked({ request, preflight: { method: askedMethod, fields: 'all' }, choose })
  }

  #matchAsked(asked: Asked<A>): MatchResult<A, R> {
    const { request } = asked
    const result = this.#matchPath(asked, request.path)
    return request.readings === undefined ? result : this.#compareReadings(asked, result)
  }

  /** Refuses a path where a laxer server behind the gateway would serve what another route, or none, stands for. */
  #compareReadings(asked: Asked<A>, result: MatchResult<A, R>): MatchResult<A, R> {
    const { paths, climbs } = asked.request.readings ?? { paths: [], climbs: false }
    for (const reading of paths) {
      const other = this.#matchPath(asked, reading)
      const api = 'api' in result ? result.api : undefined
      if (other.kind === 'route') {
        if (result.kind === 'route' && result.route === other.route && result.api === other.api) continue
        return { kind: 'ambiguous-path', api, reading, other: other.route }
      }
      // A hidden `..` that leads where no route is would reach what was never meant to be open.
      if (climbs && result.kind === 'route') return { kind: 'ambiguous-path', api, reading, other: undefined }
    }
    return result
  }

  #matchPath({ request, preflight, choose }: Asked<A>, path: string): MatchResult<A, R> {
    // `*` of OPTIONS has no route.
    if (path.charCodeAt(0) !== SLASH) return NO_API
    const found = this.#index.find(request, path, preflight)
    if (found === undefined) return NO_API
    const { api, at } = found
    const compared = api.caseSensitive ? path : path.toLowerCase()
    const method = preflight === undefined ? request.method : preflight.method
    const wanted: Wanted = { values: request, method, preflight, path, compared, at }
    const { releases, value } = api
    const routes = (releases.length === 1 ? releases[0] : releases[choose(value)])?.routes
    if (routes === undefined) return { kind: 'no-route', api: value }
    const search = routes.find(wanted)
    if (search.kind === 'found') return new RouteMatch(api.value, path, search)
    if (search.kind === 'no-path') return { kind: 'no-route', api: api.value }
    return { kind: 'method-not-allowed', api: api.value, allow: routes.findMethods(wanted) }
  }
}

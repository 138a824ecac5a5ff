/** Owns the step from the router's answer to what runs: a route's pipeline, or a problem within the API that matched. */
import { type GatewayRequest, GatewayResponse, HeaderList, type Next, Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ReleaseMatch, Undecided } from '../exchange/undecided.ts'
import { NO_RELEASE, PREVIEW_FIELD } from '../snapshot/choose-release.ts'
import type { ApiRuntime, RouteRuntime, SnapshotRuntime } from '../snapshot/runtime.ts'
import type { OpenPath } from './normal-path.ts'
import type { ChooseRelease, MatchResult, RoutedRequest } from './router.ts'

export interface Found {
  readonly run: Next
  readonly api: ApiRuntime | undefined
  readonly route: RouteRuntime | undefined
  /** The request is refused as ambiguous, so its connection is not used again. */
  readonly closes: boolean
  /** The app that calls has a say in where it goes on. */
  readonly undecided?: Omit<Undecided, 'settle'> | undefined
}

/** What a server as a whole is said to allow: no list is true for every route. */
export const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

export function matchRequest(snapshot: SnapshotRuntime, exchange: GatewayExchange, open: OpenPath | undefined): Found {
  try {
    return findMatch(snapshot, exchange, open)
  } catch (cause) {
    // A pattern that would cost more than its bound is no "no match": the request is refused.
    return toRefused(snapshot, undefined, new Problem('expression-failed', { cause, reason: 'match' }))
  }
}

function findMatch(snapshot: SnapshotRuntime, exchange: GatewayExchange, open: OpenPath | undefined): Found {
  const { request } = exchange
  if (request.path === '*') return { run: answerAsterisk, api: undefined, route: undefined, closes: false }
  const routed = open === undefined ? request : toOpenRequest(request, open)
  const choose = snapshot.hasReleases ? toChoose(exchange) : undefined
  const preflight = findPreflight(snapshot, { request, routed, choose })
  const result = preflight ?? snapshot.router.match(routed, choose)
  if (preflight === undefined && 'api' in result && result.kind !== 'ambiguous-path') {
    const retired = result.api.lifecycle?.retired
    if (retired !== undefined) return toRefused(snapshot, result.api, retired)
  }
  const others = choose && preflight === undefined ? matchOthers(snapshot, result, { routed, choose }) : undefined
  const isDenied = result.kind === 'no-route' && choose?.(result.api) === NO_RELEASE
  if (choose !== undefined && snapshot.hasPreviews) leavePreview(exchange, result, choose)
  if (result.kind === 'route') {
    const { api, route } = result
    request.matched = result
    toUpstreamPath(exchange, api, result.basePathLength)
    const undecided = others && { own: result, others }
    return { run: (preflight && route.runPreflight) ?? route.run, api, route, closes: false, undecided }
  }
  const problem = isDenied ? new Problem('preview-denied', PREVIEW_DENIED) : toProblem(result)
  if (result.kind === 'no-api') return toRefused(snapshot, undefined, problem)
  const refused = toRefused(snapshot, result.api, problem)
  if (result.kind === 'ambiguous-path') return { ...refused, closes: true }
  const beginning = others && findBeginning(others)
  if (others === undefined || beginning === undefined) return refused
  toUpstreamPath(exchange, result.api, beginning.basePathLength)
  return { ...refused, run: beginning.route.run, undecided: { own: problem, others } }
}

/** Asked once of each API, which the other readings of a path may lead to again. */
function toChoose(exchange: GatewayExchange): ChooseRelease<ApiRuntime> {
  let known: ApiRuntime | undefined
  let at = 0
  return (api) => {
    if (api === known) return at
    at = api.chooseRelease?.(exchange) ?? 0
    known = api
    return at
  }
}

/** Is one of the releases that are live chosen, from which a request may go on in that of its app? */
function isLive(api: ApiRuntime, choose: ChooseRelease<ApiRuntime>): boolean {
  const release = api.model.releases[choose(api)]
  return release !== undefined && release.preview === undefined
}

const PREVIEW_DENIED = {
  detail: `The token in ${PREVIEW_FIELD} opens no preview of this API, or does so no longer. Leave it out to get what is live.`,
}

/** The token has done what it is for, and is nobody else's; what a preview answers is no answer to others. */
function leavePreview(
  exchange: GatewayExchange,
  result: MatchResult<ApiRuntime, RouteRuntime>,
  choose: ChooseRelease<ApiRuntime>,
): void {
  if (!exchange.request.headers.has(PREVIEW_FIELD)) return
  const api = 'api' in result ? result.api : undefined
  // RFC 9111 §5.2.2.5: its URL is that of what is live.
  if (api !== undefined && !isLive(api, choose)) exchange.answerWith('Cache-Control', 'no-store')
  exchange.request.headers.delete(PREVIEW_FIELD)
}

interface Chosen {
  readonly routed: RoutedRequest
  readonly choose: ChooseRelease<ApiRuntime>
}

/** Of an API whose releases have chosen apps: where each of those would lead. What fails there is a matter of those who get there. */
function matchOthers(
  { router }: SnapshotRuntime,
  result: MatchResult<ApiRuntime, RouteRuntime>,
  { routed, choose }: Chosen,
): Undecided['others'] | undefined {
  const api = 'api' in result ? result.api : undefined
  if (api?.appReleases === undefined || result.kind === 'ambiguous-path' || !isLive(api, choose)) return undefined
  const others = new Map<string, ReleaseMatch>()
  for (const { revision, at } of api.appReleases.releases) {
    try {
      const match = router.match(routed, (other) => (other === api ? at : choose(other)))
      others.set(revision, match.kind === 'route' ? match : toProblem(match))
    } catch (cause) {
      others.set(revision, new Problem('expression-failed', { cause, reason: 'match' }))
    }
  }
  return others
}

/** No route where it would stay, but one for some apps: in it begins what finds out which app calls. */
function findBeginning(others: Undecided['others']): Exclude<ReleaseMatch, Problem> | undefined {
  for (const match of others.values()) {
    if (!(match instanceof Problem) && match.route.runKnown !== undefined) return match
  }
  return undefined
}

function toProblem(result: Exclude<MatchResult<ApiRuntime, RouteRuntime>, { kind: 'route' }>): Problem {
  if (result.kind === 'method-not-allowed') {
    const allow = result.allow.join(', ')
    // RFC 9110 §15.5.6: a 405 names what is allowed.
    return new Problem('method-not-allowed', { headers: [['Allow', allow]], detail: `Allowed here: ${allow}.` })
  }
  if (result.kind !== 'ambiguous-path') return new Problem('route-not-found')
  const detail = `Others could read this path as "${result.reading}", which means something else here.`
  return new Problem('ambiguous-path', { detail, reason: 'path-reading' })
}

/** RFC 9110 §9.3.7: `OPTIONS *` asks the server as a whole, and is used as a ping. */
const answerAsterisk: Next = () =>
  new GatewayResponse({ status: 204, headers: HeaderList.of([['Allow', ALLOWED_METHODS]]) })

interface Asking {
  readonly request: GatewayRequest
  readonly routed: RoutedRequest
  readonly choose: ChooseRelease<ApiRuntime> | undefined
}

/** Fetch §4.8: a preflight is matched by the method it asks for, where the route that has it has `cors`. */
function findPreflight(
  { router }: SnapshotRuntime,
  { request, routed, choose }: Asking,
): MatchResult<ApiRuntime, RouteRuntime> | undefined {
  if (request.method !== 'OPTIONS' || !request.headers.has('origin')) return undefined
  const asked = request.headers.get('access-control-request-method')
  if (asked === undefined) return undefined
  const result = router.matchPreflight(routed, asked, choose)
  if (result.kind === 'route') return result.route.runPreflight !== undefined ? result : undefined
  const api = 'api' in result ? result.api : undefined
  if (api?.appReleases === undefined || choose === undefined || result.kind === 'ambiguous-path') return undefined
  if (!isLive(api, choose)) return undefined
  // Which app calls is not said before the request itself.
  for (const { at } of api.appReleases.releases) {
    const other = router.matchPreflight(routed, asked, (each) => (each === api ? at : choose(each)))
    if (other.kind === 'route' && other.route.runPreflight !== undefined) return other
  }
  return undefined
}

function toOpenRequest(request: GatewayRequest, { readings }: OpenPath): RoutedRequest {
  const { method, host, path } = request
  return {
    method,
    host,
    path,
    readings,
    headerValues: (name) => request.headerValues(name),
    queryValues: (name) => request.queryValues(name),
    cookieValues: (name) => request.cookieValues(name),
  }
}

/** Dot segments, plain or escaped: what stands before them is not what they leave. */
const DOT_SEGMENT = /(^|\/)(\.|%2e){1,2}(\/|$)/i

/** The path that goes on: below the base path, in the normal form or as it came. */
function toUpstreamPath(exchange: GatewayExchange, { model }: ApiRuntime, basePathLength: number): void {
  const { request } = exchange
  const cut = model.stripBasePath ? basePathLength : 0
  const base = request.path.slice(0, cut)
  if (model.paths === 'received') {
    const query = request.rawTarget.indexOf('?')
    const raw = query < 0 ? request.rawTarget : request.rawTarget.slice(0, query)
    // Only what is spelled like the base path, and stays below it, can be cut off what was received: else the normal form goes on.
    const isBelow = raw.startsWith(base) && (raw.length === cut || raw.charAt(cut) === '/')
    if (isBelow && raw.startsWith('/') && !DOT_SEGMENT.test(raw)) request.path = raw
  }
  if (cut === 0) return
  exchange.strippedBasePath = base
  request.path = request.path.length === cut ? '/' : request.path.slice(cut)
}

function toRefused(snapshot: SnapshotRuntime, api: ApiRuntime | undefined, problem: Problem): Found {
  return { run: (api ?? snapshot).runUnmatched(problem), api, route: undefined, closes: false }
}

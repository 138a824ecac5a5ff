/** Owns the step from the router's answer to what runs: a route's pipeline, or a problem within the API that matched. */
import { type GatewayRequest, GatewayResponse, HeaderList, type Next, Problem } from '@gatewright/policies'
import type { GatewayExchange } from '../exchange/gateway-exchange.ts'
import type { ApiRuntime, RouteRuntime, SnapshotRuntime } from '../snapshot/runtime.ts'
import type { OpenPath } from './normal-path.ts'
import type { ChooseRelease, MatchResult, RoutedRequest } from './router.ts'

export interface Found {
  readonly run: Next
  readonly api: ApiRuntime | undefined
  readonly route: RouteRuntime | undefined
  /** The request is refused as ambiguous, so its connection is not used again. */
  readonly closes: boolean
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
  const choose = snapshot.hasReleases ? (api: ApiRuntime) => api.chooseRelease?.(exchange) ?? 0 : undefined
  const preflight = findPreflight(snapshot, { request, routed, choose })
  const result = preflight ?? snapshot.router.match(routed, choose)
  switch (result.kind) {
    case 'route': {
      const { api, route } = result
      request.matched = result
      toUpstreamPath(exchange, api, result.basePathLength)
      return { run: (preflight && route.runPreflight) ?? route.run, api, route, closes: false }
    }
    case 'method-not-allowed':
      return toMethodRefused(snapshot, result.api, result.allow.join(', '))
    case 'no-route':
      return toRefused(snapshot, result.api, new Problem('route-not-found'))
    case 'no-api':
      return toRefused(snapshot, undefined, new Problem('route-not-found'))
    case 'ambiguous-path': {
      const detail = `Others could read this path as "${result.reading}", which means something else here.`
      return {
        ...toRefused(snapshot, result.api, new Problem('ambiguous-path', { detail, reason: 'path-reading' })),
        closes: true,
      }
    }
  }
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
  return result.kind === 'route' && result.route.runPreflight !== undefined ? result : undefined
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

function toMethodRefused(snapshot: SnapshotRuntime, api: ApiRuntime | undefined, allow: string): Found {
  // RFC 9110 §15.5.6: a 405 names what is allowed.
  const problem = new Problem('method-not-allowed', { headers: [['Allow', allow]], detail: `Allowed here: ${allow}.` })
  return toRefused(snapshot, api, problem)
}

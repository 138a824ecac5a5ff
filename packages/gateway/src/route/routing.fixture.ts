/** Owns what the router's tests share: requests and routers in one line. */

import type { Predicates } from '@gatewright/model'
import type { CompiledApi } from './api-index.ts'
import type { RouteEntry } from './api-routes.ts'
import { toNormalPath } from './normal-path.ts'
import {
  type ApiEntry,
  compileApiRoutes,
  createRouter,
  type MatchResult,
  type RoutedRequest,
  type Router,
  runToEnd,
} from './router.ts'

export type TestApi = Partial<Omit<ApiEntry<string, string>, 'releases'>> & { readonly routes?: readonly TestRoute[] }
/** A path, with the methods before it: `GET,POST /a`. */
export type TestRoute = string | { readonly route: string; readonly match: Predicates; readonly value?: string }

/** The APIs' values default to their base path, the routes' values are what was written. */
export function routerOf(...apis: readonly TestApi[]): Router<string, string> {
  return createRouter(apis.map(compileApi))
}

export function compileApi(api: TestApi): CompiledApi<string, string> {
  const entry: ApiEntry<string, string> = {
    basePath: '',
    strictSlash: true,
    caseSensitive: true,
    value: api.basePath ?? '',
    ...api,
    releases: [{ revision: 'file', routes: (api.routes ?? ['/{rest+}']).map(toRoute) }],
  }
  return runToEnd(compileApiRoutes(entry, (source) => new RegExp(source)))
}

function toRoute(given: TestRoute): RouteEntry<string> {
  const text = typeof given === 'string' ? given : given.route
  const match = typeof given === 'string' ? {} : { match: given.match }
  const value = (typeof given === 'string' ? undefined : given.value) ?? text
  const space = text.indexOf(' ')
  const methods = space < 0 ? {} : { methods: text.slice(0, space).split(',') }
  return { ...methods, ...match, path: text.slice(space + 1), value }
}

export interface TestFields {
  readonly host?: string
  readonly headers?: Readonly<Record<string, readonly string[]>>
  readonly cookies?: Readonly<Record<string, readonly string[]>>
}

/** `GET /a?b=c`: the path raw, as a client sends it. */
export function requestOf(
  line: string,
  { host = 'api.example.com', headers = {}, cookies = {} }: TestFields = {},
): RoutedRequest {
  const [method = '', target = ''] = line.split(' ')
  const [raw = '', search] = target.split('?')
  const normal = raw === '*' ? raw : toNormalPath(raw)
  if (typeof normal !== 'string' && normal.kind === 'refused') throw new Error(normal.detail)
  const query = new URLSearchParams(search)
  return {
    method,
    host,
    path: typeof normal === 'string' ? normal : normal.path,
    readings: typeof normal === 'string' ? undefined : normal.readings,
    headerValues: (name) => headers[name] ?? [],
    queryValues: (name) => query.getAll(name),
    cookieValues: (name) => cookies[name] ?? [],
  }
}

/** The result in one line: `api → route name=value`. */
export function sayResult(result: MatchResult<string, string>): string {
  switch (result.kind) {
    case 'route': {
      const parameters = Object.entries(result.parameters).map(([name, value]) => ` ${name}=${value}`)
      return `${result.api} → ${result.route}${parameters.join('')}`
    }
    case 'method-not-allowed':
      return `${result.api} allows ${result.allow.join(', ')}`
    case 'no-route':
      return `${result.api} has no route`
    case 'no-api':
      return 'no API'
    case 'ambiguous-path':
      return `ambiguous: ${result.reading} → ${result.other ?? 'no route'}`
  }
}

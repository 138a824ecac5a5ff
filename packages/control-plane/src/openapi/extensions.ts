/** Owns what an OpenAPI document says to Gatewright beside what it says to everybody. */
import type { ApiBody } from '../apis/api-body.ts'
import { cutMember } from './document-text.ts'

/** At the root: the whole body of the API. What stands there counts alone, and nothing is guessed. */
export const API_KEY = 'x-gatewright-api'
/** At the root: true where the document was made of the body, and is none of its own. */
export const GENERATED_KEY = 'x-gatewright-generated'
/** At an operation: how its route is refined, without `operation`. */
const ROUTE_KEY = 'x-gatewright-route'

type Container = Readonly<Record<string, unknown>>
type FileRoute = NonNullable<ApiBody['routes']>[number]

export interface Extensions {
  /** As it stands there: nobody has checked it yet. */
  readonly api: unknown
  readonly isGenerated: boolean
  /** In the order of the document; nobody has checked them yet. */
  readonly routes: readonly FileRoute[]
  /** Where each of them stands. */
  readonly paths: readonly (readonly string[])[]
}

export function readExtensions(document: unknown): Extensions {
  const root = isMap(document) ? document : {}
  const routes: FileRoute[] = []
  const paths: string[][] = [API_KEY, GENERATED_KEY].filter((key) => Object.hasOwn(root, key)).map((key) => [key])
  for (const { path, method, operation } of listOperations(document)) {
    if (!Object.hasOwn(operation, ROUTE_KEY)) continue
    const { operationId } = operation
    const name = typeof operationId === 'string' ? operationId : `${method.toUpperCase()} ${path}`
    const said = operation[ROUTE_KEY]
    // What is no map is refused with the whole body.
    routes.push((isMap(said) ? { operation: name, ...said } : said) as FileRoute)
    paths.push(['paths', path, method, ROUTE_KEY])
  }
  return { api: root[API_KEY], isGenerated: root[GENERATED_KEY] === true, routes, paths }
}

export function cutExtensions(text: string, { paths }: Pick<Extensions, 'paths'>): string {
  return paths.reduce((rest, path) => cutMember(rest, path), text)
}

/** OpenAPI 3.2 §4.9: what a path item may have. */
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query', 'trace']

/** Those that stand in the document itself, and not behind a reference. */
export function listOperations(
  document: unknown,
): { readonly path: string; readonly method: string; readonly operation: Container }[] {
  const paths = isMap(document) && isMap(document.paths) ? document.paths : {}
  return Object.entries(paths).flatMap(([path, item]) => {
    if (!isMap(item)) return []
    return METHODS.flatMap((method) => {
      const operation = item[method]
      return isMap(operation) ? [{ path, method, operation }] : []
    })
  })
}

export function isMap(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

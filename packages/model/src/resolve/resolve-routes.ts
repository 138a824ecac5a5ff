/** Owns the route set of an API: operations of its document, refined by the file, and routes of its own. */
import { suggestName } from '../closest.ts'
import { findValue } from '../file/describe-issues.ts'
import type { Path } from '../finding.ts'
import type { OperationId, Route, RouteId, UpstreamId } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import type { OpenApiOperation } from '../openapi/read-operations.ts'
import { pickPresent } from './pick-present.ts'
import { linkPart, type ResolveContext, reportInFile, toAnchor } from './resolution.ts'

type FileApi = GatewrightFile['apis'][number]
type FileRoute = NonNullable<FileApi['routes']>[number]

/** Who says routes: an API, or a release of it that has its own. */
export interface RouteSayer {
  readonly says: Pick<FileApi, 'openapi' | 'routes'>
  /** Where it stands in the file. */
  readonly file: Path
  /** Where its routes stand in the model. */
  readonly model: Path
}

interface RouteSet {
  readonly context: ResolveContext
  readonly file: Path
  readonly model: Path
  readonly routes: Route[]
  /** Position in the model → in the file, of routes of its own. */
  readonly positions: Map<number, number>
}

/** Operations in the document's order, then own routes in the file's; with neither, every path. */
export function resolveRoutes(
  { says, file, model }: RouteSayer,
  given: { context: ResolveContext; operations?: readonly OpenApiOperation[] },
): Route[] {
  const { context, operations } = given
  const set: RouteSet = { context, file, model, routes: [], positions: new Map() }
  const { positions } = set
  context.sources.addList(model, (at) => {
    const position = positions.get(at)
    return position === undefined ? undefined : toAnchor(context, [...file, 'routes', position])
  })
  if (operations === undefined && says.routes === undefined) {
    addCatchAll(set)
    return set.routes
  }
  const refinements = new Map<number, number>()
  const own: number[] = []
  const names = nameOperations(set, operations ?? [])
  for (const [position, route] of (says.routes ?? []).entries()) {
    if (route.operation === undefined) own.push(position)
    else
      addRefinement(set, {
        route,
        position,
        names,
        refinements,
        hasDocument: operations !== undefined || says.openapi !== undefined,
      })
  }
  for (const [position, operation] of (operations ?? []).entries()) {
    const refinement = refinements.get(position)
    addOperation(set, { operation, id: names.ids[position] ?? '', refinement, route: says.routes?.[refinement ?? -1] })
  }
  for (const position of own) addOwnRoute(set, says.routes?.[position], position)
  if (says.routes?.length === 0 && set.routes.length === 0) {
    const { id, revision } = findValue(context.raw, file) as { readonly id?: unknown; readonly revision?: unknown }
    const who = revision === undefined ? `API "${id}"` : `release "${revision}"`
    reportInFile(context, file, {
      severity: 'warning',
      code: 'no-routes',
      message: `The ${who} has no routes: every request to it is answered with 404.`,
      suggestion: 'Remove the empty `routes:` to forward every path, or add a route.',
    })
  }
  return set.routes
}

/** `/` and everything below: what a proxy without further words is expected to do. */
const CATCH_ALL = ['/', '/{rest+}'].map((path): Route => ({ id: toDefaultId(undefined, path), path, policies: [] }))

function addCatchAll({ routes, context, file, model }: RouteSet): void {
  for (const route of CATCH_ALL) {
    linkPart(context, [...model, routes.length], file)
    routes.push(route)
  }
}

interface OperationNames {
  /** Operation id, and `METHOD /path` → position. */
  readonly positions: Map<string, number>
  /** Route ids by position. */
  readonly ids: string[]
}

function nameOperations({ context }: RouteSet, operations: readonly OpenApiOperation[]): OperationNames {
  const names: OperationNames = { positions: new Map(), ids: [] }
  for (const [position, operation] of operations.entries()) {
    const fallback = toDefaultId([operation.method], operation.path)
    const taken = operation.operationId !== undefined && names.positions.has(operation.operationId)
    if (taken) {
      context.findings.push({
        severity: 'warning',
        code: 'duplicate-operation',
        message: `The operation id "${operation.operationId}" is taken; this one is called "${fallback}".`,
        at: { ...operation.place, path: '' },
      })
    }
    const id = taken ? fallback : (operation.operationId ?? fallback)
    names.ids.push(id)
    names.positions.set(id, position)
    if (!names.positions.has(fallback)) names.positions.set(fallback, position)
  }
  return names
}

interface Refinement {
  readonly route: FileRoute
  readonly position: number
  readonly names: OperationNames
  readonly refinements: Map<number, number>
  readonly hasDocument: boolean
}

function addRefinement(
  { context, file }: RouteSet,
  { route, position, names, refinements, hasDocument }: Refinement,
): void {
  const path: Path = [...file, 'routes', position, 'operation']
  const operation = names.positions.get(route.operation ?? '')
  if (route.path !== undefined || route.methods !== undefined) {
    const key = route.path !== undefined ? 'path' : 'methods'
    reportInFile(context, [...file, 'routes', position, key], {
      severity: 'fault',
      code: 'operation-fixed',
      message: `A route that refines an operation has no \`${key}\` of its own: the document says it.`,
      suggestion: 'Remove it, or remove `operation` to make this a route of its own.',
    })
  }
  if (operation === undefined) {
    // A document that could not be read has its own fault; what it would have held is not known.
    if (hasDocument && names.ids.length === 0) return
    const known = [...names.positions.keys()]
    const suggestion = hasDocument
      ? suggestName(route.operation ?? '', known, 'Operations')
      : 'Name a document by `openapi:`, or give the route a `path`.'
    reportInFile(context, path, {
      severity: 'fault',
      code: 'unknown-operation',
      message: hasDocument
        ? `The document has no operation "${route.operation}".`
        : `"${route.operation}" cannot be refined: the API names no OpenAPI document.`,
      ...(suggestion === undefined ? {} : { suggestion }),
    })
    return
  }
  const earlier = refinements.get(operation)
  if (earlier !== undefined) {
    const first = toAnchor(context, [...file, 'routes', earlier]).place
    reportInFile(context, path, {
      severity: 'fault',
      code: 'refined-twice',
      message: `The operation "${route.operation}" is refined twice; the first is in ${first.file}:${first.line}.`,
      suggestion: 'Join the two.',
    })
    return
  }
  refinements.set(operation, position)
}

interface AddOperation {
  readonly operation: OpenApiOperation
  readonly id: string
  readonly refinement: number | undefined
  readonly route: FileRoute | undefined
}

function addOperation(
  { context, file, model, routes }: RouteSet,
  { operation, id, refinement, route }: AddOperation,
): void {
  const modelPath: Path = [...model, routes.length]
  if (refinement === undefined) {
    context.sources.add(modelPath, {
      value: undefined,
      place: operation.place,
      path: ['paths', operation.path, operation.method.toLowerCase()],
    })
  } else {
    linkPart(context, modelPath, [...file, 'routes', refinement])
  }
  const upstream = route?.upstream
  routes.push({
    id: (route?.id ?? id) as RouteId,
    ...pickPresent(operation, 'title', 'description'),
    ...(operation.tags.length === 0 ? {} : { tags: operation.tags }),
    ...pickOptional(route, 'title', 'description', 'tags', 'owner', 'enabled'),
    methods: [operation.method],
    path: operation.path,
    ...pickOptional(route, 'match'),
    operation: (operation.operationId ?? id) as OperationId,
    ...(upstream === undefined ? {} : { upstream: context.toUpstreamId(upstream, [...modelPath, 'upstream']) }),
    ...pickOptional(route, 'upgrades', 'bodyBytes'),
    policies: route?.policies ?? [],
  })
}

function addOwnRoute(
  { context, file, model, routes, positions }: RouteSet,
  route: FileRoute | undefined,
  position: number,
): void {
  if (route === undefined) return
  if (!hasPath(route)) {
    reportInFile(context, [...file, 'routes', position], {
      severity: 'fault',
      code: 'missing',
      message: 'A route has a `path`, or refines an `operation` of the document.',
      suggestion: 'Add `path: "/…"`; "/{rest+}" is every path.',
    })
    return
  }
  positions.set(routes.length, position)
  if (route.upstream !== undefined) {
    context.toUpstreamId(route.upstream, [...model, routes.length, 'upstream'])
  }
  routes.push(context.resolved.once(route, toOwnRoute))
}

type PathRoute = FileRoute & { readonly path: string }

function hasPath(route: FileRoute): route is PathRoute {
  return route.path !== undefined
}

function toOwnRoute(route: PathRoute): Route {
  return {
    id: (route.id ?? toDefaultId(route.methods, route.path)) as RouteId,
    ...pickPresent(route, 'title', 'description', 'tags', 'owner', 'enabled', 'methods'),
    path: route.path,
    ...pickPresent(route, 'match'),
    ...(route.upstream === undefined ? {} : { upstream: route.upstream as UpstreamId }),
    ...pickPresent(route, 'upgrades', 'bodyBytes'),
    policies: route.policies,
  }
}

function pickOptional<Key extends keyof FileRoute>(
  route: FileRoute | undefined,
  ...keys: Key[]
): Partial<Pick<FileRoute, Key>> {
  return route === undefined ? {} : pickPresent(route, ...keys)
}

/** `GET /orders/{id}`, `GET,PUT /orders/{id}`; `* /orders` for every method. */
function toDefaultId(methods: readonly string[] | undefined, path: string): RouteId {
  return `${methods === undefined ? '*' : methods.join(',')} ${path}` as RouteId
}

/** Owns the list of what runs for a route, in order, each with the level it stands at and the line that says it. */
import type { Api, At, GatewayModel, Path, PolicyUse, Release, Route, Sources } from '@gatewright/model'

/** A route with everything around it; the indexes are those of the model. */
export interface PlacedRoute {
  readonly api: Api
  readonly release: Release
  readonly route: Route
  readonly path: Path
}

export interface RunningUse {
  readonly use: PolicyUse
  readonly level: 'gateway' | 'api' | 'release' | 'route'
  readonly at: At
}

/** Every enabled route of every enabled API, in the order of the file. */
export function listRoutes({ apis }: GatewayModel): PlacedRoute[] {
  return apis.flatMap((api, apiIndex) =>
    api.enabled === false
      ? []
      : api.releases.flatMap((release, releaseIndex) =>
          release.routes.flatMap((route, routeIndex) => {
            const path = ['apis', apiIndex, 'releases', releaseIndex, 'routes', routeIndex]
            return route.enabled === false ? [] : [{ api, release, route, path }]
          }),
        ),
  )
}

/** The outermost first. Uses that are switched off are left out. */
export function listUses(
  model: GatewayModel,
  { api, release, route, path }: PlacedRoute,
  sources: Sources,
): RunningUse[] {
  const place = (uses: readonly PolicyUse[], level: RunningUse['level'], above: Path): RunningUse[] =>
    uses.flatMap((use, index) =>
      use.enabled === false ? [] : [{ use, level, at: sources.find([...above, 'policies', index]) }],
    )
  return [
    ...place(model.policies, 'gateway', []),
    ...place(api.policies, 'api', path.slice(0, 2)),
    ...place(release.policies, 'release', path.slice(0, 4)),
    ...place(route.policies, 'route', path),
  ]
}

/** As clients see it: the path `/` of an API answers with and without the slash behind the base path. */
export function toTemplate({ basePath }: Api, { path }: Route): string {
  return path === '/' && basePath !== '' ? basePath : basePath + path
}

export function findUpstreamId({ api, release, route }: PlacedRoute): string | undefined {
  return route.upstream ?? release.upstream ?? api.upstream
}

/** `gatewright.yaml:12` */
export function toPlaceText({ file, line }: At): string {
  return line > 0 ? `${file}:${line}` : file
}

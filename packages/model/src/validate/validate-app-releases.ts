/** Owns the checks of releases for chosen apps: each app in one of them, and the same way of knowing it wherever a request begins. */
import type { Path } from '../finding.ts'
import type { Api } from '../gateway-model.ts'
import { toContentHash } from '../hash.ts'
import { PLAN_SLOT } from './catalogue.ts'
import { withNested } from './live-routes.ts'
import { checkApp } from './validate-app-refs.ts'
import { type PlacedUse, placeUses } from './validate-order.ts'
import type { Validation } from './validation.ts'

/** A request is authenticated in the release that it gets first, and goes on in that of its app behind that: so both have to do it alike. */
export function validateAppReleases(validation: Validation, api: Api, path: Path): void {
  if (!api.releases.some(({ apps }) => apps !== undefined)) return
  checkApps(validation, api, path)
  if (api.enabled === false) return
  const first = findFirstWay(validation, api, path)
  if (first === undefined) return
  for (const placed of first.uses) checkUse(validation, placed)
  for (const way of listWays(validation, api, path)) {
    if (way.key === first.key) continue
    validation.fault(way.path, {
      code: 'app-release-callers',
      message: `${way.words} authenticates otherwise than ${lowerFirst(first.words)} (${validation.placeText(first.path)}), and the API "${api.id}" has a release for chosen apps.`,
      suggestion:
        'Put the policies that authenticate, and those before them, into the `policies` of the API, or write them alike in each release.',
    })
    return
  }
}

function checkApps(validation: Validation, { id, releases }: Api, path: Path): void {
  const taken = new Map<string, string>()
  for (const [index, { revision, apps = [] }] of releases.entries()) {
    for (const [position, app] of apps.entries()) {
      const at = [...path, 'releases', index, 'apps', position]
      const other = taken.get(app)
      taken.set(app, other ?? revision)
      if (other === undefined) checkApp(validation, app, { path: at, isAny: true })
      else {
        validation.fault(at, {
          code: 'app-of-two-releases',
          message: `The app "${app}" gets the release "${other}" of the API "${id}" already.`,
          suggestion: 'Remove it from one of the two.',
        })
      }
    }
  }
}

/** What runs for a route until its caller is known. */
interface Way {
  readonly key: string
  readonly uses: readonly PlacedUse[]
  readonly path: Path
  readonly words: string
}

function findFirstWay(validation: Validation, api: Api, path: Path): Way | undefined {
  for (const way of listWays(validation, api, path)) {
    if (way.uses.length > 0) return way
    validation.fault(way.path, {
      code: 'app-release-callers',
      message: `${way.words} authenticates nobody, and the API "${api.id}" has a release for chosen apps.`,
      suggestion: 'Add a policy that authenticates, such as `key-auth`, to the `policies` of the API.',
    })
    return undefined
  }
  return undefined
}

/** Of each release once, and once more of each route that authenticates by itself. */
function* listWays(validation: Validation, api: Api, path: Path): Generator<Way> {
  for (const [index, release] of api.releases.entries()) {
    // Nobody goes on from a preview, or comes to it.
    if (release.preview !== undefined) continue
    const at = [...path, 'releases', index]
    const outer = [
      ...placeUses(validation.model.policies, ['policies']),
      ...placeUses(api.policies, [...path, 'policies']),
      ...placeUses(release.policies, [...at, 'policies']),
    ]
    let isSaid = false
    for (const [position, { id, policies, enabled }] of release.routes.entries()) {
      if (enabled === false) continue
      const routeAt = [...at, 'routes', position]
      const own = placeUses(policies, [...routeAt, 'policies'])
      const isOwn = own.some((placed) => authenticates(validation, placed))
      if (!isOwn && isSaid) continue
      isSaid ||= !isOwn
      const words = isOwn
        ? `The route "${id}" of the release "${release.revision}"`
        : `The release "${release.revision}"`
      yield toWay(validation, isOwn ? [...outer, ...own] : outer, { path: isOwn ? routeAt : at, words })
    }
  }
}

function toWay(validation: Validation, all: readonly PlacedUse[], said: Pick<Way, 'path' | 'words'>): Way {
  const uses = all.slice(0, all.findLastIndex((placed) => authenticates(validation, placed)) + 1)
  return { ...said, uses, key: toContentHash(uses.map(({ use }) => use)) }
}

function authenticates({ entries }: Validation, { use }: PlacedUse): boolean {
  return entries.get(use.policy)?.phase === 'authenticate'
}

/** What belongs to one route is not asked again of the one where a request goes on. */
const OF_ROUTE = /\b(?:route|parameters)\b/

function checkUse(validation: Validation, placed: PlacedUse): void {
  if (placed.use.policy === PLAN_SLOT.name) {
    validation.fault(placed.path, {
      code: 'app-release-callers',
      message: 'The policies of a plan would run before the release of an app is chosen, and not for its routes.',
      suggestion: 'Move it behind the last policy that authenticates.',
    })
  }
  for (const { use, path } of withNested(validation.entries, placed)) {
    if (use.when === undefined || !OF_ROUTE.test(use.when)) continue
    validation.fault([...path, 'when'], {
      code: 'app-release-callers',
      message: `The condition of "${use.policy}" asks for the route, and runs before the release of an app is chosen, which has routes of its own.`,
      suggestion: 'Ask for `request.path`, or for nothing of the route.',
    })
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

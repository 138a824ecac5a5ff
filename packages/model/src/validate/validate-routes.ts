/** Owns the checks of routes: templates, duplicates, what answers them, the order of what runs for them. */
import type { Path } from '../finding.ts'
import type { Api, Release, Route } from '../gateway-model.ts'
import { parsePathTemplate, type TemplateSegment, toTemplateShape } from '../path-template.ts'
import { checkMethod } from './validate-methods.ts'
import { answersAlways, type PlacedUse, placeUses, reportNeverRunning, validateOrder } from './validate-order.ts'
import { validatePlanSlot } from './validate-plan-slot.ts'
import { validateUses } from './validate-policies.ts'
import { toPredicatesKey, validatePredicates } from './validate-predicates.ts'
import { warnOfSlashTwins } from './validate-slash-twins.ts'
import { checkUpstream, type UpstreamFact } from './validate-upstream-refs.ts'
import type { Validation } from './validation.ts'
import { warnOfVainAnonymous } from './warn-of-vain-anonymous.ts'

export function validateRoutes(
  validation: Validation,
  api: Api,
  { apiPath, facts }: { readonly apiPath: Path; readonly facts: readonly UpstreamFact[] },
): void {
  const isLive = isServed(api)
  const plans = validation.model.plans.map(({ id }) => id)
  for (const [index, release] of api.releases.entries()) {
    const path = [...apiPath, 'releases', index]
    if (release.upstream !== undefined)
      checkUpstream(validation, release.upstream, { path: [...path, 'upstream'], isLive })
    validateUses(validation, release.policies, [...path, 'policies'])
    const unanswered: Path[] = []
    const outer = [
      ...placeUses(validation.model.policies, ['policies']),
      ...placeUses(api.policies, [...apiPath, 'policies']),
      ...placeUses(release.policies, [...path, 'policies']),
    ]
    const upstream = release.upstream ?? api.upstream
    const context = validation.toContext(isLive, upstream, plans, facts, ...outer.map(({ use }) => use))
    for (const [position, route] of release.routes.entries()) {
      if (route.upstream !== undefined) {
        const at = [...path, 'routes', position, 'upstream']
        checkUpstream(validation, route.upstream, { path: at, isLive: isLive && route.enabled !== false })
      }
      validation.checkOnce(route, context, () => {
        const routePath = [...path, 'routes', position]
        validateRoute(validation, route, routePath)
        if (!isLive || route.enabled === false) return
        const uses = [...outer, ...placeUses(route.policies, [...routePath, 'policies'])]
        validateOrder(validation, uses)
        validatePlanSlot(validation, uses)
        reportNeverRunning(validation, uses)
        warnOfVainAnonymous(validation, uses)
        const target = route.upstream ?? upstream
        warnOfHttp1(validation, uses, target)
        if (target !== undefined || isAnswered(validation, uses)) return
        unanswered.push(routePath)
        validation.checkAgain()
      })
    }
    reportUnanswered(validation, { api, release, apiPath, unanswered })
    findDuplicates(validation, { api, release, path })
    warnOfSlashTwins(validation, { api, release, path, outer })
  }
}

/** Do its routes answer requests? Those of a retired API are kept, and refused. */
export function isServed({ enabled, lifecycle }: Api): boolean {
  return enabled !== false && lifecycle?.state !== 'retired'
}

/** What they do needs HTTP/2 all the way. */
function warnOfHttp1(validation: Validation, uses: readonly PlacedUse[], id: string | undefined): void {
  if (id === undefined || validation.findUpstream(id)?.protocol !== 'http1') return
  for (const { use, path } of uses) {
    if (validation.entries.get(use.policy)?.needs !== 'http2-upstream') continue
    validation.warn(path, {
      code: 'upstream-without-http2',
      message: `"${use.policy}" needs an upstream of HTTP/2, and "${id}" is spoken to in HTTP/1.1.`,
      suggestion: `Write \`protocol: h2c\` in the upstream, or \`h2\` where its targets are https://….`,
    })
  }
}

function validateRoute(validation: Validation, route: Route, path: Path): void {
  const template = parsePathTemplate(route.path)
  if ('fault' in template) {
    const suggestion = route.path.startsWith('/') ? undefined : `Write "/${route.path}".`
    validation.fault([...path, 'path'], { code: 'invalid-template', message: template.fault, suggestion })
  } else {
    warnOfPlaceholders(validation, template.segments, [...path, 'path'])
  }
  for (const [index, method] of (route.methods ?? []).entries())
    checkMethod(validation, method, [...path, 'methods', index])
  validatePredicates(validation, route.match, [...path, 'match'])
  validateUses(validation, route.policies, [...path, 'policies'])
}

/** `:id` and `*` are what other programs write for what is `{id}` and `{rest+}` here. */
function warnOfPlaceholders(validation: Validation, segments: readonly TemplateSegment[], path: Path): void {
  for (const { kind, text } of segments) {
    if (kind !== 'literal' || !/^(?::\w+|\*+)$/.test(text)) continue
    validation.warn(path, {
      code: 'literal-placeholder',
      message: `"${text}" matches only itself here.`,
      suggestion: text.startsWith(':')
        ? `Write {${text.slice(1)}} for any one segment.`
        : 'Write {name} for any one segment, or {rest+} as the last for all that follow.',
    })
  }
}

/** A policy that is not known may answer: its name has a fault of its own. */
function isAnswered(validation: Validation, uses: readonly PlacedUse[]): boolean {
  return uses.some(({ use }) => !validation.entries.has(use.policy) || answersAlways(validation, use))
}

interface Unanswered {
  readonly api: Api
  readonly release: Release
  readonly apiPath: Path
  readonly unanswered: readonly Path[]
}

/** A longer list hides what it says. */
const MOST_NAMED = 5

/** Once for the API, unless it is about one route among others. */
function reportUnanswered(validation: Validation, { api, release, apiPath, unanswered }: Unanswered): void {
  if (validation.options.sources?.isIncomplete === true || validation.isMisspelt(apiPath, 'upstream')) return
  const suggestion = 'Add `upstream:` with an id or a URL, or a policy that answers by itself, such as `respond`.'
  const live = release.routes.filter((route) => route.enabled !== false).length
  if (unanswered.length > 0 && unanswered.length === live) {
    validation.fault(apiPath, {
      code: 'no-upstream',
      message: `The API "${api.id}" has no upstream, and no policy answers for it.`,
      suggestion,
    })
    return
  }
  if (unanswered.length > 1) {
    const ids = unanswered.map((path) => `"${release.routes[Number(path.at(-1))]?.id}"`)
    const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
    validation.fault(apiPath, {
      code: 'no-upstream',
      message: `The API "${api.id}" has no upstream, and no policy answers for ${ids.length} of its routes: ${ids.slice(0, MOST_NAMED).join(', ')}${more}.`,
      suggestion,
    })
    return
  }
  for (const path of unanswered) {
    const route = release.routes[Number(path.at(-1))]
    validation.fault(path, {
      code: 'no-upstream',
      message: `The route "${route?.id}" has no upstream, and no policy answers for it.`,
      suggestion,
    })
  }
}

/** Same shape, a common method, equal predicates: nothing would say which of the two answers. */
function findDuplicates(
  validation: Validation,
  { api, release, path }: { api: Api; release: Release; path: Path },
): void {
  const ids = new Map<string, number>()
  const seen = new Map<string, number>()
  for (const [index, route] of release.routes.entries()) {
    const at = [...path, 'routes', index]
    const sameId = ids.get(route.id)
    if (sameId === undefined) ids.set(route.id, index)
    else {
      const place = validation.placeText([...path, 'routes', sameId])
      validation.fault(at, {
        code: 'duplicate-id',
        message: `The id "${route.id}" is taken by another route of this API (${place}).`,
        suggestion: 'Give one of them another `id`.',
      })
    }
    if (route.enabled === false) continue
    for (const [position, key] of listKeys(validation, route, api).entries()) {
      const other = seen.get(key)
      if (other === undefined) {
        seen.set(key, index)
        continue
      }
      if (other === index) continue
      const method = route.methods?.[position]
      const subject = method === undefined ? route.path : `${method} ${route.path}`
      validation.fault(at, {
        code: 'duplicate-route',
        message: `"${subject}" is already matched by the route "${release.routes[other]?.id}" (${validation.placeText([...path, 'routes', other])}).`,
        suggestion: 'Remove one of the two, or tell them apart by `match`.',
      })
      break
    }
  }
}

/** One for each method: two routes with the same would be matched by the same requests. */
function listKeys({ options: { memory } }: Validation, route: Route, api: Api): readonly string[] {
  const { strictSlash, caseSensitive } = api
  const known = memory?.routeKeys.get(route)
  if (known !== undefined && known.strictSlash === strictSlash && known.caseSensitive === caseSensitive)
    return known.keys
  const rest = `${toTemplateShape(route.path, api)} ${toPredicatesKey(route.match)}`
  const keys = (route.methods ?? ['*']).map((method) => `${method} ${rest}`)
  memory?.routeKeys.set(route, { strictSlash, caseSensitive, keys })
  return keys
}

/** Owns which requests an API answers, route by route, and which route of another form answers them as well. */
import {
  type Api,
  type PolicyUse,
  type Predicates,
  parsePathTemplate,
  type Route,
  type TemplateSegment,
  toCanonicalJson,
} from '@gatewright/model'

export interface PublicRoute {
  readonly route: Route
  /** With the base path. */
  readonly path: string
  readonly segments: readonly TemplateSegment[]
  /** Conditions beside host, path and method. */
  readonly conditions: ReadonlySet<string>
  readonly policies: readonly PolicyUse[]
}

export interface Matching {
  readonly caseSensitive: boolean
  readonly strictSlash: boolean
}

/** Those that answer: what is switched off does not. */
export function listPublicRoutes(api: Api, basePath = api.basePath): PublicRoute[] {
  if (api.enabled === false) return []
  const [release] = api.releases
  return (release?.routes ?? [])
    .filter(({ enabled }) => enabled !== false)
    .map((route) => {
      const path = basePath + route.path
      const parsed = parsePathTemplate(path)
      return {
        route,
        path,
        segments: 'fault' in parsed ? [] : parsed.segments,
        conditions: new Set([...listConditions(api.match), ...listConditions(route.match)]),
        policies: [...api.policies, ...route.policies],
      }
    })
}

function listConditions(match: Predicates | undefined): string[] {
  return Object.entries(match ?? {}).flatMap(([where, list]) =>
    (list as readonly object[]).map((each) => `${where} ${toCanonicalJson(each)}`),
  )
}

/** The routes of `now` that answer what `was` answers by its path; the one that stands closest to it first. */
export function findAnswering(was: PublicRoute, now: readonly PublicRoute[], matching: Matching): PublicRoute[] {
  return now
    .filter((route) => covers(route.segments, was.segments, matching))
    .toSorted((a, b) => distance(a) - distance(b))
}

function distance({ segments }: PublicRoute): number {
  return segments.reduce((sum, { kind }) => sum + (kind === 'literal' ? 0 : kind === 'one' ? 1 : 1000), 0)
}

/** Is every path that `narrow` matches one of `wide`? */
function covers(wide: readonly TemplateSegment[], narrow: readonly TemplateSegment[], matching: Matching): boolean {
  const [one, other] = [wide, narrow].map((segments) => withoutLastSlash(segments, matching)) as [
    readonly TemplateSegment[],
    readonly TemplateSegment[],
  ]
  for (const [index, segment] of one.entries()) {
    const there = other[index]
    if (there === undefined) return false
    if (segment.kind === 'rest') return there.kind !== 'literal' || there.text !== '' || other.length > index + 1
    if (there.kind === 'rest') return false
    if (
      segment.kind === 'one' ? there.kind === 'literal' && there.text === '' : !isSameLiteral(segment, there, matching)
    )
      return false
  }
  return one.length === other.length
}

function isSameLiteral(one: TemplateSegment, other: TemplateSegment, { caseSensitive }: Matching): boolean {
  if (one.kind !== other.kind) return false
  return caseSensitive ? one.text === other.text : one.text.toLowerCase() === other.text.toLowerCase()
}

function withoutLastSlash(segments: readonly TemplateSegment[], { strictSlash }: Matching): readonly TemplateSegment[] {
  const isSlash = segments.length > 1 && segments.at(-1)?.kind === 'literal' && segments.at(-1)?.text === ''
  return !strictSlash && isSlash ? segments.slice(0, -1) : segments
}

/** Undefined: every method. HEAD uses the route of GET. */
export function takesMethod({ route }: PublicRoute, method: string | undefined): boolean {
  if (route.methods === undefined) return true
  if (method === undefined) return false
  return route.methods.includes(method) || (method === 'HEAD' && route.methods.includes('GET'))
}

/** The names of what is variable in its path, in their order, its base path left out. */
export function listPathNames({ segments }: PublicRoute): string[] {
  return segments.filter(({ kind }) => kind !== 'literal').map(({ text }) => text)
}

/** Owns the explanation of one request: its route and why, what else there was, what runs, what would be sent. */
import {
  type AskedRequest,
  type Judgement,
  judgeRoutes,
  Rehearsal,
  type RehearsedExchange,
  type RehearsedRequest,
  type RouteVerdict,
  VERDICTS,
} from '@gatewright/gateway'
import { type Api, findPlanPlace, type GatewayModel, type PolicyUse, type Sources } from '@gatewright/model'
import type { Log } from '@gatewright/policies'
import type { Runnable } from '../configuration.ts'
import { toMatchTexts } from '../match-texts.ts'
import {
  findUpstreamId,
  listRoutes,
  listUses,
  type PlacedRoute,
  type RunningUse,
  toPlaceText,
  toTemplate,
} from '../route-uses.ts'
import { type ExplainedPlan, explainPlans } from './explain-plans.ts'
import { findEntry } from './find-entry.ts'
import { type Holds, judgeWhens } from './judge-whens.ts'
import { type Asked, toBytes } from './parse-asked.ts'

export interface Explanation {
  readonly asked: Asked
  /** What the listener speaks that it comes in by. */
  readonly scheme: Asked['scheme']
  /** What is worth knowing of what was asked. */
  readonly hints: readonly string[]
  /** The normal form that is matched; undefined: the path is refused. */
  readonly path: string | undefined
  /** Why no route answers: problem code and detail. */
  readonly refusal: { readonly code: string; readonly status: number; readonly detail: string } | undefined
  /** The two readings of a path that is refused because they mean different things. */
  readonly ambiguity: Ambiguity | undefined
  readonly found: FoundRoute | undefined
  /** Other routes that came near, the nearest first. */
  readonly others: readonly Other[]
}

export interface Ambiguity {
  readonly written: string
  readonly readAs: string
  /** The route of that reading, as `api/route`; undefined: none. */
  readonly readRoute: string | undefined
}

export interface FoundRoute {
  readonly api: string
  readonly apiAt: string
  readonly route: string
  readonly routeAt: string
  /** Where the API has several; the one that this request gets. */
  readonly release: ExplainedRelease | undefined
  readonly methods: readonly string[] | undefined
  readonly hosts: readonly string[] | undefined
  readonly template: string
  readonly parameters: Readonly<Record<string, string>>
  readonly policies: readonly ExplainedUse[]
  /** All there are, where the caller's plan counts; none where it does not. */
  readonly plans: readonly ExplainedPlan[]
  readonly upstream: ExplainedUpstream | undefined
  /** The policy that answers, so that no upstream is called. */
  readonly answeredBy: string | undefined
}

export interface ExplainedRelease {
  readonly revision: string
  /** Why: its condition, which is true; undefined: by its share. */
  readonly when: string | undefined
  /** Of 100; undefined: it has a condition alone. */
  readonly share: number | undefined
  /** Or because it is that of the app that calls. */
  readonly app: string | undefined
  /** Or because the request brings its token. */
  readonly isPreview: boolean
  /** What tells who stays with it. */
  readonly key: string
  readonly at: string
}

export interface ExplainedUse {
  readonly policy: string
  readonly level: RunningUse['level'] | 'plan'
  readonly when: string | undefined
  /** Does `when` hold for this request? undefined: there is none. */
  readonly holds: Holds | undefined
  readonly at: string
  /** The policy before it that always answers, if there is one. */
  readonly hiddenBy: string | undefined
}

export interface ExplainedUpstream {
  readonly id: string
  readonly targets: readonly string[]
  readonly method: string
  readonly path: string
  readonly host: string
}

export interface Other {
  readonly api: string
  readonly route: string
  readonly methods: readonly string[] | undefined
  readonly template: string
  readonly verdict: RouteVerdict['verdict']
  /** Of its API; undefined: any. */
  readonly hosts: readonly string[] | undefined
  /** Which conditions are not met, in words; empty where that is not the verdict. */
  readonly unmet: readonly string[]
  readonly at: string
}

const SHOWN_OTHERS = 8

export async function explainRequest(asked: Asked, runnable: Runnable, log: Log): Promise<Explanation> {
  const { model } = runnable
  const entry = findEntry(model.listeners, asked)
  const request = { bytes: toBytes(asked), method: asked.method, ...(entry.listener && { listener: entry.listener }) }
  const exchange = await rehearse(request, { ...runnable, model: preferReleasesOf(asked.app, model) }, log)
  const { release } = exchange
  const releases = new Map(release === undefined ? [] : [[exchange.api, release]])
  const judgement = judgeRoutes(model, { ...asked, releases })
  const placed = listRoutes(model).filter(
    ({ api, release: { revision } }) => revision === (releases.get(api.id) ?? api.releases[0]?.revision),
  )
  const match = placed.find(({ api, route }) => api.id === exchange.api && route.id === exchange.route)
  const others = toOthers(judgement, { runnable, placed, match })
  const { path } = judgement ?? {}
  const { scheme } = entry
  const hints = [...entry.hints, ...toMethodHints(asked), ...toAppHints(asked, runnable)]
  if (match === undefined) {
    const refusal = toRefusal(exchange)
    const ambiguity = findAmbiguity(model, asked, refusal)
    const nearest = ambiguity === undefined ? others : []
    return { asked, scheme, hints, path, refusal, ambiguity, found: undefined, others: nearest }
  }
  const uses = listUses(model, match, runnable.resolution.sources)
  const holds = await judgeWhens(
    uses.map(({ use }) => use),
    { request, placed: match, runnable, log },
  )
  const found = toFound(match, runnable, { asked, judgement, exchange, holds })
  return { asked, scheme, hints, path, refusal: undefined, ambiguity: undefined, found, others }
}

/** RFC 9110 §9.1: methods have a letter case, and those of the standard are written in capitals. */
function toMethodHints({ method }: Asked): string[] {
  const upper = method.toUpperCase()
  if (method === upper || !KNOWN_METHODS.has(upper)) return []
  return [`Methods have a letter case: "${method}" is not ${upper}, which was probably meant.`]
}

function toAppHints({ app }: Asked, { resolution: { apps } }: Runnable): string[] {
  if (app === undefined || apps.some(({ id }) => id === app)) return []
  return [`There is no app "${app}" in \`apps\`: it could only come from a token or another service.`]
}

/** Nobody is authenticated here, so what the app decides is said by conditions: they come first, but for the token of a preview. */
function preferReleasesOf(app: string | undefined, model: GatewayModel): GatewayModel {
  if (app === undefined) return model
  const prefer = (api: Api): Api => {
    const own = api.releases.find(({ apps }) => apps?.some((id) => id === app))
    if (own === undefined) return api
    return { ...api, releases: [{ ...own, when: 'true' }, ...api.releases.filter((release) => release !== own)] }
  }
  return { ...model, apis: model.apis.map(prefer) }
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

/** The gateway says of the other reading what it is, and not where it leads. */
function findAmbiguity(
  model: GatewayModel,
  asked: AskedRequest,
  refusal: Explanation['refusal'],
): Ambiguity | undefined {
  const readAs = refusal?.code === 'ambiguous-path' ? /"(\/[^"]*)"/.exec(refusal.detail)?.[1] : undefined
  if (readAs === undefined) return undefined
  const judged = judgeRoutes(model, { ...asked, path: readAs })
  const match = judged?.verdicts.find(({ verdict }) => verdict === 'matches')
  return {
    written: asked.path,
    readAs,
    readRoute: match === undefined ? undefined : `${match.api.id}/${match.route.id}`,
  }
}

/** Only what decides the path that is sent; everything else would ask for keys, count, or answer by itself. */
const KEPT = new Set(['cors', 'rewrite-path'])

async function rehearse(
  request: RehearsedRequest,
  { model, extensions }: Runnable,
  log: Log,
): Promise<RehearsedExchange> {
  const send = async (keeps: (use: PolicyUse) => boolean): Promise<RehearsedExchange> => {
    const bare = strip(model, keeps)
    const rehearsal = await Rehearsal.create({ model: bare, apps: [], extensions, log, startMs: Date.now() })
    return await rehearsal.send(request)
  }
  const exchange = await send(({ policy }) => KEPT.has(policy))
  // A condition may ask for a caller or a variable that only other policies bring.
  return exchange.problem === 'expression-failed' ? await send(() => false) : exchange
}

function strip(model: GatewayModel, keeps: (use: PolicyUse) => boolean): GatewayModel {
  const stripApi = (api: Api): Api => ({
    ...api,
    errors: {},
    policies: api.policies.filter(keeps),
    releases: api.releases.map((release) => ({
      ...release,
      policies: release.policies.filter(keeps),
      routes: release.routes.map((route) => ({ ...route, policies: route.policies.filter(keeps) })),
    })),
  })
  return { ...model, policies: model.policies.filter(keeps), plans: [], apis: model.apis.map(stripApi) }
}

function toRefusal({ problem, answer }: RehearsedExchange): Explanation['refusal'] {
  const status = answer?.status ?? 0
  let detail = ''
  try {
    detail = (JSON.parse(answer?.body.toString('utf8') ?? '') as { detail?: string }).detail ?? ''
  } catch {
    // An answer without a document, such as the one to `OPTIONS *`, has no detail.
  }
  return { code: problem ?? 'answered by the gateway itself', status, detail }
}

interface Findings {
  readonly asked: Asked
  readonly judgement: Judgement | undefined
  readonly exchange: RehearsedExchange
  /** Of the uses that run, in order. */
  readonly holds: readonly (Holds | undefined)[]
}

function toFound(placed: PlacedRoute, runnable: Runnable, { asked, judgement, exchange, holds }: Findings): FoundRoute {
  const { api, route, path } = placed
  const { model, catalogue } = runnable
  const { sources } = runnable.resolution
  const all = listExplained(placed, runnable, holds)
  // Fetch §4.8: a preflight runs the list of the route it asks for, up to `cors`, which answers.
  const cors =
    isPreflight(asked) && exchange.attempts.length === 0 ? all.findIndex(({ policy }) => policy === 'cors') : -1
  const answering =
    cors >= 0
      ? all[cors]
      : all.find(
          ({ policy, when, holds: held }) =>
            catalogue.find(({ name }) => name === policy)?.answers === true && (when === undefined || held === 'yes'),
        )
  const running = cors >= 0 ? all.slice(0, cors + 1) : all
  return {
    api: api.id,
    apiAt: toPlaceText(sources.find(path.slice(0, 2))),
    route: route.id,
    routeAt: toPlaceText(sources.find(path)),
    release: toRelease(placed, asked.app, sources),
    methods: route.methods,
    hosts: api.hosts,
    template: toTemplate(api, route),
    parameters: judgement?.parameters ?? {},
    policies: running,
    plans: running.some(({ level }) => level === 'plan') ? explainPlans(model, placed, sources) : [],
    upstream: answering === undefined ? toUpstream(placed, model, exchange) : undefined,
    answeredBy: answering?.policy,
  }
}

function toRelease(
  { api, release, path }: PlacedRoute,
  asked: string | undefined,
  sources: Sources,
): ExplainedRelease | undefined {
  if (api.releases.length < 2) return undefined
  const { revision, when, share, apps, preview } = release
  const app = apps?.find((id) => id === asked)
  const at = toPlaceText(sources.find(path.slice(0, 4)))
  const isPreview = preview !== undefined
  return { revision, when, share, app, isPreview, key: api.releaseKey ?? 'the address of the client', at }
}

function isPreflight({ method, headers }: AskedRequest): boolean {
  return method === 'OPTIONS' && headers.some(([name]) => name.toLowerCase() === 'access-control-request-method')
}

/** The outermost first, with the caller's plan where it runs. */
function listExplained(
  placed: PlacedRoute,
  { model, catalogue, resolution: { sources } }: Runnable,
  holds: Findings['holds'],
): ExplainedUse[] {
  const uses = listUses(model, placed, sources)
  const entryOf = ({ use }: RunningUse) => catalogue.find(({ name }) => name === use.policy)
  const answering = uses.findIndex((running) => running.use.when === undefined && entryOf(running)?.answers === true)
  const hiddenBy = uses[answering]?.use.policy
  const explained: ExplainedUse[] = uses.map(({ use, level, at }, index) => ({
    policy: use.policy,
    level,
    when: use.when,
    holds: holds[index],
    at: toPlaceText(at),
    hiddenBy: index > answering ? hiddenBy : undefined,
  }))
  const place = findPlanPlace(uses.map((running) => ({ name: running.use.policy, phase: entryOf(running)?.phase })))
  if (place === undefined) return explained
  const { at, isSaid } = place
  if (model.plans.length === 0 && !isSaid) return explained
  return explained.toSpliced(at, isSaid ? 1 : 0, {
    policy: "the caller's plan",
    level: 'plan',
    when: isSaid ? explained[at]?.when : undefined,
    holds: isSaid ? explained[at]?.holds : undefined,
    at: isSaid ? (explained[at]?.at ?? '') : toPlaceText(sources.find(['plans', 0])),
    hiddenBy: explained[isSaid ? at : at - 1]?.hiddenBy,
  })
}

function toUpstream(
  placed: PlacedRoute,
  { upstreams }: GatewayModel,
  { attempts }: RehearsedExchange,
): ExplainedUpstream | undefined {
  const attempt = attempts.at(-1)
  const upstream = upstreams.find(({ id }) => id === findUpstreamId(placed))
  if (upstream === undefined || attempt === undefined) return undefined
  return {
    id: upstream.id,
    targets: upstream.targets.map(({ url }) => url),
    method: attempt.method,
    path: attempt.path,
    host: attempt.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '',
  }
}

interface Surroundings {
  readonly runnable: Runnable
  readonly placed: readonly PlacedRoute[]
  readonly match: PlacedRoute | undefined
}

/** What lacks least comes first; of routes with another path, those that share most of it. */
function toOthers(judgement: Judgement | undefined, { runnable, placed, match }: Surroundings): Other[] {
  if (judgement === undefined) return []
  const near = judgement.verdicts
    .filter(
      ({ route, verdict }) =>
        route !== match?.route && (match === undefined || VERDICTS.indexOf(verdict) > VERDICTS.indexOf('path')),
    )
    .map((each) => ({ ...each, template: toTemplate(each.api, each.route) }))
    .map((each) => ({ ...each, shared: countShared(each.template, judgement.path) }))
  near.sort((a, b) => b.shared - a.shared)
  near.sort((a, b) => (match === undefined ? 0 : VERDICTS.indexOf(b.verdict) - VERDICTS.indexOf(a.verdict)))
  return near.slice(0, SHOWN_OTHERS).map(({ api, route, verdict, unmet, template }) => {
    const path = placed.find((each) => each.route === route)?.path ?? []
    const at = toPlaceText(runnable.resolution.sources.find(path))
    const { hosts, id } = api
    return {
      api: id,
      route: route.id,
      methods: route.methods,
      template,
      verdict,
      hosts,
      unmet: toMatchTexts(unmet),
      at,
    }
  })
}

/** How alike a template and a path are: segments that are equal, or stand where the template takes any. */
function countShared(template: string, path: string): number {
  const wanted = template.split('/').slice(1)
  const given = path.split('/').slice(1)
  let shared = 0
  for (const [i, segment] of wanted.entries()) {
    const other = given[i]
    if (other === undefined) break
    if (segment === other) shared += 1
    else if (segment.startsWith('{')) shared += 0.75
    else shared += toLikeness(segment, other)
  }
  return shared - Math.abs(wanted.length - given.length) / 4
}

/** 0 to 0.5: what share of the shorter one's letters they begin with together. */
function toLikeness(a: string, b: string): number {
  let same = 0
  while (same < Math.min(a.length, b.length) && a[same]?.toLowerCase() === b[same]?.toLowerCase()) same++
  return same / Math.max(a.length, b.length, 1) / 2
}

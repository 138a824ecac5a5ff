/** Owns an explanation as people read it. */
import { toColumns } from '../to-columns.ts'
import type { ExplainedPlan } from './explain-plans.ts'
import type { ExplainedRelease, ExplainedUse, Explanation, FoundRoute, Other } from './explain-request.ts'
import type { Holds } from './judge-whens.ts'

const WORDS: Readonly<Record<Other['verdict'], string>> = {
  host: 'another host',
  'base-path': 'another base path',
  'api-conditions': 'a condition of its API is not met',
  path: 'another path',
  method: 'the path fits, the method does not',
  conditions: 'path and method fit, and this is not met',
  'other-api': 'it fits too, and the API of a more specific host or base path comes first',
  'less-specific': 'it fits too, and the route above is more specific',
  matches: 'it fits',
}

export function toExplanationText(explanation: Explanation): string {
  const { asked, scheme, hints, path, refusal, ambiguity, found, others } = explanation
  const lines = [`${asked.method} ${scheme}://${asked.authority}${asked.path}${asked.search}`]
  if (path !== undefined && path !== asked.path && ambiguity === undefined)
    lines.push(`matched as ${path}, its normal form`)
  lines.push(...hints, '')
  if (found !== undefined) lines.push(...toFoundLines(found))
  if (refusal !== undefined) lines.push(...toRefusalLines(refusal, ambiguity))
  if (others.length > 0) {
    lines.push('', found === undefined ? 'Nearest routes:' : 'Also considered:')
    lines.push(indent(toColumns(others.map(toOtherRow))))
  }
  return lines.join('\n')
}

function toRefusalLines(
  { code, status, detail }: NonNullable<Explanation['refusal']>,
  ambiguity: Explanation['ambiguity'],
): string[] {
  if (ambiguity !== undefined) {
    const { written, readAs, readRoute } = ambiguity
    const route = readRoute === undefined ? ', which no route has' : `, which is the route ${readRoute}`
    return [`No route: ${status} ${code}`, `  as written: ${written}`, `  as others may read it: ${readAs}${route}`]
  }
  return [`No route: ${status} ${code}`, ...(detail === '' ? [] : [`  ${detail}`])]
}

function toFoundLines(found: FoundRoute): string[] {
  const { api, apiAt, route, routeAt, release, methods, hosts, template, parameters, policies, plans } = found
  const given = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`)
  const rows = [
    ['API', api, `host ${hosts?.join(', ') ?? 'any'}`, apiAt],
    [
      'Route',
      route,
      `${methods?.join(', ') ?? 'any method'} ${template}${given.length === 0 ? '' : `  (${given.join(', ')})`}`,
      routeAt,
    ],
    ...(release === undefined ? [] : [toReleaseRow(release)]),
  ]
  return [
    toColumns(rows),
    '',
    ...(policies.length === 0
      ? ['No policy runs.']
      : ['Policies, the first one outermost:', indent(toColumns(policies.map(toUseRow)))]),
    ...(plans.length === 0 ? [] : ['', 'Plans of callers:', indent(toColumns(plans.map(toPlanRow)))]),
    '',
    ...toEndLines(found),
  ]
}

function toReleaseRow(release: ExplainedRelease): string[] {
  return ['Release', release.revision, toReason(release), release.at]
}

function toReason({ when, share, app, isPreview, key }: ExplainedRelease): string {
  if (isPreview) return 'a preview, by its token'
  if (app !== undefined) return `that of the app "${app}"`
  return when === undefined ? `${share ?? 0} % of all, by ${key}` : `when ${when}, which holds`
}

const HELD: Readonly<Record<Holds, string>> = {
  yes: ', which holds',
  no: ', which does not hold: it does not run',
  failed: ', which fails for this request: 500 expression-failed',
  unknown: '',
}

function toUseRow({ policy, level, when, holds, at, hiddenBy }: ExplainedUse, index: number): string[] {
  const notes = [
    ...(when === undefined ? [] : [`when ${when}${holds === undefined ? '' : HELD[holds]}`]),
    ...(hiddenBy === undefined ? [] : [`never runs: ${hiddenBy} answers first`]),
  ]
  return [`${index + 1}.`, policy, level, at, ...(notes.length === 0 ? [] : [notes.join('; ')])]
}

const REFUSED: Readonly<Record<Exclude<ExplainedPlan['verdict'], 'opens'>, string>> = {
  closed: 'does not open this route: 403 plan-denied',
  disabled: 'is switched off: 403 plan-denied',
}

function toPlanRow({ plan, verdict, policies, differsFor, at }: ExplainedPlan): string[] {
  const runs = policies.length === 0 ? 'runs no policy' : `runs ${policies.join(', ')}`
  const differs = differsFor.length === 0 ? '' : `; different for ${toShortList(differsFor)}`
  return [plan, verdict === 'opens' ? runs + differs : REFUSED[verdict], at]
}

/** A longer list hides what it says. */
const MOST_NAMED = 5

function toShortList(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : ''
  return names.slice(0, MOST_NAMED).join(', ') + more
}

function toEndLines({ upstream, answeredBy }: FoundRoute): string[] {
  if (answeredBy !== undefined) return [`The policy ${answeredBy} answers; no upstream is called.`]
  if (upstream === undefined) return ['No upstream is called.']
  const { id, targets, method, path, host } = upstream
  const address = targets.length === 1 && targets[0] === id ? id : `${id}: ${targets.join(', ')}`
  return [`Upstream ${address}`, `  ${method} ${path}`, `  Host: ${host}`]
}

function toOtherRow({ api, route, methods, template, verdict, hosts, unmet, at }: Other): string[] {
  const host = verdict === 'host' && hosts !== undefined ? `: ${hosts.join(', ')}` : ''
  const conditions = unmet.length === 0 ? '' : `: ${unmet.join(', ')}`
  return [`${api}/${route}`, methods?.join(',') ?? 'any method', template, WORDS[verdict] + host + conditions, at]
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}

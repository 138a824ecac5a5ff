/** Owns the comparison of what was expected with what came: one difference each, in words. */
import type { Fields, ReceivedAttempt, RehearsedExchange } from '@gatewright/gateway'
import type { Path } from '@gatewright/model'
import type { Expectation, Json, Match } from './case-schema.ts'

export interface Difference {
  /** `status`, `header X-Foo`, `upstream path`… */
  readonly what: string
  readonly expected: string
  readonly actual: string
  /** Below the step: where the expectation stands. */
  readonly path: Path
}

const NOTHING = 'nothing'

export function compare(expected: Expectation | number, exchange: RehearsedExchange): Difference[] {
  if (typeof expected === 'number') return compareStatus(expected, exchange, ['expect'])
  const { status, problem, headers, body, json, route, policies, upstream } = expected
  const { answer } = exchange
  const differences = status === undefined ? [] : compareStatus(status, exchange, ['expect', 'status'])
  const add = (what: string, pair: { wanted: unknown; got: unknown }, path: Path): void => {
    if (JSON.stringify(pair.wanted) === JSON.stringify(pair.got)) return
    differences.push({ what, expected: show(pair.wanted), actual: show(pair.got), path: ['expect', ...path] })
  }
  if (problem !== undefined) add('problem', { wanted: problem, got: exchange.problem ?? false }, ['problem'])
  if (route !== undefined) {
    const got = exchange.route === '' ? false : `${exchange.api}/${exchange.route}`
    add('route', { wanted: route, got: route === exchange.route ? route : got }, ['route'])
  }
  if (policies !== undefined) add('policies', { wanted: policies, got: exchange.policies }, ['policies'])
  differences.push(...compareFields(headers, answer?.headers ?? [], { what: 'header', path: ['expect', 'headers'] }))
  const received = answer?.body ?? Buffer.alloc(0)
  differences.push(...compareContent({ body, json }, received, { what: '', path: ['expect'] }))
  return [...differences, ...compareUpstream(upstream, exchange.attempts)]
}

function compareStatus(wanted: number, { answer, problem }: RehearsedExchange, path: Path): Difference[] {
  if (answer?.status === wanted || answer?.interim.includes(wanted) === true) return []
  const actual = answer === undefined ? 'no answer: the connection was closed' : String(answer.status)
  return [
    {
      what: 'status',
      expected: String(wanted),
      actual: problem === undefined ? actual : `${actual} (${problem})`,
      path,
    },
  ]
}

interface Where {
  readonly what: string
  readonly path: Path
}

function compareFields(
  wanted: Readonly<Record<string, Match>> | undefined,
  fields: Fields,
  where: Where,
): Difference[] {
  return Object.entries(wanted ?? {}).flatMap(([name, match]) => {
    const values = fields.filter(([other]) => other.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
    const joined = values.length === 0 ? undefined : values.join(', ')
    return compareText(match, joined, { what: `${where.what} ${name}`, path: [...where.path, name] })
  })
}

function compareContent(
  { body, json }: { body?: Match | undefined; json?: Json | undefined },
  bytes: Buffer,
  { what, path }: Where,
): Difference[] {
  const text = bytes.toString('utf8')
  const named = (name: string): string => (what === '' ? name : `${what} ${name}`)
  const differences =
    body === undefined
      ? []
      : compareText(body, bytes.length === 0 && body === null ? undefined : text, {
          what: named('body'),
          path: [...path, 'body'],
        })
  if (json === undefined) return differences
  const where = { what: named('json'), path: [...path, 'json'] }
  try {
    return [...differences, ...compareJson(json, JSON.parse(text), where)]
  } catch {
    return [
      ...differences,
      { ...where, expected: show(json), actual: text === '' ? 'no body' : `no JSON: ${show(text)}` },
    ]
  }
}

function compareText(match: Match, value: string | undefined, { what, path }: Where): Difference[] {
  const isMet = typeof match === 'object' && match !== null ? isMatch(match, value) : (value ?? null) === match
  return isMet ? [] : [{ what, expected: showMatch(match), actual: value === undefined ? NOTHING : show(value), path }]
}

type Words = Exclude<Match, string | null>

function isMatch({ exact, prefix, contains, pattern, present }: Words, value: string | undefined): boolean {
  if (present === false) return value === undefined
  if (value === undefined) return false
  return (
    (exact === undefined || value === exact) &&
    (prefix === undefined || value.startsWith(prefix)) &&
    (contains === undefined || value.includes(contains)) &&
    (pattern === undefined || new RegExp(pattern).test(value))
  )
}

/** Members that are named must be equal; others may be there too. Lists are compared as a whole. */
function compareJson(wanted: Json, got: unknown, { what, path }: Where): Difference[] {
  if (isMap(wanted) && isMap(got)) {
    return Object.entries(wanted).flatMap(([key, value]) =>
      compareJson(value as Json, got[key], { what: `${what}.${key}`, path: [...path, key] }),
    )
  }
  if (Array.isArray(wanted) && Array.isArray(got) && wanted.length === got.length) {
    return wanted.flatMap((value, i) => compareJson(value, got[i], { what: `${what}[${i}]`, path: [...path, i] }))
  }
  if (!isMap(wanted) && !Array.isArray(wanted) && wanted === got) return []
  return [{ what, expected: show(wanted), actual: got === undefined ? NOTHING : show(got), path }]
}

function compareUpstream(wanted: Expectation['upstream'], attempts: readonly ReceivedAttempt[]): Difference[] {
  const path: Path = ['expect', 'upstream']
  const last = attempts.at(-1)
  if (wanted === undefined) return []
  if (wanted === false) {
    if (last === undefined) return []
    const actual = `${last.method} ${last.path} at ${last.target}${last.isRefused ? ' was refused' : ''}`
    return [{ what: 'upstream', expected: 'not called', actual, path }]
  }
  if (last === undefined) return [{ what: 'upstream', expected: 'called', actual: 'not called', path }]
  const host = last.headers.find(([name]) => name.toLowerCase() === 'host')?.[1]
  const texts: (readonly [name: string, match: Match | undefined, value: string | undefined])[] = [
    ['id', wanted.id, last.upstream],
    ['target', wanted.target, last.target],
    ['method', wanted.method, last.method],
    ['path', wanted.path, last.path],
    ['host', wanted.host, host],
  ]
  const { calls = attempts.length } = wanted
  return [
    ...texts.flatMap(([name, match, value]) =>
      match === undefined ? [] : compareText(match, value, { what: `upstream ${name}`, path: [...path, name] }),
    ),
    ...(calls === attempts.length
      ? []
      : [{ what: 'upstream calls', expected: show(calls), actual: show(attempts.length), path: [...path, 'calls'] }]),
    ...compareFields(wanted.headers, last.headers, { what: 'upstream header', path: [...path, 'headers'] }),
    ...compareContent(wanted, last.body, { what: 'upstream', path }),
  ]
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function showMatch(match: Match): string {
  if (match === null) return NOTHING
  if (typeof match === 'string') return show(match)
  if (match.present === false) return NOTHING
  const words = Object.entries(match).filter(([name, value]) => name !== 'present' && value !== undefined)
  return words.length === 0 ? 'anything' : words.map(([name, value]) => `${name} ${show(value)}`).join(' and ')
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? NOTHING
}

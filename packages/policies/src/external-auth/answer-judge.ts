/** Owns what a service's answer means: let pass, and what is then said to whom; refuse, and how; or that it decides nothing. */
import { isUtf8 } from 'node:buffer'
import { findClaim } from '../callers/upstream-facts.ts'
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import type { Caller } from '../exchange.ts'
import { type Body, BytesBody } from '../messages/body.ts'
import { findForbiddenField } from '../messages/forbidden-fields.ts'
import { HeaderList } from '../messages/header-list.ts'
import { Problem } from '../problem.ts'
import type { CallAnswer } from '../services.ts'
import type { ExternalAuthOptions } from './external-auth-options.ts'

export interface Admission {
  readonly kind: 'admission'
  /** Undefined: the service did not say that field, and it is removed. */
  readonly toUpstream: readonly (readonly [name: string, value: string | undefined])[]
  readonly toClient: readonly (readonly [name: string, value: string])[]
  readonly caller: Caller | undefined
}

export interface Refusal {
  readonly kind: 'refusal'
  readonly status: number
  readonly headers: HeaderList
  readonly body: Body
  /** Instead of the service's own answer. */
  readonly problem: Problem | undefined
}

export type Decision = Admission | Refusal

/** @throws CallFault for an answer that decides nothing */
export function createAnswerJudge(options: ExternalAuthOptions): (answer: CallAnswer) => Decision {
  const { protocol } = options
  return (answer) => {
    const { status, headers } = answer
    if (protocol === 'envoy-ext-authz' ? status === 200 : status >= 200 && status <= 299)
      return toAdmission(answer, options)
    const isRefusal = protocol === 'nginx-auth-request' ? status === 401 || status === 403 : isPassable(status, headers)
    if (!isRefusal) throw toSenseless(`status-${status}`)
    return toRefusal(answer, options)
  }
}

/** Passes, and the service said nothing. */
export function toNobody({ copyToUpstream }: ExternalAuthOptions): Admission {
  return {
    kind: 'admission',
    toUpstream: copyToUpstream.map((name) => [name, undefined]),
    toClient: [],
    caller: undefined,
  }
}

const REDIRECTS = [301, 302, 303, 307, 308]
/** 407 is about the gateway, not about the client; 408 and 425 have clients send the same again. */
const NO_REFUSALS = [407, 408, 425]

/** Is it an answer that the client can do something with? */
function isPassable(status: number, headers: HeaderList): boolean {
  if (status >= 300 && status <= 399) return REDIRECTS.includes(status) && headers.getAll('location').length === 1
  return status >= 400 && status <= 499 && !NO_REFUSALS.includes(status)
}

function toAdmission(
  answer: CallAnswer,
  { copyToUpstream, copyToClient, caller, anonymous }: ExternalAuthOptions,
): Admission {
  const { headers } = answer
  const perhapsNamed = caller === undefined ? undefined : toCaller(answer, caller)
  if (caller !== undefined && perhapsNamed === undefined && !anonymous) throw toSenseless('no-caller')
  const dropped = toConnectionFields(headers)
  return {
    kind: 'admission',
    toUpstream: copyToUpstream.map((name) => [
      name,
      dropped.has(name.toLowerCase()) ? undefined : getOnce(headers, name),
    ]),
    toClient: copyToClient
      .filter((name) => !dropped.has(name.toLowerCase()))
      .flatMap((name) => headers.getAll(name).map((value): [string, string] => [name, value])),
    caller: perhapsNamed,
  }
}

function toRefusal({ status, headers, body }: CallAnswer, { refusal, refusalFields }: ExternalAuthOptions): Refusal {
  const dropped = toConnectionFields(headers)
  const isWanted = toChooser(refusalFields)
  const fields = HeaderList.of(
    [...headers].filter(([name]) => {
      const lower = name.toLowerCase()
      return isWanted(lower) && !dropped.has(lower) && findForbiddenField(lower, 'response') === undefined
    }),
  )
  // RFC 9111 §3: some of these statuses may be kept by caches where nothing is said; what one caller is told is nobody else's.
  if (!fields.has('cache-control')) fields.append('Cache-Control', 'no-store')
  const problem = refusal === 'problem' ? toProblem(status, headers) : undefined
  return { kind: 'refusal', status, headers: fields, body: new BytesBody(body), problem }
}

/** What says when an answer was made, and by which program, the gateway says itself. */
const NOT_PASSED_ON = new Set(['date', 'server', 'via'])

function toChooser(choice: 'all' | readonly string[]): (lowerName: string) => boolean {
  if (choice === 'all') return (name) => !NOT_PASSED_ON.has(name)
  const names = new Set(choice.map((name) => name.toLowerCase()))
  return (name) => names.has(name)
}

/** RFC 9110 §7.6.1: what `Connection` names was for the gateway alone. */
function toConnectionFields(headers: HeaderList): ReadonlySet<string> {
  const names = headers.get('connection')?.split(',') ?? []
  return new Set(names.map((name) => name.trim().toLowerCase()))
}

const NO_SCHEME = 'External realm="api"'

function toProblem(status: number, headers: HeaderList): Problem {
  const retry = headers.get('retry-after')
  if (status === 401 || status < 400) {
    const challenges = status === 401 ? headers.getAll('www-authenticate') : []
    return new Problem('credential-invalid', {
      detail: 'The service that decides about requests does not know who you are. Send a valid credential.',
      // RFC 9110 §11.6.1: at least one challenge.
      headers: (challenges.length === 0 ? [NO_SCHEME] : challenges).map((value) => ['WWW-Authenticate', value]),
      reason: `external-${status}`,
    })
  }
  return new Problem('access-denied', {
    detail: 'The service that decides about requests does not allow this one.',
    headers: retry === undefined ? [] : [['Retry-After', retry]],
    reason: `external-${status}`,
  })
}

type CallerSources = NonNullable<ExternalAuthOptions['caller']>

function toCaller(answer: CallAnswer, sources: CallerSources): Caller | undefined {
  const read = createReader(answer)
  const id = toText(read(sources.id))
  if (id === undefined) return undefined
  const claims = Object.entries(sources.claims ?? {})
    .map(([name, source]) => [name, read(source)] as const)
    .filter(([, value]) => value !== undefined)
  const scopes = toTexts(read(sources.scopes))
  const groups = toTexts(read(sources.groups))
  return {
    id,
    app: toText(read(sources.app)),
    credential: { kind: 'external', id },
    ...(scopes !== undefined && { scopes }),
    ...(groups !== undefined && { groups }),
    ...(claims.length > 0 && { claims: Object.fromEntries(claims) }),
  }
}

/** Reads `header:Name` and `json:path`; the body is parsed when it is first asked for. */
function createReader({ headers, body }: CallAnswer): (source: string | undefined) => unknown {
  let document: Readonly<Record<string, unknown>> | undefined
  return (source) => {
    if (source === undefined) return undefined
    if (source.startsWith('json:')) {
      document ??= parseObject(body)
      return findClaim(document, source.slice('json:'.length))
    }
    const value = getOnce(headers, source.slice('header:'.length))
    return value === undefined ? undefined : toUnicode(value)
  }
}

/** Two of one name: a service that adds to what it was sent would let a client say who it is. @throws CallFault */
function getOnce(headers: HeaderList, name: string): string | undefined {
  const [value, ...others] = headers.getAll(name)
  if (others.length > 0) throw toSenseless('field-twice')
  return value
}

/** RFC 9110 §5.5: fields are octets; most who write names into them write UTF-8. */
function toUnicode(value: string): string {
  const octets = Buffer.from(value, 'latin1')
  return isUtf8(octets) ? octets.toString('utf8') : value
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function toTexts(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.split(/[ ,]+/).filter((text) => text !== '')
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}

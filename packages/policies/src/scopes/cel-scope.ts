/** Owns what CEL sees of an exchange. Everything is a getter: only what an expression touches is computed. */
import type { Vocabulary } from '@gatewright/expressions'
import { PROBLEMS } from '@gatewright/model/runtime'
import type { ClientCertificate } from '../client-certificate.ts'
import type { Caller, Exchange } from '../exchange.ts'
import type { HeaderList } from '../messages/header-list.ts'
import type { GatewayRequest } from '../messages/request.ts'
import type { GatewayResponse } from '../messages/response.ts'
import type { Problem } from '../problem.ts'

/** The names that CEL may start with. */
export const CEL_NAMES = [
  'request',
  'caller',
  'client',
  'route',
  'api',
  'environment',
  'variables',
  'response',
  'error',
] as const

/** On the way in there is neither an answer nor a problem: whoever asks for them would get nothing but failures. */
const REQUEST_NAMES = CEL_NAMES.filter((name) => name !== 'response' && name !== 'error')

/** The fields of the records below; `environment` is a text, and `variables` are whatever somebody put there. */
const CEL_MEMBERS = {
  request: ['method', 'scheme', 'host', 'path', 'search', 'target', 'headers', 'query', 'cookies', 'parameters'],
  caller: ['id', 'app', 'plan', 'credential', 'claims', 'scopes', 'groups'],
  client: ['address', 'port', 'certificate'],
  route: ['id', 'template', 'operation', 'tags'],
  api: ['id'],
  response: ['status', 'headers'],
  error: ['code', 'status', 'title', 'owner', 'detail'],
} as const

const TEXTS = [
  ...['method', 'scheme', 'host', 'path', 'search', 'target'].map((name) => `request.${name}`),
  ...['headers.*', 'query.*', 'cookies.*', 'parameters.*'].map((name) => `request.${name}`),
  ...['caller.id', 'caller.app', 'caller.plan', 'caller.credential.kind', 'caller.credential.id'],
  ...['subject', 'issuer', 'commonName', 'serial', 'fingerprint'].map((name) => `client.certificate.${name}`),
  ...['client.address', 'route.id', 'route.template', 'route.operation', 'api.id', 'environment'],
  ...['response.headers.*', 'error.code', 'error.title', 'error.owner', 'error.detail'],
]
const NUMBERS = ['client.port', 'response.status', 'error.status']
const LISTS = [
  ...['dnsNames', 'uris', 'emails'].map((name) => `client.certificate.${name}`),
  ...['caller.scopes', 'caller.groups', 'route.tags'],
]
const MAPS = [
  ...CEL_NAMES.filter((name) => name !== 'environment'),
  ...['request.headers', 'request.query', 'request.cookies', 'request.parameters'],
  ...['caller.credential', 'caller.claims', 'response.headers', 'client.certificate'],
]

/** What is a text, number, list or map wherever it is there: by itself it is no condition. Claims and variables are anything. */
const CEL_TYPES: Readonly<Record<string, string>> = Object.fromEntries([
  ...TEXTS.map((path) => [path, 'string']),
  ...NUMBERS.map((path) => [path, 'int']),
  ...LISTS.map((path) => [path, 'list']),
  ...MAPS.map((path) => [path, 'map']),
])

/** Before a release is chosen: no route is matched, and nobody is known. */
const RELEASE_NAMES = ['request', 'client', 'variables'] as const

/** What expressions may speak of, by where they stand: a release's condition, a policy's way in (and `when`), its way back, an error shape. */
export const CEL_VOCABULARIES = {
  release: { names: RELEASE_NAMES, members: CEL_MEMBERS, types: CEL_TYPES },
  request: { names: REQUEST_NAMES, members: CEL_MEMBERS, types: CEL_TYPES },
  response: { names: CEL_NAMES, members: CEL_MEMBERS, types: CEL_TYPES },
  problem: { names: [...REQUEST_NAMES, 'error'], members: CEL_MEMBERS, types: CEL_TYPES },
} as const satisfies Readonly<Record<string, Vocabulary>>

export interface CelScopeParts {
  /** The snapshot's. */
  readonly variables: Readonly<Record<string, string>>
  /** On the way back. */
  readonly response?: GatewayResponse | undefined
  /** What an error shape renders; the response's own problem if absent. */
  readonly problem?: Problem | undefined
}

/** A record whose fields are not known beforehand: what expressions call a `ScopeRecord`. */
interface LazyRecord {
  get(name: string): unknown
  keys(): Iterable<string>
}

export function toCelScope(exchange: Exchange, parts: CelScopeParts): object {
  return new CelScope(exchange, parts)
}

class CelScope {
  readonly #exchange: Exchange
  readonly #parts: CelScopeParts

  constructor(exchange: Exchange, parts: CelScopeParts) {
    this.#exchange = exchange
    this.#parts = parts
  }

  get request(): RequestFacts {
    return new RequestFacts(this.#exchange.request)
  }

  /** Null when nobody was recognised. */
  get caller(): Caller | null {
    return this.#exchange.caller ?? null
  }

  get client(): object {
    const { address, port, certificate } = this.#exchange.client
    // Null where none was shown, or none was asked for.
    return { address, port, certificate: certificate === undefined ? null : new CertificateFacts(certificate) }
  }

  get route(): object {
    const { route, template, operation, tags = [] } = this.#exchange.route
    return { id: route, template, operation: operation ?? null, tags }
  }

  get api(): object {
    return { id: this.#exchange.route.api }
  }

  /** '' outside of any. */
  get environment(): string {
    return this.#exchange.route.environment ?? ''
  }

  get variables(): LazyRecord {
    return new VariableRecord(this.#exchange.variables, this.#parts.variables)
  }

  /** Null before there is one. */
  get response(): ResponseFacts | null {
    const { response } = this.#parts
    return response === undefined ? null : new ResponseFacts(response)
  }

  /** The problem that the response stands for; null when it is an answer. */
  get error(): object | null {
    const problem = this.#parts.problem ?? this.#parts.response?.problem
    if (problem === undefined) return null
    const { status, title, owner } = PROBLEMS[problem.code]
    return { code: problem.code, status, title, owner, detail: problem.detail ?? '' }
  }
}

class CertificateFacts {
  readonly #certificate: ClientCertificate

  constructor(certificate: ClientCertificate) {
    this.#certificate = certificate
  }

  get subject(): string {
    return this.#certificate.subjectText
  }

  get issuer(): string {
    return this.#certificate.issuerText
  }

  /** Of the subject; '' where it has none. */
  get commonName(): string {
    return this.#certificate.subject.CN?.[0] ?? ''
  }

  get serial(): string {
    return this.#certificate.serial
  }

  get fingerprint(): string {
    return this.#certificate.fingerprint
  }

  get dnsNames(): readonly string[] {
    return this.#certificate.dnsNames
  }

  get uris(): readonly string[] {
    return this.#certificate.uris
  }

  get emails(): readonly string[] {
    return this.#certificate.emails
  }
}

class RequestFacts {
  readonly #request: GatewayRequest

  constructor(request: GatewayRequest) {
    this.#request = request
  }

  get method(): string {
    return this.#request.method
  }

  get scheme(): string {
    return this.#request.scheme
  }

  get host(): string {
    return this.#request.host
  }

  get path(): string {
    return this.#request.path
  }

  /** `?…` byte for byte, or ''. */
  get search(): string {
    return this.#request.search
  }

  /** As received: what signatures are computed on. */
  get target(): string {
    return this.#request.rawTarget
  }

  get headers(): LazyRecord {
    return new FieldRecord(this.#request.headers)
  }

  /** The first value of each parameter, decoded. */
  get query(): LazyRecord {
    return new QueryRecord(this.#request.query)
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#request.cookies
  }

  /** Values of the route's `{name}`s, decoded. */
  get parameters(): LazyRecord {
    return new ParameterRecord(this.#request.parameters)
  }
}

class ResponseFacts {
  readonly #response: GatewayResponse

  constructor(response: GatewayResponse) {
    this.#response = response
  }

  get status(): number {
    return this.#response.status
  }

  get headers(): LazyRecord {
    return new FieldRecord(this.#response.headers)
  }
}

/** Header fields: listed in lower case, found in any. Fields that come twice are one value, joined by `, ` (RFC 9110 §5.3). */
class FieldRecord implements LazyRecord {
  readonly #headers: HeaderList

  constructor(headers: HeaderList) {
    this.#headers = headers
  }

  get(name: string): string | undefined {
    return this.#headers.get(name)
  }

  keys(): Iterable<string> {
    return new Set(Array.from(this.#headers, ([name]) => name.toLowerCase()))
  }
}

class QueryRecord implements LazyRecord {
  readonly #query: URLSearchParams

  constructor(query: URLSearchParams) {
    this.#query = query
  }

  get(name: string): string | undefined {
    return this.#query.get(name) ?? undefined
  }

  keys(): Iterable<string> {
    return new Set(this.#query.keys())
  }
}

class ParameterRecord implements LazyRecord {
  readonly #parameters: Readonly<Record<string, string>>

  constructor(parameters: Readonly<Record<string, string>>) {
    this.#parameters = parameters
  }

  get(name: string): string | undefined {
    if (!Object.hasOwn(this.#parameters, name)) return undefined
    const value = this.#parameters[name] ?? ''
    if (!value.includes('%')) return value
    try {
      return decodeURIComponent(value)
    } catch {
      // Escapes that are no UTF-8 have no text to be decoded to.
      return value
    }
  }

  keys(): Iterable<string> {
    return Object.keys(this.#parameters)
  }
}

/** What policies left for each other, before what the configuration says. */
class VariableRecord implements LazyRecord {
  readonly #own: ReadonlyMap<string, unknown>
  readonly #configured: Readonly<Record<string, string>>

  constructor(own: ReadonlyMap<string, unknown>, configured: Readonly<Record<string, string>>) {
    this.#own = own
    this.#configured = configured
  }

  get(name: string): unknown {
    if (this.#own.has(name)) return this.#own.get(name)
    return Object.hasOwn(this.#configured, name) ? this.#configured[name] : undefined
  }

  keys(): Iterable<string> {
    return new Set([...this.#own.keys(), ...Object.keys(this.#configured)])
  }
}

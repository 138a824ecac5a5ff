/** Owns a request as policies see and change it: web-shaped, with the path in its normal form. */
import { type Body, EMPTY_BODY } from './body.ts'
import { HeaderList } from './header-list.ts'

export interface RequestParts {
  readonly method: string
  /** As received, byte for byte: what signatures are computed on. */
  readonly rawTarget: string
  /** The normal form, without the query; starts with `/` (or is `*`). */
  readonly path: string
  /** The normal form that was matched; `path`, unless it was rewritten since. */
  readonly matchedPath?: string
  /** `?…` byte for byte, or ''. */
  readonly search: string
  readonly scheme?: 'http' | 'https'
  /** Lower case, without port and trailing dot; '' when HTTP/1.0 gave none. */
  readonly host?: string
  /** The authority as received: host and port. */
  readonly authority?: string
  readonly httpVersion?: '1.0' | '1.1' | '2'
  readonly headers?: HeaderList
  readonly body?: Body
}

export interface Matched {
  readonly parameters: Readonly<Record<string, string>>
}

const NOTHING_MATCHED: Matched = { parameters: Object.freeze(Object.create(null)) }

export class GatewayRequest {
  method: string
  readonly rawTarget: string
  /** The normal form that was matched, base path included; stays what it was. */
  readonly matchedPath: string
  /** What goes upstream: below the base path, unless the API keeps it. Policies may rewrite it. */
  path: string
  search: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly authority: string
  readonly httpVersion: '1.0' | '1.1' | '2'
  headers: HeaderList
  body: Body
  /** The gateway's: what was matched, which cuts its parameters out of the path when they are first asked for. */
  matched: Matched = NOTHING_MATCHED
  #query: URLSearchParams | undefined
  #querySource = ''
  #cookies: Map<string, string> | undefined
  #cookieSource: string | undefined

  constructor(parts: RequestParts) {
    this.method = parts.method
    this.rawTarget = parts.rawTarget
    this.matchedPath = parts.matchedPath ?? parts.path
    this.path = parts.path
    this.search = parts.search
    this.scheme = parts.scheme ?? 'http'
    this.host = parts.host ?? ''
    this.authority = parts.authority ?? this.host
    this.httpVersion = parts.httpVersion ?? '1.1'
    this.headers = parts.headers ?? HeaderList.of()
    this.body = parts.body ?? EMPTY_BODY
  }

  /** Values of the route's `{name}`s, still percent-encoded. */
  get parameters(): Readonly<Record<string, string>> {
    return this.matched.parameters
  }

  /** The decoded query, for reading only: to change it, set `search`. */
  get query(): URLSearchParams {
    if (this.#query === undefined || this.#querySource !== this.search) {
      this.#query = new URLSearchParams(this.search)
      this.#querySource = this.search
    }
    return this.#query
  }

  /** Cookies by name; of two with one name, the first (RFC 6265 §5.4 puts the more specific path first). */
  get cookies(): ReadonlyMap<string, string> {
    // HTTP/2 clients may split the field (RFC 9113 §8.2.3); a policy may have changed it since the last look.
    const source = this.headers.getAll('cookie').join(';')
    if (this.#cookies === undefined || this.#cookieSource !== source) {
      this.#cookies = parseCookies(source)
      this.#cookieSource = source
    }
    return this.#cookies
  }

  /** Each line of a field, by lower-case name. */
  headerValues(lowerName: string): readonly string[] {
    return this.headers.getAll(lowerName)
  }

  queryValues(name: string): readonly string[] {
    return this.search === '' ? [] : this.query.getAll(name)
  }

  cookieValues(name: string): readonly string[] {
    const value = this.cookies.get(name)
    return value === undefined ? [] : [value]
  }

  /** A copy that can be changed without changing this one; the body is shared. */
  clone(): GatewayRequest {
    const copy = new GatewayRequest(this)
    copy.headers = this.headers.clone()
    copy.matched = this.matched
    return copy
  }
}

function parseCookies(source: string): Map<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of source.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim())
  }
  return cookies
}

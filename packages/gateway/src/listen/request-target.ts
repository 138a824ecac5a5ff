/** Owns the request target's four forms (RFC 9112 §3.2): path and query where there are some, a refusal where the form has no place. */
import { type Authority, parseAuthority } from '../http1/host.ts'
import { malformed, type Refusal } from '../http1/refusal.ts'

export interface RequestTarget {
  /** As received, without the query; `*` for the asterisk form. */
  readonly path: string
  /** `?…` as received, or ''. */
  readonly search: string
  /** Of the absolute form. */
  readonly authority: Authority | undefined
}

const REFUSALS = {
  form: malformed('target-form', 'The request target must be a path that begins with "/".'),
  asterisk: malformed('target-asterisk', 'The target "*" is for OPTIONS only.'),
  authority: malformed('target-authority', 'The absolute request target does not name a valid host.'),
} as const

const ABSOLUTE = { http: /^http:\/\/([^/?#]*)(.*)$/i, https: /^https:\/\/([^/?#]*)(.*)$/i } as const

const SLASH = 0x2f

export function parseTarget(target: string, method: string, scheme: 'http' | 'https'): RequestTarget | Refusal {
  if (target.charCodeAt(0) === SLASH) return splitQuery(target, undefined)
  if (target === '*') return method === 'OPTIONS' ? { path: '*', search: '', authority: undefined } : REFUSALS.asterisk
  // RFC 9112 §3.2.2: a server accepts the absolute form, of the scheme that this connection speaks for.
  const absolute = ABSOLUTE[scheme].exec(target)
  if (absolute === null) return REFUSALS.form
  const authority = parseAuthority(absolute[1] ?? '')
  if (authority === undefined) return REFUSALS.authority
  const rest = absolute[2] ?? ''
  return splitQuery(rest.startsWith('/') ? rest : `/${rest}`, authority)
}

function splitQuery(target: string, authority: Authority | undefined): RequestTarget {
  const query = target.indexOf('?')
  if (query < 0) return { path: target, search: '', authority }
  return { path: target.slice(0, query), search: target.slice(query), authority }
}

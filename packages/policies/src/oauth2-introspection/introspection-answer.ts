/** Owns what an authorization server says of a token (RFC 7662 §2.2): read strictly, because a misread answer lets somebody in. */
import { parseObject, toSenseless } from '../calls/json-answer.ts'
import type { CallAnswer } from '../services.ts'

/** An active token, as the answer tells of it. */
export interface TokenFacts {
  /** The whole answer. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Seconds since the epoch. */
  readonly exp: number | undefined
  readonly nbf: number | undefined
  readonly iss: string | undefined
  readonly aud: readonly string[]
  readonly scopes: readonly string[] | undefined
  readonly tokenType: string | undefined
}

/** Undefined: the token is not active, and nobody learns why. @throws CallFault */
export function parseIntrospection({ status, body }: CallAnswer): TokenFacts | undefined {
  // RFC 7662 §2.3: 401 is about the gateway's own credentials, not about the token. A redirect would carry the token elsewhere.
  if (status !== 200) throw toSenseless(status === 401 || status === 403 ? 'client-refused' : `status-${status}`)
  const claims = parseObject(body)
  // RFC 7662 §2.2: REQUIRED, a boolean. "true" and 1 are what broken servers say, and nobody knows of what.
  if (typeof claims.active !== 'boolean') throw toSenseless('no-active')
  if (!claims.active) return undefined
  return {
    claims,
    exp: readSeconds(claims, 'exp'),
    nbf: readSeconds(claims, 'nbf'),
    iss: readText(claims, 'iss'),
    aud: readList(claims, 'aud') ?? [],
    scopes: readScopes(claims),
    tokenType: readText(claims, 'token_type'),
  }
}

/** What is inherited was not said. Some servers write `null` for what they leave out. */
function read(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined
}

function readText(claims: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = read(claims, name)
  if (value === undefined || typeof value === 'string') return value
  throw toSenseless(`bad-${name.replace('_', '-')}`)
}

function readSeconds(claims: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = read(claims, name)
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
  throw toSenseless(`bad-${name}`)
}

/** One text, or a list of texts. */
function readList(claims: Readonly<Record<string, unknown>>, name: string): readonly string[] | undefined {
  const value = read(claims, name)
  if (value === undefined) return undefined
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every((item) => typeof item === 'string')) return list
  throw toSenseless(`bad-${name}`)
}

/** RFC 7662 §2.2: one text with spaces between; several servers write a list instead, which says the same. */
function readScopes(claims: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  return readList(claims, 'scope')?.flatMap((text) => text.split(' ').filter((scope) => scope !== ''))
}

/**
 * Owns the canonical request of Signature Version 4: the one spelling of a request that both sides hash.
 * Texts hold one latin1 character an octet, as they come off the wire.
 * AWS IAM User Guide, "Create a signed AWS API request", step 1; Amazon S3 API Reference, "Authenticating Requests".
 */
import { hash } from 'node:crypto'
import { escapeOctets, unescapeOctets } from './octet-escapes.ts'

/**
 * How a path is spelled before it is hashed. `normal`: without dot segments and empty ones, escaped once more than it was sent;
 * `received`: only escaped once more; `s3`: each segment decoded and escaped once, nothing taken out.
 */
export const PATH_FORMS = ['normal', 'received', 's3'] as const
export type PathForm = (typeof PATH_FORMS)[number]

/** What the services of AWS do: S3 and what speaks its API take object keys as they are. */
export function toPathForm(service: string): PathForm {
  return /^s3(?:$|-|express$)/.test(service) ? 's3' : 'normal'
}

/** Decoded. */
export type QueryPair = readonly [name: string, value: string]

/** Fields of one name, in the order of the message. */
export interface SignedField {
  /** Lower case. */
  readonly name: string
  readonly values: readonly string[]
}

export interface CanonicalParts {
  readonly method: string
  /** Canonical already. */
  readonly path: string
  readonly query: string
  /** In the order of their names. */
  readonly fields: readonly SignedField[]
  /** Lower-case hex of the body's SHA-256, or the word that stands for it. */
  readonly payloadHash: string
}

export function toCanonicalRequest({ method, path, query, fields, payloadHash }: CanonicalParts): string {
  let lines = `${method}\n${path}\n${query}\n`
  for (const { name, values } of fields) lines += `${name}:${toCanonicalValue(name, values)}\n`
  return `${lines}\n${toSignedNames(fields)}\n${payloadHash}`
}

export function toSignedNames(fields: readonly SignedField[]): string {
  return fields.map(({ name }) => name).join(';')
}

/** Lower-case hex. */
export function hashCanonical(canonicalRequest: string): string {
  return hash('sha256', Buffer.from(canonicalRequest, 'latin1'))
}

/** `path`: from its first slash up to the query, as sent. */
export function toCanonicalPath(path: string, form: PathForm): string {
  if (form === 's3') return mapSegments(path, (segment) => escapeOctets(unescapeOctets(segment)))
  return mapSegments(form === 'normal' ? removeDots(path) : path, escapeOctets)
}

function mapSegments(path: string, map: (segment: string) => string): string {
  return path.split('/').map(map).join('/')
}

/** RFC 3986 §5.2.4, and of several slashes one. An escaped dot is none here: it is escaped once more, and stays visible. */
function removeDots(path: string): string {
  if (!path.includes('//') && !path.includes('/.')) return path
  const kept: string[] = []
  const segments = path.split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  const isFolder = kept.length > 0 && (last === '' || last === '.' || last === '..')
  return `/${kept.join('/')}${isFolder ? '/' : ''}`
}

/**
 * `query`: without its `?`, as sent. `+` is a space (URL Standard §5.1), as it is to most who read the query behind a gateway;
 * `a` is `a=`; nothing between two `&` is nothing.
 */
export function parseQuery(query: string): QueryPair[] {
  const pairs: QueryPair[] = []
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    pairs.push(
      equals < 0
        ? [unescapeForm(pair), '']
        : [unescapeForm(pair.slice(0, equals)), unescapeForm(pair.slice(equals + 1))],
    )
  }
  return pairs
}

function unescapeForm(text: string): string {
  return unescapeOctets(text.replaceAll('+', ' '))
}

/** Ordered by escaped name, and by escaped value where names are equal. */
export function toCanonicalQuery(pairs: readonly QueryPair[]): string {
  return pairs
    .map(([name, value]): QueryPair => [escapeOctets(name), escapeOctets(value)])
    .sort(([name, value], [otherName, otherValue]) => compareTexts(name, otherName) || compareTexts(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** By code points: locales would order them otherwise. */
export function compareTexts(text: string, other: string): number {
  if (text === other) return 0
  return text < other ? -1 : 1
}

function toCanonicalValue(name: string, values: readonly string[]): string {
  // RFC 9113 §8.2.3: a cookie that came in pieces is put together before it is looked at.
  return values.map(foldSpaces).join(name === 'cookie' ? '; ' : ',')
}

function foldSpaces(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')
}

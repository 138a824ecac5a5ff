/** Owns the one spelling of a request path: the normal form that is matched and forwarded, or why there is none. */

import { findReadings, type Readings, resolveDots } from './path-readings.ts'

/** Why a path or query is refused. Always answered with 400 and a closed connection. */
export interface PathFault {
  readonly kind: 'refused'
  readonly problem: 'malformed-request' | 'ambiguous-path'
  /** A word for the record. */
  readonly reason: string
  /** Index into what was given; 0 where it is about the whole. */
  readonly at: number
  /** A sentence for the client: what, where, and how to mend it. */
  readonly detail: string
}

/** A path that others could read differently: the router compares where each reading leads. */
export interface OpenPath {
  readonly kind: 'open'
  readonly path: string
  readonly readings: Readings
}

/** A string is a normal form with one meaning: the very string that was given, when it needed nothing. */
export type NormalPath = string | OpenPath | PathFault

const SLASH = 0x2f
const DOT = 0x2e
const PERCENT = 0x25

/** What a character means to the plain scan. 0: nothing to do. */
const KINDS = new Uint8Array(256)
const PLAIN = 0
const REFUSED = 1
const SPECIAL = 2
// Controls, space and DEL. RFC 9112 §3.2: no whitespace is allowed in the request target.
KINDS.fill(REFUSED, 0x00, 0x21)
// RFC 3986 §2: a URI is made of ASCII. Raw bytes above it would be a second spelling of %80–%FF that literals don't have.
KINDS.fill(REFUSED, 0x7f, 0x100)
for (const refused of '#\\?') KINDS[refused.charCodeAt(0)] = REFUSED
// `[]|^"<>{}` and the back quote are no URI characters either, but browsers and curl send them raw, with one meaning.
for (const special of '%;') KINDS[special.charCodeAt(0)] = SPECIAL

/**
 * The normal form of a raw path: the request target up to its `?`, one latin1 character a byte.
 * Dot segments are resolved, escaped unreserved characters decoded, other escapes kept in upper case;
 * `//`, `;…` and `%2F` stay. Doing it twice changes nothing more.
 */
export function toNormalPath(raw: string): NormalPath {
  return isPlain(raw) ? raw : normalise(raw)
}

/** Hot: every request passes here, few go further. One look at each character, no allocation. */
function isPlain(raw: string): boolean {
  const length = raw.length
  if (length === 0 || raw.charCodeAt(0) !== SLASH) return false
  let previous = 0
  for (let index = 0; index < length; index++) {
    const code = raw.charCodeAt(index)
    if (KINDS[code] !== PLAIN) return false
    // `//`, or a segment that begins with a dot and may be a dot segment.
    if (previous === SLASH && (code === SLASH || code === DOT)) return false
    previous = code
  }
  return true
}

function normalise(raw: string): NormalPath {
  if (raw.charCodeAt(0) !== SLASH) return fault('path-slash', 0, 'The path does not begin with a slash.')
  const spelled = spell(raw)
  if (typeof spelled !== 'string') return spelled
  const path = resolveDots(spelled)
  // RFC 3986 §5.2.4 would drop what climbs above the root. No honest client sends it, a server that does not drop it
  // leaves its document root, so it is refused.
  if (path === undefined) return fault('path-climbs', 0, 'The path climbs above the root. Remove the extra "..".')
  const readings = findReadings(spelled, path)
  if (readings === undefined) return path
  if (readings === 'above-root')
    return ambiguous('path-climbs', 'The path climbs above the root once "%2F", "//" or ";" is resolved.')
  if (readings === 'too-many')
    return ambiguous('path-readings', 'The path has too many "%2F", "//" or ";" to be read safely.')
  return { kind: 'open', path, readings }
}

/** Checks every character and brings escapes to one spelling; dot segments stay. */
function spell(raw: string): string | PathFault {
  let spelled = ''
  let copied = 0
  for (let index = 0; index < raw.length; index++) {
    const code = raw.charCodeAt(index)
    if (code > 0xff || KINDS[code] === REFUSED) return refuse(code, index)
    if (code !== PERCENT) continue
    const value = hexDigit(raw, index + 1) * 16 + hexDigit(raw, index + 2)
    if (Number.isNaN(value))
      return fault('path-escape', index, 'A "%" is not followed by two hex digits. Send a percent sign as %25.')
    if (value === 0) return fault('path-null', index, 'The path contains %00.')
    // RFC 3986 §6.2.2.2: an escaped unreserved character is that character. §6.2.2.1: hex digits are upper case.
    const escaped = isUnreserved(value) ? String.fromCharCode(value) : raw.slice(index, index + 3).toUpperCase()
    spelled += raw.slice(copied, index) + escaped
    index += 2
    copied = index + 1
  }
  return copied === 0 ? raw : spelled + raw.slice(copied)
}

/** RFC 3986 §2.3: ALPHA / DIGIT / "-" / "." / "_" / "~" */
function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === DOT ||
    code === 0x5f ||
    code === 0x7e
  )
}

/** NaN where there is none. */
function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN
}

/**
 * Why a query (`?…` or '') cannot be forwarded byte for byte, if so. Controls (DEL too), spaces and `#` would break the
 * request line or mean something else to the next reader. All the rest passes: browsers send `%`, `|`, `[]` raw, and bytes
 * above ASCII, which legacy forms put there, are data that nothing here matches on.
 */
export function findQueryFault(search: string): PathFault | undefined {
  for (let index = 0; index < search.length; index++) {
    const code = search.charCodeAt(index)
    if (code <= 0x20 || code === 0x23 || code === 0x7f || code > 0xff) return refuse(code, index, 'query')
  }
  return undefined
}

function refuse(code: number, at: number, where: 'path' | 'query' = 'path'): PathFault {
  const reason = code === 0 ? `${where}-null` : `${where}-character`
  if (code > 0xff) return fault(reason, at, `The ${where} contains a character that is not one byte.`)
  const escaped = `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  if (code === 0) return fault(reason, at, `The ${where} contains a null byte.`)
  if (code > 0x20 && code < 0x7f) {
    return fault(reason, at, `The ${where} contains a raw "${String.fromCharCode(code)}". Send it as ${escaped}.`)
  }
  const name = code === 0x20 ? 'space' : code >= 0x80 ? 'byte outside ASCII' : 'control character'
  return fault(reason, at, `The ${where} contains a raw ${name}. Send it as ${escaped}.`)
}

function fault(reason: string, at: number, detail: string): PathFault {
  return { kind: 'refused', problem: 'malformed-request', reason, at, detail }
}

function ambiguous(reason: string, detail: string): PathFault {
  return { kind: 'refused', problem: 'ambiguous-path', reason, at: 0, detail }
}

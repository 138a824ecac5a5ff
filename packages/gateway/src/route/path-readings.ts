/**
 * Owns what else a path could mean to a server behind the gateway that is less careful than RFC 3986.
 *
 * Servers differ in what they do to a path before they look it up, and in which order:
 *
 *     drop parameters   /a;x/b    → /a/b      servlet containers, before or after they decode
 *     decode slashes    /a%2Fb    → /a/b      most file servers; some take %5C for a slash too
 *     decode the rest   /%40me    → /@me      nearly all: RFC 3986 keeps the two apart, they don't
 *     split off a query /a%3Fb    → /a        those who decode the target before they split it; %23 likewise
 *     merge slashes     /a//b     → /a/b      before they resolve dot segments, or after
 *
 * So `/open/..%2Fadmin` and `/open/..;/admin` may mean `/admin`, and `/a//../b` means `/b` to one and `/a/b` to another. Every
 * combination is one reading here; the router refuses the request where a reading reaches another route. Nothing is
 * decoded twice: `%252F` is data.
 */

/** Other meanings of one path, none equal to its normal form. */
export interface Readings {
  readonly paths: readonly string[]
  /** Some reading resolved a `..`: then reaching no route at all is a difference too, because what it reaches was never meant to be open. */
  readonly climbs: boolean
}

/**
 * More `//`, `;` and escaped delimiters than honest paths have: letters of other scripts and spaces don't count. It bounds
 * what one hostile request can cost: measured with 120 of them, in an order that gives 81 readings, 0.24 ms.
 */
const MOST_OPEN_PLACES = 128

// The escapes of `/` and `\`, of `?` and `#`, which end a path, and of characters that a literal of a route may contain raw. Not
// `%`: nothing is decoded twice.
const OPEN_PLACE = /\/(?=\/)|;|%(?:2[F12346789ABC]|3[ABCDEF]|40|5[BCDE]|60|7[BCD])/g
const ESCAPED_CHARACTER = /%(?:2[1246789ABC]|3[ABCDE]|40|5[BDE]|60|7[BCD])/g

/** `spelled` has its escapes in one spelling but its dot segments unresolved; `normal` is the same, resolved. */
export function findReadings(spelled: string, normal: string): Readings | 'above-root' | 'too-many' | undefined {
  const places = countOpenPlaces(spelled)
  if (places === 0) return undefined
  if (places > MOST_OPEN_PLACES) return 'too-many'
  const unresolved = new Set<string>()
  addSpellings(spelled, unresolved)
  // What is forwarded is the normal form (unless the API says otherwise), so that is read, too.
  if (normal !== spelled) addSpellings(normal, unresolved)
  const paths = new Set<string>()
  let climbs = false
  for (const spelling of unresolved) {
    const merged = mergeSlashes(spelling)
    const resolved = resolveDots(spelling)
    const mergedFirst = resolveDots(merged)
    if (resolved === undefined || mergedFirst === undefined) return 'above-root'
    paths.add(resolved).add(mergedFirst).add(mergeSlashes(resolved))
    climbs ||= hasParentSegment(spelling)
  }
  paths.delete(normal)
  return paths.size === 0 ? undefined : { paths: [...paths], climbs }
}

function countOpenPlaces(path: string): number {
  let places = 0
  OPEN_PLACE.lastIndex = 0
  while (places <= MOST_OPEN_PLACES && OPEN_PLACE.test(path)) places++
  return places
}

/** Each way of decoding and of dropping parameters, alone, and one after the other in both orders. */
function addSpellings(path: string, into: Set<string>): void {
  addDecoded(path, into)
  if (path.includes(';')) addDecoded(dropParameters(path), into)
  addCutOff(path, '%3F', into)
  addCutOff(path, '%23', into)
}

/** Who finds an escaped `?` or `#` has decoded all that stands before it, slashes too. */
function addCutOff(path: string, end: '%3F' | '%23', into: Set<string>): void {
  const at = path.indexOf(end)
  if (at < 0) return
  const slashes = path.slice(0, at).replaceAll('%2F', '/')
  for (const decoded of new Set([slashes, slashes.replaceAll('%5C', '/')])) {
    const characters = decodeCharacters(decoded)
    into.add(characters).add(dropParameters(characters))
  }
}

function addDecoded(path: string, into: Set<string>): void {
  const slashes = path.replaceAll('%2F', '/')
  const backslashes = slashes.replaceAll('%5C', '/')
  for (const decoded of new Set([path, slashes, backslashes])) {
    const characters = decodeCharacters(decoded)
    into.add(decoded).add(characters).add(dropParameters(decoded)).add(dropParameters(characters))
  }
}

function dropParameters(path: string): string {
  return path.includes(';') ? path.replace(/;[^/]*/g, '') : path
}

function mergeSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
}

function decodeCharacters(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(ESCAPED_CHARACTER, decodeURIComponent)
}

function hasParentSegment(path: string): boolean {
  return path.includes('/../') || path.endsWith('/..')
}

/** RFC 3986 §5.2.4, except that a path which climbs above the root is undefined. An empty segment is a segment. */
export function resolveDots(path: string): string | undefined {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  for (let start = 1; start <= path.length; ) {
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const segment = path.slice(start, end)
    if (segment === '..') {
      if (kept.length === 0) return undefined
      kept.pop()
    } else if (segment !== '.') kept.push(segment)
    // A dot segment at the end names a folder: its slash stays.
    if (slash < 0 && (segment === '.' || segment === '..')) kept.push('')
    start = end + 1
  }
  return `/${kept.join('/')}`
}

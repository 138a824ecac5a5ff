/** Owns what a path must not hold before it goes to an upstream. */

// RFC 3986 §3.3: what a path is made of; `[]|^"<>{}` and the back quote pass, as they do when clients send them raw.
const FORBIDDEN = /[\x00-\x20\x7f-\uffff#?\\]/
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})|%00/
/** Where any reader may see the end of a segment: servers differ in whether they decode before they split. */
const SEPARATOR = /\/|%2f|%5c/i
const DOT = /%2e/gi

/** Why a path cannot be forwarded, or undefined. `..` counts however it is spelled, and behind `;…` too. */
export function findPathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it does not begin with a slash'
  const forbidden = FORBIDDEN.exec(path)
  if (forbidden !== null) return `it holds ${JSON.stringify(forbidden[0])}, which has to be percent-encoded`
  if (BROKEN_ESCAPE.test(path)) return 'it holds a "%" without two hex digits behind it, or %00'
  for (const segment of path.split(SEPARATOR)) {
    const [name = ''] = segment.replace(DOT, '.').split(';')
    if (name === '.' || name === '..') return `it holds the dot segment "${segment}"`
  }
  return undefined
}

// RFC 3986 §2.3: unreserved characters, which the normal form has unescaped.
const ESCAPED_UNRESERVED = /%(?:2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)/i

/** The same for what a configuration says, which can be asked to be in the normal form. */
export function findLiteralPathFault(path: string): string | undefined {
  const escaped = ESCAPED_UNRESERVED.exec(path)?.[0]
  if (escaped !== undefined) return `it escapes ${escaped}, which is ${decodeURIComponent(escaped)}`
  return findPathFault(path)
}

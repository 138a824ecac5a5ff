/** Owns where a browser goes after a login: a path of the same origin, whatever was asked for. */

/** Longer ones would make a cookie that browsers drop. */
const LONGEST = 1_500
/** Resolves what is given as a browser would. Nothing is ever sent there (RFC 2606 §2). */
const BASE = 'https://same-origin.invalid'

/**
 * The path and query that `text` leads to, as a browser reads it from a page of this origin (WHATWG URL); undefined: it leads
 * elsewhere (CWE-601), is too long, none of `allowed` begins it, or it is one of `own`: the paths of the login, one of which logs out.
 */
export function findReturnPath(
  text: string,
  allowed: readonly string[],
  own: readonly string[] = [],
): string | undefined {
  // Browsers drop tabs and line feeds, and take `\` for `/`: nobody who means a path writes them.
  if (text.length > LONGEST || !text.startsWith('/') || /[\\\x00-\x20\x7f]/.test(text)) return undefined
  const url = URL.parse(text, BASE)
  // Also after dot segments are gone: `/.//evil.example` is `//evil.example` then.
  if (url === null || url.origin !== BASE || url.pathname.startsWith('//')) return undefined
  if (own.includes(decode(url.pathname))) return undefined
  return allowed.some((prefix) => isUnder(url.pathname, prefix)) ? url.pathname + url.search : undefined
}

/** By whole segments: `/app` allows `/app` and `/app/x`, and not `/apple`. */
function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false
  return prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/'
}

/** As requests are matched, where that can be said. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Owns `Location` on the way back: an address under the target is said as the client knows it. */

/** What of a target matters here. */
export interface LocatedTarget {
  /** `http://host:port` or `https://…`. */
  readonly origin: string
  readonly pathPrefix: string
}

interface LocationFacts {
  readonly target: LocatedTarget
  /** `http://host:port` as the client addressed us; '' where it did not say. */
  readonly clientOrigin: string
  /** What was stripped off the path on the way there. */
  readonly basePath: string
}

/** What is not under the target stays as it is. */
export function toClientLocation(location: string, { target, clientOrigin, basePath }: LocationFacts): string {
  const { origin } = target
  if (location.startsWith(origin)) {
    const rest = location.slice(origin.length)
    if (rest !== '' && !/^[/?#]/.test(rest)) return location
    const below = findBelow(rest === '' ? '/' : rest, target.pathPrefix)
    return below === undefined ? location : clientOrigin + toPath(basePath + below)
  }
  // An absolute path, and not a `//host`.
  if (/^\/(?!\/)/.test(location)) {
    const below = findBelow(location, target.pathPrefix)
    return below === undefined ? location : toPath(basePath + below)
  }
  return location
}

/** What is left of `/prefix?query` would otherwise be relative to the page it is found on. */
function toPath(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}

function findBelow(path: string, prefix: string): string | undefined {
  if (prefix === '') return path
  if (!path.startsWith(prefix)) return undefined
  const below = path.slice(prefix.length)
  return below === '' || /^[/?#]/.test(below) ? below : undefined
}

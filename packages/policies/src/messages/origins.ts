/** Owns which origins are meant: exact ones, one wildcard label, or all. */

/**
 * An origin as browsers serialize it (HTML §7.1.1): scheme, `://`, host, perhaps a port, all in lower case and without a path.
 * A `*` stands for one whole label.
 */
export const ORIGIN =
  /^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:]+\]|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::[0-9]{1,5})?)$/

/** Characters that may stand where the `*` is: no dot, so that one label stays one label. */
const LABEL = /^[a-z0-9_-]+$/

export function compileOrigins(origins: readonly string[]): (origin: string) => boolean {
  if (origins.includes('*')) return () => true
  const exact = new Set(origins.filter((origin) => !origin.includes('*')))
  const patterns = origins
    .filter((origin) => origin.includes('*'))
    .map((origin) => {
      const at = origin.indexOf('*')
      return { before: origin.slice(0, at), after: origin.slice(at + 1) }
    })
  return function allows(origin) {
    if (exact.has(origin)) return true
    for (const { before, after } of patterns) {
      if (origin.length <= before.length + after.length || !origin.startsWith(before) || !origin.endsWith(after))
        continue
      if (LABEL.test(origin.slice(before.length, origin.length - after.length))) return true
    }
    return false
  }
}

/** Owns patterns of paths, `/v1/{kind}/{rest+}`: matched in one pass, never backtracking. */

export interface PathPattern {
  /** What each name stands for, as it was sent; undefined when the path is another one. */
  match(path: string): Readonly<Record<string, string>> | undefined
}

const NAMED = /^\{([A-Za-z_][A-Za-z0-9_-]*)(\+?)\}$/

/** Why a pattern cannot be compiled, or undefined. */
export function findPathPatternFault(source: string): string | undefined {
  if (!source.startsWith('/')) return 'a pattern begins with a slash'
  const segments = source.slice(1).split('/')
  const names = new Set<string>()
  for (const [index, segment] of segments.entries()) {
    const [, name, more] = NAMED.exec(segment) ?? []
    if (name === undefined) {
      if (/[{}]/.test(segment)) return `"${segment}" is no whole segment: a {name} stands alone between slashes`
      continue
    }
    if (names.has(name)) return `{${name}} stands twice`
    if (more === '+' && index < segments.length - 1)
      return `{${name}+} takes all that is left, so it has to be the last`
    names.add(name)
  }
  return undefined
}

/** @throws TypeError for what `findPathPatternFault` finds fault with. */
export function compilePathPattern(source: string): PathPattern {
  const fault = findPathPatternFault(source)
  if (fault !== undefined) throw new TypeError(fault)
  const segments = source
    .slice(1)
    .split('/')
    .map((literal) => {
      const [, name, more] = NAMED.exec(literal) ?? []
      return { literal, name, isRest: more === '+' }
    })

  return {
    match(path) {
      const values: Record<string, string> = {}
      let at = 1
      for (const { literal, name, isRest } of segments) {
        if (at > path.length) return undefined
        const slash = isRest ? -1 : path.indexOf('/', at)
        const end = slash < 0 ? path.length : slash
        const segment = path.slice(at, end)
        if (name === undefined ? segment !== literal : segment === '') return undefined
        if (name !== undefined) values[name] = segment
        at = end + 1
      }
      return at === path.length + 1 ? values : undefined
    },
  }
}

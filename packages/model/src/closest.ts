/** Owns "did you mean …?": the nearest of some known names by edit distance. */

/** The name that was probably meant, if one is near: at most one edit in three letters. */
export function findClosest(name: string, known: Iterable<string>): string | undefined {
  const wanted = normalise(name)
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(wanted, normalise(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best !== undefined && bestDistance <= Math.max(1, Math.floor(wanted.length / 3)) ? best : undefined
}

/** `did you mean "x"?`, else what there is to choose from, else nothing. */
export function suggestName(name: string, known: readonly string[], what = 'known'): string | undefined {
  const closest = findClosest(name, known)
  if (closest !== undefined) return `Did you mean "${closest}"?`
  if (known.length === 0) return undefined
  // Longer lists hide the answer instead of showing it.
  const shown = known.slice(0, 20)
  return `${what}: ${shown.join(', ')}${known.length > shown.length ? `, and ${known.length - shown.length} more` : ''}.`
}

/** `rate_limit`, `rateLimit` and `rate-limit` are the same word to a person. */
function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

/** Optimal string alignment: inserted, dropped, changed letters and swapped neighbours cost one each. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let cost = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
      )
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (beforePrevious[column - 2] ?? 0) + 1)
      }
      current.push(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[b.length] ?? 0
}

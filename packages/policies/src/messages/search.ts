/** Owns single parameters of a query: read and changed without touching the others, byte for byte. `search` is `?…` or ''. */

/** Every value of a parameter, decoded, in order. `?a` is the same as `?a=`. */
export function findParameter(search: string, name: string): string[] {
  const values: string[] = []
  for (const pair of toPairs(search)) {
    if (!isNamed(pair, name)) continue
    const equals = pair.indexOf('=')
    values.push(equals < 0 ? '' : decodeForm(pair.slice(equals + 1)))
  }
  return values
}

export function withoutParameter(search: string, name: string): string {
  const pairs = toPairs(search)
  const rest = pairs.filter((pair) => !isNamed(pair, name))
  if (rest.length === pairs.length) return search
  return rest.length === 0 ? '' : `?${rest.join('&')}`
}

/** Behind the others; what had this name before is gone. @throws URIError for a lone surrogate. */
export function withParameter(search: string, name: string, value: string): string {
  const rest = withoutParameter(search, name)
  const pair = `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  return rest.length <= 1 ? `?${pair}` : `${rest}&${pair}`
}

function toPairs(search: string): string[] {
  return search.length <= 1 ? [] : search.slice(1).split('&')
}

function isNamed(pair: string, name: string): boolean {
  const equals = pair.indexOf('=')
  return decodeForm(equals < 0 ? pair : pair.slice(0, equals)) === name
}

/** As forms are decoded (URL Standard §5.1); what cannot be decoded is itself. */
function decodeForm(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

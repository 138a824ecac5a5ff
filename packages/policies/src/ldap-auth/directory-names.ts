/** Owns names as directories compare them, and what groups are called. */

/**
 * One text for all spellings that a directory takes for one name (caseIgnoreMatch with RFC 4518: width and compatibility, case,
 * spaces at the ends and beside each other), so that nobody counts as several callers, or gets guesses for each spelling.
 */
export function toLookedUpName(name: string): string {
  return name.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')
}

/** RFC 4514 §3: the value of the first part of a DN, without its escapes; what is no DN stays as it is. */
export function toShortName(group: string): string {
  const match = /^\s*[A-Za-z][A-Za-z0-9.-]*\s*=\s*((?:\\.|[^\\,+;])*)/s.exec(group)
  return match === null ? group : unescapeValue((match[1] ?? '').trimEnd())
}

function unescapeValue(value: string): string {
  return value.replace(/(?:\\[0-9a-fA-F]{2})+|\\(.)/gs, (escaped, sign?: string) =>
    // Bytes of UTF-8, which only together are letters.
    sign === undefined ? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString('utf8') : sign,
  )
}

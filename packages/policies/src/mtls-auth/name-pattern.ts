/** Owns patterns of names in certificates: exact, or with `*` for a part of one label, segment or side of an address. */

export type NameKind = 'subject-cn' | 'san-dns' | 'san-uri' | 'san-email' | 'fingerprint'

/** What divides a name of each kind into parts that a `*` never crosses. */
const DIVIDERS: Readonly<Record<NameKind, string>> = {
  'subject-cn': '',
  'san-dns': '.',
  'san-uri': '/',
  'san-email': '@',
  fingerprint: '',
}

/** Colons and capitals are how tools print them. */
const FINGERPRINT = /^(?:[0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}$/

/** The form in which two names of a kind are compared. */
export function toComparedName(name: string, kind: NameKind): string {
  switch (kind) {
    case 'san-dns':
      // RFC 5280 §7.2.
      return name.toLowerCase()
    case 'san-email': {
      // RFC 5280 §7.5: the host in any case, what stands before it as it is.
      const at = name.lastIndexOf('@')
      return name.slice(0, at + 1) + name.slice(at + 1).toLowerCase()
    }
    case 'fingerprint':
      return name.replaceAll(':', '').toLowerCase()
    case 'subject-cn':
    case 'san-uri':
      return name
  }
}

/** What is wrong with a pattern, or undefined. */
export function findPatternFault(pattern: string, kind: NameKind): string | undefined {
  if (kind === 'fingerprint') {
    return FINGERPRINT.test(pattern) ? undefined : 'write the SHA-256 of a certificate: 64 hexadecimal digits'
  }
  const parts = split(pattern, kind)
  if (kind === 'san-uri' && parts.at(-1) === '**') parts.pop()
  if (parts.some((part) => part.indexOf('*') !== part.lastIndexOf('*'))) {
    return 'a `*` may stand once in each part of a name, and `**` only as the last segment of a URI'
  }
  return undefined
}

/** Whether a name, in its compared form, is meant. `pattern` has no fault. */
export function compileNamePattern(pattern: string, kind: NameKind): (name: string) => boolean {
  const compared = toComparedName(pattern, kind)
  if (!compared.includes('*')) return (name) => name === compared
  const parts = split(compared, kind)
  const isOpen = kind === 'san-uri' && parts.at(-1) === '**'
  if (isOpen) parts.pop()
  const matchers = parts.map(compilePart)
  return (name) => {
    const others = split(name, kind)
    // What is open has at least one segment more, and none of them empty: `spiffe://a/` is nobody below `spiffe://a/**`.
    const fits = isOpen ? others.length > matchers.length : others.length === matchers.length
    if (!fits || (isOpen && others.slice(matchers.length).includes(''))) return false
    return matchers.every((matches, at) => matches(others[at] ?? ''))
  }
}

function split(name: string, kind: NameKind): string[] {
  const divider = DIVIDERS[kind]
  return divider === '' ? [name] : name.split(divider)
}

/** `*` is at least one character. */
function compilePart(part: string): (other: string) => boolean {
  const star = part.indexOf('*')
  if (star < 0) return (other) => other === part
  const before = part.slice(0, star)
  const after = part.slice(star + 1)
  return (other) => other.length > before.length + after.length && other.startsWith(before) && other.endsWith(after)
}

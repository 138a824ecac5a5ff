/** Owns the authority of a request (RFC 9110 §7.2, RFC 3986 §3.2): strict, and in the one form in which hosts are compared. */

export interface Authority {
  /** Lower case, without port and without one trailing dot; IPv6 in brackets. */
  readonly host: string
  /** As it came. */
  readonly received: string
  /** undefined: the scheme's own. */
  readonly port: number | undefined
}

// Registered names as they are used: letters, digits, `-`, `.`, and `_`, which is no host name but common. No user info, escapes or sub-delims.
const NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/
const IP_LITERAL = /^\[[0-9a-f:.]+\]$/
const MOST_CHARACTERS = 255

/** undefined: not an authority that can be served. */
export function parseAuthority(received: string): Authority | undefined {
  const lower = received.toLowerCase()
  const bracket = lower.lastIndexOf(']')
  const colon = lower.indexOf(':', bracket < 0 ? 0 : bracket)
  const host = colon < 0 ? lower : lower.slice(0, colon)
  if (host.length > MOST_CHARACTERS) return undefined
  if (!(host.startsWith('[') ? isIpLiteral(host) : NAME.test(host))) return undefined
  let port: number | undefined
  if (colon >= 0) {
    const digits = lower.slice(colon + 1)
    // RFC 3986 §3.2.3: an empty port is the scheme's own.
    if (!/^\d{0,5}$/.test(digits)) return undefined
    if (digits !== '') port = Number(digits)
    if (port !== undefined && port > 65_535) return undefined
  }
  return { host: host.endsWith('.') ? host.slice(0, -1) : host, received, port }
}

function isIpLiteral(host: string): boolean {
  if (!IP_LITERAL.test(host)) return false
  const groups = host.slice(1, -1)
  return URL.canParse(`http://[${groups}]/`)
}

/** Do a Host field and an absolute target mean the same place? Case, default port and trailing dot aside. */
export function agree(a: Authority, b: Authority, defaultPort: number): boolean {
  return a.host === b.host && (a.port ?? defaultPort) === (b.port ?? defaultPort)
}

/** Owns the origin that a page of the same site has, as its browser says it. */
import type { Exchange } from '../exchange.ts'

/**
 * Browsers write origins in lower case and without the port that the scheme has anyway (RFC 6454 §6.2): what is written otherwise is
 * not from one. `origin` is compared as a whole, so that nothing before, behind or inside of it makes it another.
 */
export function isOwnOrigin(origin: string, exchange: Exchange): boolean {
  const { scheme } = exchange.request
  const host = toOriginHost(readAuthority(exchange), scheme)
  const start = scheme.length + '://'.length
  return (
    host !== '' &&
    origin.length === start + host.length &&
    origin.startsWith(scheme) &&
    origin.startsWith('://', scheme.length) &&
    origin.endsWith(host)
  )
}

/** As the client sees it: what a trusted proxy received, else what came. A stranger's field was taken out when the exchange began. */
function readAuthority({ client, request }: Exchange): string {
  if (!client.isPeerTrusted) return request.authority
  const said = request.headers.get('x-forwarded-host')
  return said === undefined ? request.authority : (said.split(',')[0] ?? '').trim()
}

function toOriginHost(authority: string, scheme: 'http' | 'https'): string {
  const host = authority.toLowerCase()
  const usual = scheme === 'https' ? ':443' : ':80'
  return host.endsWith(usual) ? host.slice(0, -usual.length) : host
}

/** The origin of a URL (RFC 3986 §3.2), as text before its path; what is no URL of a page has one that nobody has. */
export function toReferrerOrigin(referrer: string): string {
  const start = referrer.indexOf('://')
  if (start < 0) return ''
  const end = referrer.slice(start + 3).search(/[/?#]/)
  return end < 0 ? referrer : referrer.slice(0, start + 3 + end)
}

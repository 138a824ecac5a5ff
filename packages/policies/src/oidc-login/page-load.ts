/** Owns whether a request loads a page, so that whoever sent it can be led to a login; a script or a program cannot. */
import type { GatewayRequest } from '../messages/request.ts'

export function isPageLoad({ method, headers }: GatewayRequest): boolean {
  // What an unsafe method carries would be lost on the way to the login.
  if (method !== 'GET' || headers.has('upgrade')) return false
  const mode = headers.get('sec-fetch-mode')
  // Fetch Metadata §2.3: browsers say it, and pages cannot. §2.5: a page that is fetched in case somebody wants it has nobody before it.
  if (mode !== undefined) return mode === 'navigate' && headers.get('sec-purpose')?.startsWith('prefetch') !== true
  if (headers.get('x-requested-with')?.toLowerCase() === 'xmlhttprequest') return false
  return /(?:^|,)\s*(?:text\/html|application\/xhtml\+xml)\s*(?:[,;]|$)/i.test(headers.get('accept') ?? '')
}

/** Did another site make the browser send it? Older browsers do not say (Fetch Metadata §2.4). */
export function isFromOtherSite({ headers }: GatewayRequest): boolean {
  return headers.get('sec-fetch-site') === 'cross-site'
}

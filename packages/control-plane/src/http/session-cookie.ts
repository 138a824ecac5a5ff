/** Owns the cookie of a browser's session. */

import { SESSION_COOKIE } from './read-credentials.ts'
import type { Asking } from './route.ts'

/** Sent by no other site, read by no script (RFC 6265bis §4.1.2.7); with TLS, by this host alone. `secret` undefined: it ends. */
export function toSessionCookie({ services }: Pick<Asking, 'services'>, secret: string | undefined): string {
  const { isTls } = services
  return [
    `${isTls ? '__Host-' : ''}${SESSION_COOKIE}=${secret ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isTls ? ['Secure'] : []),
    ...(secret === undefined ? ['Max-Age=0'] : []),
  ].join('; ')
}

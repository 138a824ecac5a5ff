/** Owns which fields have no place in trailers, in whatever version of HTTP they come. */
import { HeaderList } from '@gatewright/policies'

// RFC 9110 §6.5.1: fields that frame, route, authenticate or say how to process have no place in trailers.
const FORBIDDEN_TRAILERS = new Set(
  `transfer-encoding content-length content-encoding content-type content-range host connection keep-alive proxy-connection
   te trailer upgrade expect cache-control max-forwards pragma range if-match if-none-match if-modified-since
   if-unmodified-since if-range authorization proxy-authorization www-authenticate proxy-authenticate
   set-cookie cookie age date expires location retry-after vary warning forwarded via x-forwarded-for x-forwarded-proto
   x-forwarded-host x-forwarded-port x-request-id traceparent tracestate`.split(/\s+/),
)

/** What speaks for the way (forwarding) or to the browser (security): known by the head, or not at all. */
const FORBIDDEN_TRAILER_FAMILIES =
  /^(?:x-forwarded|x-real-ip|access-control-|strict-transport-security|clear-site-data|content-security-policy|cross-origin-|x-frame-options|x-content-type-options|referrer-policy|permissions-policy|link$|refresh$|alt-svc)/

/** Those that may stand there; undefined where none is left. */
export function toTrailers(all: HeaderList): HeaderList | undefined {
  const trailers = HeaderList.of()
  for (const [name, value] of all) if (!isForbidden(name)) trailers.append(name, value)
  return trailers.size > 0 ? trailers : undefined
}

/** `_` is `-` to servers that merge trailers into CGI or WSGI variables, so neither spelling passes. */
function isForbidden(name: string): boolean {
  const lower = name.toLowerCase().replaceAll('_', '-')
  return FORBIDDEN_TRAILERS.has(lower) || FORBIDDEN_TRAILER_FAMILIES.test(lower)
}

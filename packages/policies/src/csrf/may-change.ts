/** Owns which requests may change something: by their method, by one that hides behind it, or by opening a connection. */
import type { GatewayRequest } from '../messages/request.ts'
import { findParameter } from '../messages/search.ts'

/** RFC 9110 §9.2.1; TRACE is answered nowhere. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** By which frameworks let another method take the place of the request's own, with the twins that CGI and WSGI make the same. */
const OVERRIDE_FIELDS = ['x-http-method-override', 'x-http-method', 'x-method-override'].flatMap((name) => [
  name,
  name.replaceAll('-', '_'),
])
const OVERRIDE_PARAMETER = '_method'

/** `tunnel`: a WebSocket, which a page of any site may open with the cookies of this one, and to which it can give no field. */
export type Change = 'no' | 'request' | 'tunnel'

export function findChange({ method, headers, search }: GatewayRequest): Change {
  // Methods are case-sensitive (RFC 9110 §9.1): `get` is not GET.
  if (!SAFE_METHODS.has(method)) return 'request'
  if (headers.has('upgrade') || headers.has('sec-websocket-version')) return 'tunnel'
  for (const name of OVERRIDE_FIELDS) {
    const value = headers.get(name)
    if (value !== undefined && !SAFE_METHODS.has(value)) return 'request'
  }
  // Most queries hold neither the name nor anything that could be decoded to it.
  if (!search.includes(OVERRIDE_PARAMETER) && !search.includes('%')) return 'no'
  return findParameter(search, OVERRIDE_PARAMETER).every((value) => SAFE_METHODS.has(value)) ? 'no' : 'request'
}

/** Owns the catalogue of every error a client can see: code, status, title and whose failure it is. */

/** Who should be woken: a metric label. */
export type ProblemOwner = 'client' | 'upstream' | 'config' | 'gateway'

interface ProblemEntry {
  readonly status: number
  readonly title: string
  readonly owner: ProblemOwner
}

/** One page per code stands in `docs/problems/`; a test compares both ways. */
export const PROBLEMS = {
  'malformed-request': { status: 400, title: 'The request is not valid HTTP', owner: 'client' },
  'ambiguous-path': { status: 400, title: 'The path could mean two different routes', owner: 'client' },
  'request-line-too-long': { status: 414, title: 'The request line is too long', owner: 'client' },
  'header-too-large': { status: 431, title: 'The header fields are too large', owner: 'client' },
  'body-too-large': { status: 413, title: 'The request body is too large', owner: 'client' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time', owner: 'client' },
  'version-not-supported': { status: 505, title: 'This HTTP version is not supported', owner: 'client' },
  'transfer-coding-not-supported': { status: 501, title: 'This transfer coding is not supported', owner: 'client' },
  'protocol-not-supported': { status: 501, title: 'This protocol is not tunnelled here', owner: 'client' },
  'expectation-failed': { status: 417, title: 'This expectation cannot be met', owner: 'client' },
  'method-not-allowed': { status: 405, title: 'This resource does not have that method', owner: 'client' },
  'route-not-found': { status: 404, title: 'No route matches this request', owner: 'client' },
  'api-retired': { status: 410, title: 'This API is retired', owner: 'client' },
  'credential-missing': { status: 401, title: 'A credential is needed', owner: 'client' },
  'credential-invalid': { status: 401, title: 'The credential is not valid', owner: 'client' },
  'too-many-attempts': { status: 429, title: 'Too many wrong credentials', owner: 'client' },
  'verifier-unavailable': { status: 503, title: 'Credentials cannot be checked now', owner: 'upstream' },
  'login-failed': { status: 403, title: 'The login did not succeed', owner: 'client' },
  'logout-refused': { status: 400, title: 'The logout token does not count', owner: 'client' },
  'access-denied': { status: 403, title: 'Access is denied', owner: 'client' },
  'plan-denied': { status: 403, title: 'The plan does not open this', owner: 'client' },
  'preview-denied': { status: 403, title: 'The token opens no preview', owner: 'client' },
  'address-denied': { status: 403, title: 'This address may not call', owner: 'client' },
  'origin-denied': { status: 403, title: 'This origin may not call', owner: 'client' },
  'csrf-token-invalid': {
    status: 403,
    title: 'The token against forged requests is missing or wrong',
    owner: 'client',
  },
  'client-certificate-missing': { status: 403, title: 'A client certificate is needed', owner: 'client' },
  'client-certificate-refused': { status: 403, title: 'The client certificate is not accepted', owner: 'client' },
  'misdirected-request': { status: 421, title: 'This connection is not for this host', owner: 'client' },
  'rate-limited': { status: 429, title: 'Too many requests', owner: 'client' },
  // 499 is never sent: nobody is there to read it. It is what the record says.
  'client-left': { status: 499, title: 'The client left before the answer was complete', owner: 'client' },
  // Never sent either: the connection ends as it is.
  'drain-timeout': { status: 503, title: 'The gateway ended before the answer was complete', owner: 'gateway' },
  'too-many-connections': { status: 503, title: 'Too many connections', owner: 'client' },
  'exchange-timeout': { status: 504, title: 'The request took longer than allowed', owner: 'upstream' },
  'upstream-unreachable': { status: 502, title: 'The upstream cannot be reached', owner: 'upstream' },
  'upstream-untrusted': { status: 502, title: 'The upstream could not prove who it is', owner: 'upstream' },
  'upstream-malformed': { status: 502, title: 'The upstream did not answer in valid HTTP', owner: 'upstream' },
  'upstream-closed': { status: 502, title: 'The upstream closed the connection before it answered', owner: 'upstream' },
  'upstream-timeout': { status: 504, title: 'The upstream did not answer in time', owner: 'upstream' },
  'upstream-unavailable': { status: 503, title: 'No target of the upstream is available', owner: 'upstream' },
  'upstream-overloaded': { status: 503, title: 'Too many requests wait for the upstream', owner: 'upstream' },
  'upstream-credential-unavailable': {
    status: 503,
    title: 'The gateway has no credential for the upstream now',
    owner: 'upstream',
  },
  'upstream-missing': { status: 502, title: 'This route has no upstream', owner: 'config' },
  'expression-failed': { status: 500, title: 'An expression of the configuration failed', owner: 'config' },
  unexpected: { status: 500, title: 'The gateway failed', owner: 'gateway' },
} as const satisfies Record<string, ProblemEntry>

export type ProblemCode = keyof typeof PROBLEMS

/** `urn:gatewright:problem:<code>`, or the operator's base URL and the code (RFC 9457 §3.1.1). */
export function toProblemType(code: ProblemCode, base = 'urn:gatewright:problem:'): string {
  return base + code
}

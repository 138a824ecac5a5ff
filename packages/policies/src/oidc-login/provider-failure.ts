/** Owns what went wrong between a login and its provider: as a problem for whoever logs in, with a reason for the record. */
import { toUnavailable, type Unhelped } from '../calls/unavailable.ts'
import { Problem } from '../problem.ts'
import { CallFault } from '../services.ts'

/** RFC 6749 §4.1.2.1 and OpenID Connect Core 1.0 §3.1.2.6: what a provider may send back with the browser. Others are not repeated. */
const PROVIDER_CODES = new Set([
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_request',
  'invalid_request_object',
  'invalid_request_uri',
  'invalid_scope',
  'login_required',
  'registration_not_supported',
  'request_not_supported',
  'request_uri_not_supported',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_response_type',
])

/** RFC 6749 §5.2: what a provider says where this gateway is at fault, and not whoever logs in. */
const OUR_FAULTS = new Set(['invalid_client', 'unauthorized_client', 'unsupported_grant_type', 'invalid_scope'])

/** Codes of the library: an answer that is none. */
const NO_ANSWER = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
  'OAUTH_MISSING_SERVER_METADATA',
  'OAUTH_INVALID_SERVER_METADATA',
])

/** Codes of the library, and ours: an ID token that is not for this login. */
const WRONG_TOKEN = new Set([
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
])

const AGAIN = 'Begin again at the page that you wanted.'

export type ProviderFailure =
  /** Nobody knows: it did not answer, or not in a way that makes sense. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly isAnswered: boolean }
  /** It said no. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What the library, or a call, threw. */
export function toProviderFailure(error: unknown): ProviderFailure {
  const fault = findCallFault(error)
  if (fault !== undefined) return { kind: 'unavailable', reason: fault.reason, isAnswered: fault.isAnswered }
  const { code, error: said, cause } = error as { code?: string; error?: string; cause?: unknown }
  if (code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR') {
    const isKnown = said !== undefined && PROVIDER_CODES.has(said)
    return { kind: 'refused', reason: isKnown ? said.replaceAll('_', '-') : 'provider-error' }
  }
  if (code === 'OAUTH_RESPONSE_BODY_ERROR') {
    if (said !== undefined && OUR_FAULTS.has(said)) return toAnswered(said.replaceAll('_', '-'))
    return { kind: 'refused', reason: said === 'invalid_grant' ? 'invalid-grant' : 'provider-error' }
  }
  if (code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') return toAnswered('client-refused')
  if (code !== undefined && NO_ANSWER.has(code)) {
    const isUnexpected = code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' && cause instanceof Response
    return toAnswered(isUnexpected ? `status-${cause.status}` : 'answer-invalid')
  }
  if (code !== undefined && WRONG_TOKEN.has(code)) return { kind: 'refused', reason: 'id-token-invalid' }
  return { kind: 'refused', reason: 'answer-invalid' }
}

export function toLoginProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const failure = toProviderFailure(error)
  return failure.kind === 'unavailable' ? toNoLogin(failure) : toLoginRefusal(failure.reason, error)
}

/** Nobody can be logged in now, and nobody knows who is. */
export function toNoLogin(fault: Unhelped): Problem {
  return toUnavailable(fault, { who: 'The identity provider' })
}

function toAnswered(reason: string): ProviderFailure {
  return { kind: 'unavailable', reason, isAnswered: true }
}

export function toLoginRefusal(reason: string, cause?: unknown): Problem {
  const detail =
    reason === 'access-denied'
      ? `The identity provider did not let you in, or you declined. ${AGAIN}`
      : `You could not be logged in. ${AGAIN} Cookies must be allowed for this site.`
  return new Problem('login-failed', { detail, reason, cause })
}

export function findCallFault(error: unknown): CallFault | undefined {
  // The library wraps once, and whoever waited for the same call may wrap again.
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof CallFault) return at
  }
  return undefined
}

/** Owns which problem it is that a connection could not be opened, or broke: unreachable, not to be trusted, or closed. */
import type { UpstreamProtocol } from '@gatewright/model'
import { Problem } from '@gatewright/policies'

/** Names of the system's errors have no underscore; those of OpenSSL, of certificates and of Node all have one. */
const OF_SYSTEM = /^E[A-Z0-9]+$/

/** What a server says when it refuses our certificate, or that we showed none. */
const OF_OUR_CERTIFICATE = /_ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)$/

/** RFC 7301 §3.2: the target speaks nothing that we offer, whoever it is. */
const NO_PROTOCOL = /_NO_APPLICATION_PROTOCOL$/

/** RFC 8446 §5.1: what came is no record of any version of TLS. */
const NO_TLS = /_WRONG_VERSION_NUMBER$/

interface Tried {
  /** There was a TCP connection already, and TLS was to be spoken on it. */
  readonly isHandshaking: boolean
  readonly protocol: UpstreamProtocol
}

export function toConnectProblem(
  error: NodeJS.ErrnoException | undefined,
  { isHandshaking, protocol }: Tried,
): Problem {
  const reason = error?.code ?? 'closed'
  const unreachable = (why: string) => new Problem('upstream-unreachable', { reason: why, cause: error })
  if (NO_PROTOCOL.test(reason)) return unreachable(protocol === 'http1' ? 'no-http1' : 'no-http2')
  if (NO_TLS.test(reason)) return unreachable('no-tls')
  // A connection that ends without a word is none that lacks proof.
  const isUntrusted = isHandshaking && error !== undefined && !OF_SYSTEM.test(reason)
  return new Problem(isUntrusted ? 'upstream-untrusted' : 'upstream-unreachable', { reason, cause: error })
}

/** `isFresh`: nothing was ever answered on it. */
export function toBrokenProblem(error: NodeJS.ErrnoException | undefined, isFresh: boolean): Problem {
  const reason = error?.code ?? 'closed'
  // RFC 8446 §2: a client's certificate is looked at when the client may send already; what came behind it was not carried out.
  const isUntrusted = isFresh && OF_OUR_CERTIFICATE.test(reason)
  return new Problem(isUntrusted ? 'upstream-untrusted' : 'upstream-closed', { reason, cause: error })
}

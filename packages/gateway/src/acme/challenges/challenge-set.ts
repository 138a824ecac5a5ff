/** Owns what listeners answer an authority with while it looks whether the hosts are ours: plain data, that travels to every data thread. */

export interface AlpnCertificate {
  /** PEM */
  readonly certificate: string
  /** PEM */
  readonly key: string
}

export interface ChallengeSet {
  /** Token → key authorization: RFC 8555 §8.3. */
  readonly http: ReadonlyMap<string, string>
  /** Host → what a connection by the protocol `acme-tls/1` is shown: RFC 8737 §3. */
  readonly alpn: ReadonlyMap<string, AlpnCertificate>
}

/** RFC 8737 §6.2 */
export const ACME_ALPN_PROTOCOL = 'acme-tls/1'

const PREFIX = '/.well-known/acme-challenge/'

/** The body for this path, as `application/octet-stream`; undefined: it is no challenge of ours, and goes its usual way. */
export function findHttpAnswer({ http }: ChallengeSet, path: string): string | undefined {
  return http.size > 0 && path.startsWith(PREFIX) ? http.get(path.slice(PREFIX.length)) : undefined
}

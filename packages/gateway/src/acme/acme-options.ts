/** Owns what somebody may ask of a certificate authority: plain data, as the model carries it. */

/** Let's Encrypt, where nothing else is named. */
export const DEFAULT_DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'

export interface AcmeOptions {
  readonly id: string
  /** DNS names; one may begin with `*.`, which takes a challenge by DNS. */
  readonly hosts: readonly string[]
  /** Of the authority: RFC 8555 §7.1.1. */
  readonly directory: string
  readonly email?: string
  /** RFC 8555 §7.3.4: an account that exists outside of ACME; `key` is base64url. */
  readonly externalAccount?: { readonly keyId: string; readonly key: string }
  readonly challenge: AcmeChallenge
  readonly keyType: 'ecdsa-p256' | 'rsa-2048'
  /** The share of a certificate's life after which another is asked for. */
  readonly renewAt: number
  /** The common name of an issuer, where the authority offers several chains. */
  readonly preferredChain?: string
  /** The path of the PEM file by which the authority's own server is trusted, for private ones. */
  readonly trustedCa?: string
}

export type AcmeChallenge = 'http-01' | 'tls-alpn-01' | { readonly dns: DnsChallenge }

export type DnsChallenge = (
  | { readonly rfc2136: DnsUpdateOptions }
  /** A program and its first arguments; it is told `present` or `cleanup`, the record's name, its value. */
  | { readonly hook: { readonly command: readonly string[] } }
) & {
  /** `host:port` of the name servers that have to answer the record before the authority is asked to look; those of the zone, if absent. */
  readonly checkAt?: readonly string[]
}

export interface DnsUpdateOptions {
  /** `host:port`; 53 without a port. */
  readonly server: string
  /** The zone that holds the record; found by its SOA if absent. */
  readonly zone?: string
  readonly keyName?: string
  readonly algorithm: TsigAlgorithm
  /** base64 */
  readonly secret?: string
  readonly ttlSeconds: number
}

export type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512'

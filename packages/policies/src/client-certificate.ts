/** Owns what policies see of the certificate that a client proved to hold the key of. */

export interface ClientCertificate {
  /** Attribute → values, such as `{ CN: ['billing'], O: ['Acme'] }`. */
  readonly subject: Readonly<Record<string, readonly string[]>>
  readonly issuer: Readonly<Record<string, readonly string[]>>
  /** `CN=billing,O=Acme`, in the order of the certificate. */
  readonly subjectText: string
  readonly issuerText: string
  /** Lower-case hex. */
  readonly serial: string
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Subject alternative names; DNS names in lower case. */
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
  /** The certificate itself. */
  readonly der: Uint8Array
  /** Those between it and its root, without either. */
  readonly chainDer: readonly Uint8Array[]
}

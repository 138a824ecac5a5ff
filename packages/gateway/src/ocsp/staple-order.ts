/** Owns what is asked of whoever keeps staples, and what he tells: plain data, as it travels between threads. */

/** A certificate that is to be shown with a staple. */
export interface StapleOrder {
  /** SHA-256 of its PEM chain. */
  readonly chain: string
  /** Of the responder. */
  readonly url: string
  /** What people know it by: a path, or the name of an ACME certificate. */
  readonly from: string
}

/** What its CA said last of one certificate. */
export interface StapleNews {
  readonly chain: string
  /** Undefined: it says nothing that counts, or that it is revoked. */
  readonly staple: Staple | undefined
  readonly isRevoked: boolean
}

/** The CA's statement that a certificate is good. */
export interface Staple {
  /** RFC 6960 §4.2.1 */
  readonly der: Uint8Array
  /** Milliseconds since the epoch, from which on it says nothing any more. */
  readonly untilMs: number
}

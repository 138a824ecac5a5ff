/** Owns what is kept of a passkey: its public half, and when it was used. */

export interface Passkey {
  /** base64url, as the browser says it. */
  readonly id: string
  /** For people: where it is. */
  readonly name: string
  /** base64url of the COSE key. */
  readonly publicKey: string
  /** How often it has signed, where it counts; 0 where it does not. */
  readonly counter: number
  readonly transports: readonly string[]
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number
  readonly lastUsedAtMs?: number
}

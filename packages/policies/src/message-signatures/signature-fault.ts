/** Owns why a signature is not accepted: what an honest client is told, and what the record says. */

/** No `Error`, for the reason that `Problem` is none: it is thrown for each request of an attacker. */
export class SignatureFault {
  /** For records: short, kebab-case. */
  readonly reason: string
  /** A sentence for the client: what to do. */
  readonly detail: string

  constructor(reason: string, detail: string) {
    this.reason = reason
    this.detail = detail
  }
}

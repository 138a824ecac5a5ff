/** Owns why there is no staple: what was asked, and what came of it. */

export class OcspFault extends Error {
  /** It stays so for as long as the certificate's file holds what it holds. */
  readonly isLasting: boolean

  constructor(message: string, { isLasting = false } = {}) {
    super(message)
    this.isLasting = isLasting
  }
}

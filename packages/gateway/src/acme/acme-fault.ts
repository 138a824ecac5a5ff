/** Owns why a certificate could not be had: what was said, and what to do about it. */

export interface AcmeFaultFacts {
  /** What somebody has to do, where that is known. */
  readonly remedy?: string
  /** The authority asked to be left alone until then: RFC 8555 §6.6. */
  readonly notBeforeMs?: number
  /** RFC 8555 §6.7, without its prefix: `rateLimited`. */
  readonly type?: string
}

export class AcmeFault extends Error {
  readonly remedy: string | undefined
  readonly notBeforeMs: number | undefined
  readonly type: string | undefined

  constructor(message: string, { remedy, notBeforeMs, type }: AcmeFaultFacts = {}) {
    super(message)
    this.remedy = remedy
    this.notBeforeMs = notBeforeMs
    this.type = type
  }
}

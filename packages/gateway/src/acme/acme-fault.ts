/** Owns why a certificate could not be had: what was said, and what to do about it. */

export interface AcmeFaultFacts {
  /** What somebody has to do, where that is known. */
  readonly remedy?: string
  /** The authority asked to be left alone until then: RFC 8555 §6.6. */
  readonly notBeforeMs?: number
  /** RFC 8555 §6.7, without its prefix: `rateLimited`. */
  readonly type?: string
}

/** A hook is told of by the last two thousand characters that it says. */
const MOST_CHARACTERS = 2500
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g

function toLine(text: string): string {
  const line = text.replace(CONTROLS, ' ')
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line
}

export class AcmeFault extends Error {
  readonly remedy: string | undefined
  readonly notBeforeMs: number | undefined
  readonly type: string | undefined

  /** `message` may be an authority's own words: it stands in logs and on status pages, in one line and no longer than it is read. */
  constructor(message: string, { remedy, notBeforeMs, type }: AcmeFaultFacts = {}) {
    super(toLine(message))
    this.remedy = remedy
    this.notBeforeMs = notBeforeMs
    this.type = type
  }
}

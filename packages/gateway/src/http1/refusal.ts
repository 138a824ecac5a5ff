/** Owns why a message off the wire is not accepted: a problem code, a sentence for the sender, a word for the record. */
import type { ProblemCode } from '@gatewright/model'

export class Refusal {
  readonly code: ProblemCode
  readonly detail: string
  readonly reason: string

  constructor(code: ProblemCode, reason: string, detail: string) {
    this.code = code
    this.reason = reason
    this.detail = detail
  }
}

/** A refusal that can be made once and used for every message: it holds nothing of the message. */
export function malformed(reason: string, detail: string): Refusal {
  return new Refusal('malformed-request', reason, detail)
}

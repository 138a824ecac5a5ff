/** Owns what goes wrong in a way a client can see: one class, its code from the one catalogue. */
import { PROBLEMS, type ProblemCode } from '@gatewright/model/runtime'

interface ProblemDetails {
  /** For the caller: what happened here and what to do. Never an internal text. */
  readonly detail?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  /** More members of the problem document (RFC 9457 §3.2), in snake_case. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** For the record and the log; never shown. */
  readonly cause?: unknown
  /** A short machine-readable reason for the record, never shown: `dns`, `refused`, `bad-chunk`… */
  readonly reason?: string
  /** Which policy failed, for the record, where that is not what it was thrown for. */
  readonly policy?: string
}

/**
 * Throw it from a policy; compose makes it a response that carries it. It is no `Error` on purpose: a gateway under attack
 * refuses tens of thousands of requests a second, and a stack trace is the dearest part of each. What failed inside stands in `cause`.
 */
export class Problem {
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly extensions: Readonly<Record<string, unknown>> | undefined
  readonly cause: unknown
  readonly reason: string | undefined
  readonly policy: string | undefined

  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    // Plain JavaScript may name any; found later, it would be a failure without the name.
    if (!Object.hasOwn(PROBLEMS, code)) {
      throw new TypeError(`there is no problem "${code}"; there is: ${Object.keys(PROBLEMS).join(', ')}`)
    }
    this.code = code
    this.detail = details.detail
    this.headers = details.headers ?? []
    this.extensions = details.extensions
    this.cause = details.cause
    this.reason = details.reason
    this.policy = details.policy
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }

  /** What was thrown, as a problem: anything unknown is `unexpected` and shows nothing of itself. */
  static from(thrown: unknown): Problem {
    return thrown instanceof Problem ? thrown : new Problem('unexpected', { cause: thrown })
  }
}

/** Owns what clients hear where another service had to be asked, and no answer came that helps. Nobody is let in on trust. */
import { Problem } from '../problem.ts'

/** As a `CallFault` has it. */
export interface Unhelped {
  /** For the record: what failed. */
  readonly reason: string
  /** There is an answer. Otherwise the service could not be asked. */
  readonly isAnswered?: boolean
}

interface Words {
  /** Who had to be asked, as it begins a sentence. It is said to clients, and names no host. */
  readonly who?: string
  readonly retryAfterSeconds?: number
}

export function toUnavailable(
  fault: Unhelped,
  { who = 'Whoever decides about this request', retryAfterSeconds = 5 }: Words = {},
): Problem {
  const what = fault.isAnswered === true ? 'does not answer as it should' : 'cannot be asked'
  return new Problem('verifier-unavailable', {
    detail: `${who} ${what} now. Nothing was carried out; try again later.`,
    // RFC 9110 §10.2.3: an honest client comes back then, and not at once.
    headers: [['Retry-After', `${retryAfterSeconds}`]],
    reason: fault.reason,
    cause: fault,
  })
}

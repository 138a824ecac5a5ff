/** Owns how long a service's answer holds, by what it says of itself and what the options allow. */
import type { CallAnswer } from '../services.ts'
import type { Decision } from './answer-judge.ts'
import type { ExternalAuthOptions } from './external-auth-options.ts'

const NOT_TO_BE_KEPT = /(?:^|,)\s*(?:no-store|no-cache|must-understand)\b/i
const SHARED_AGE = /(?:^|,)\s*s-maxage\s*=\s*"?(\d+)/i
const AGE = /(?:^|,)\s*max-age\s*=\s*"?(\d+)/i

/** Seconds; 0: this answer is for the one request. */
export function toLifetimeSeconds(answer: CallAnswer, decision: Decision, cache: ExternalAuthOptions['cache']): number {
  if (cache === undefined || answer.headers.has('set-cookie') || answer.headers.get('vary')?.includes('*') === true)
    return 0
  // A redirect belongs to one attempt to log in.
  if (answer.status >= 300 && answer.status <= 399) return 0
  const control = answer.headers.get('cache-control') ?? ''
  if (NOT_TO_BE_KEPT.test(control)) return 0
  const said = SHARED_AGE.exec(control)?.[1] ?? AGE.exec(control)?.[1]
  // Who was refused may log in the next moment: that is remembered only where the service says so.
  const silent = decision.kind === 'admission' ? cache.ttlSeconds : 0
  const seconds = said === undefined ? silent : Number(said) - toAgeSeconds(answer)
  return Math.max(0, Math.min(seconds, cache.maxSeconds))
}

/** RFC 9111 §5.1: so old it is already, out of somebody's cache. */
function toAgeSeconds({ headers }: CallAnswer): number {
  const age = headers.get('age')
  if (age === undefined) return 0
  // What cannot be read is as old as can be.
  return /^\d+$/.test(age) ? Number(age) : Number.POSITIVE_INFINITY
}

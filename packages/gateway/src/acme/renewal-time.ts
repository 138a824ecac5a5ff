/** Owns when a certificate is to be had anew, and when to try again after a failure. */
import type { StoredCertificate, StoredFailure } from './storage/acme-storage.ts'

/** Of its life, around the time: many certificates of one day do not come due at once, nor on all nodes. */
const RENEWAL_JITTER = 0.02

export function toRenewalMs(
  { notBeforeMs, notAfterMs }: Pick<StoredCertificate, 'notBeforeMs' | 'notAfterMs'>,
  renewAt: number,
  random: () => number,
): number {
  const share = renewAt + RENEWAL_JITTER * (2 * random() - 1)
  return notBeforeMs + (notAfterMs - notBeforeMs) * Math.min(share, 1)
}

const FIRST_RETRY_MS = 60_000
const LONGEST_RETRY_MS = 24 * 3_600_000
/** Up to a tenth later, so that many do not come back at once. */
const RETRY_JITTER = 0.1
/**
 * Let's Encrypt forgives 5 failed validations of a host in an hour, and locks the host's owner out after that. One
 * is left for whoever tries by hand.
 */
const MOST_FAILURES_AN_HOUR = 4
const HOUR_MS = 3_600_000

export interface FailureFacts {
  readonly message: string
  readonly settings: string
  /** The authority asked not to be asked before. */
  readonly notBeforeMs: number | undefined
}

/** A minute, doubling to a day, and never the fifth within an hour. */
export function toNextFailure(
  before: StoredFailure | undefined,
  { message, settings, notBeforeMs = 0 }: FailureFacts,
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): StoredFailure {
  // Other options begin anew with the waiting, and not with what the authority counts.
  const count = (before?.settings === settings ? before.count : 0) + 1
  // Whole, and up: the sum of a fraction and an hour is rounded, and may be less than an hour later.
  const failedAtMs = [...(before?.failedAtMs ?? []), Math.ceil(nowMs)].slice(-MOST_FAILURES_AN_HOUR)
  const doubledMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (count - 1))
  const atMs = nowMs + doubledMs * (1 + RETRY_JITTER * random())
  return { count, message, settings, failedAtMs, nextAttemptMs: Math.max(atMs, notBeforeMs, toForgivenMs(failedAtMs)) }
}

/** What is tried before would be one too many. 0: nothing stands against it. */
export function toForgivenMs(failedAtMs: readonly number[]): number {
  const first = failedAtMs.at(-MOST_FAILURES_AN_HOUR)
  return first === undefined ? 0 : first + HOUR_MS
}

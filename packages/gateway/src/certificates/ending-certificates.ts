/** Owns which certificates are told of because they end soon, or have ended: whoever renews them should have done so. */
import type { LoadedCertificate } from './certificate-feed.ts'

/** Half a month: ACME renews at two thirds, when a certificate of 90 days has 30 left. */
export const SOON_MS = 14 * 86_400_000
const DAY_MS = 86_400_000
/** Where a folder holds thousands, a few say enough. */
const MOST_TOLD = 3

type Ending = Pick<LoadedCertificate, 'names' | 'notAfterMs'>

/** One phrase each, the first to end first; `nowMs` since the epoch. */
export function listEndingCertificates(certificates: readonly Ending[], nowMs: number): string[] {
  const ending = certificates.filter(({ notAfterMs }) => notAfterMs - nowMs < SOON_MS)
  ending.sort((one, other) => one.notAfterMs - other.notAfterMs)
  const phrases = ending.slice(0, MOST_TOLD).map(({ names: [name = ''], notAfterMs }) => {
    const days = Math.floor((notAfterMs - nowMs) / DAY_MS)
    return nowMs > notAfterMs
      ? `the certificate of ${name} has ended`
      : `the certificate of ${name} ends in ${days} days`
  })
  if (ending.length > MOST_TOLD) phrases.push(`${ending.length - MOST_TOLD} more end soon`)
  return phrases
}

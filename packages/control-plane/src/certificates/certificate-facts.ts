/** Owns what is told of a certificate beside what somebody wrote: whom it is for, and until when. */
import { z } from 'zod'
import { timeSchema, toTime } from '../http/time.ts'
import type { KindFacts } from '../resources/kind.ts'
import type { CertificateBody } from './certificate-body.ts'
import { type ReadCertificate, readCertificate } from './read-certificate.ts'

const DAY_MS = 86_400_000
/** What ACME orders is renewed when a third of its 90 days is left. */
const SOON_DAYS = 30

const schema = {
  hosts: z.array(z.string()).meta({ description: 'Names that it is for.' }),
  notBefore: timeSchema.optional(),
  notAfter: timeSchema.optional().meta({ description: 'Its end. Absent where gateways order it themselves.' }),
  warning: z.string().optional().meta({ description: 'It has to be renewed, or cannot be used yet.' }),
}

export const CERTIFICATE_FACTS: KindFacts = {
  schema,
  tell: (body, nowMs) => tell(body as CertificateBody, nowMs),
  findEnd: (body) => find(body as CertificateBody)?.notAfterMs,
}

function find({ cert }: CertificateBody): ReadCertificate | undefined {
  const read = cert === undefined ? undefined : readCertificate(cert)
  return typeof read === 'string' ? undefined : read
}

function tell(body: CertificateBody, nowMs: number) {
  const read = find(body)
  if (read === undefined) return { hosts: body.acme?.hosts ?? [] }
  const { hosts, notBeforeMs, notAfterMs } = read
  const warning = toWarning(read, nowMs)
  return {
    hosts,
    notBefore: toTime(notBeforeMs),
    notAfter: toTime(notAfterMs),
    ...(warning !== undefined && { warning }),
  }
}

function toWarning(
  { notBeforeMs, notAfterMs }: { readonly notBeforeMs: number; readonly notAfterMs: number },
  nowMs: number,
): string | undefined {
  const days = Math.floor((notAfterMs - nowMs) / DAY_MS)
  if (nowMs > notAfterMs) return 'It has ended, and clients refuse it: put a renewed one.'
  if (nowMs < notBeforeMs) return `It begins on ${toTime(notBeforeMs)}, and clients refuse it until then.`
  return days < SOON_DAYS ? `It ends in ${days} days: put a renewed one.` : undefined
}

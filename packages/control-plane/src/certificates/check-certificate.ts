/** Owns the check of a certificate that is put: its environment is there, and gateways could show it to clients that take it. */
import { AdminProblem } from '../http/admin-problem.ts'
import { toTime } from '../http/time.ts'
import { NO_TEAM } from '../resources/kind.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource } from '../resources/resource.ts'
import { findResource } from '../resources/resource-store.ts'
import type { Moment } from '../store/store.ts'
import type { CertificateBody } from './certificate-body.ts'
import { readCertificate } from './read-certificate.ts'

/** @rejects AdminProblem */
export async function assertCertificate(db: Moment, body: CertificateBody, nowMs: number): Promise<void> {
  const { environment, cert } = body
  if ((await findResource(db, { kind: 'environment', team: NO_TEAM, id: environment })) === undefined)
    throw toProblem('environment', `There is no environment "${environment}".`, 'unknown-reference')
  if (cert === undefined) return
  const read = readCertificate(cert)
  if (typeof read === 'string') throw toProblem('cert', read)
  if (read.notAfterMs <= nowMs)
    throw toProblem('cert', `It ended on ${toTime(read.notAfterMs)}, and clients refuse it: put a renewed one.`)
}

function toProblem(member: string, message: string, code = 'certificate'): AdminProblem {
  const errors = [{ at: `body/${member}`, code, message }]
  return new AdminProblem('request-invalid', `${member}: ${message}`, { extensions: { errors } })
}

/** Of an environment that is to go. @rejects AdminProblem */
export async function assertNoCertificates(db: Moment, { id }: Resource): Promise<void> {
  const all = (await listAllResources(db, 'certificate')) as Resource<CertificateBody>[]
  const own = all.filter(({ body }) => body.environment === id).map((each) => `"${each.id}"`)
  if (own.length === 0) return
  throw new AdminProblem(
    'in-use',
    `Certificates are for it: ${own.join(', ')}. Remove them first, or name another environment in them.`,
  )
}

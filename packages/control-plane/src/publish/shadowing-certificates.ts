/** Owns which certificates of other environments gateways may show in the place of one's own: of a name, the first counts. */
import { toTextHash } from '@gatewright/model'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import { readCertificate } from '../certificates/read-certificate.ts'
import type { LiveEnvironment } from './live-api.ts'
import type { LiveTerms } from './live-terms.ts'

/** What is read again and has not changed is the same object. */
const KNOWN_HOSTS = new WeakMap<CertificateBody, readonly string[]>()

/** Each with what tells it from another one. */
export function listShadowing({ id, body }: LiveEnvironment, { certificates }: Pick<LiveTerms, 'certificates'>) {
  const own = certificates.filter((each) => each.body.environment === id)
  const names = new Set([...(body.hosts ?? []).map((host) => host.toLowerCase()), ...own.flatMap(toHosts)])
  return certificates
    .filter((each) => each.body.environment !== id && toHosts(each).some((host) => names.has(host)))
    .map((each) => [each.id, toTextHash(JSON.stringify(each.body))])
}

function toHosts({ body }: { readonly body: CertificateBody }): readonly string[] {
  const known = KNOWN_HOSTS.get(body)
  if (known !== undefined) return known
  const read = body.cert === undefined ? undefined : readCertificate(body.cert)
  const hosts = body.acme?.hosts ?? (typeof read === 'object' ? read.hosts : [])
  const lower = hosts.map((host) => host.toLowerCase())
  KNOWN_HOSTS.set(body, lower)
  return lower
}

/** Owns which certificates of other environments gateways may show in the place of one's own: of a name, the first counts, and before a wildcard the name itself. */
import { toHostKey, toTextHash } from '@gatewright/model'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import { readCertificate } from '../certificates/read-certificate.ts'
import type { LiveEnvironment } from './live-api.ts'
import type { LiveTerms } from './live-terms.ts'
import { EVERY_NAME, listAddresses, toWildcard } from './standing-before.ts'

/** What is read again and has not changed is the same object. */
const KNOWN_HOSTS = new WeakMap<CertificateBody, readonly string[]>()

/** Each with what tells it from another one. */
export function listShadowing({ id, body, apis }: LiveEnvironment, { certificates }: Pick<LiveTerms, 'certificates'>) {
  const others = certificates.filter((each) => each.body.environment !== id)
  if (others.length === 0) return []
  const certified = new Set(certificates.filter((each) => each.body.environment === id).flatMap(toHosts))
  const answering = [
    ...(body.hosts ?? []).map(toHostKey),
    ...apis.flatMap((api) => listAddresses(body, api).map(({ host }) => host)),
  ]
  const names = new Set([...answering, ...certified].filter((name) => name !== EVERY_NAME))
  // Where it has none of its own for a name, a wildcard of another one would be shown.
  const open = new Set(answering.filter((name) => !certified.has(name)).map(toWildcard))
  const isShown = (host: string) => names.has(host) || names.has(toWildcard(host)) || open.has(host)
  return others
    .filter((each) => toHosts(each).some(isShown))
    .map((each) => ({ id: each.id, hash: toTextHash(JSON.stringify(each.body)) }))
}

function toHosts({ body }: { readonly body: CertificateBody }): readonly string[] {
  const known = KNOWN_HOSTS.get(body)
  if (known !== undefined) return known
  const read = body.cert === undefined ? undefined : readCertificate(body.cert)
  const hosts = body.acme?.hosts ?? (typeof read === 'object' ? read.hosts : [])
  const keys = hosts.map(toHostKey)
  KNOWN_HOSTS.set(body, keys)
  return keys
}

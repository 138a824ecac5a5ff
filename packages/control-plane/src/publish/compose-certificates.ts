/** Owns what certificates of an environment become in the file that gateways get. Pure. */
import type { GatewrightFileInput } from '@gatewright/model'
import type { CertificateBody } from '../certificates/certificate-body.ts'
import type { LiveCertificate, LiveTerms } from './live-terms.ts'
import { scopeSecretsIn } from './scope-secrets.ts'
import { compareIds } from './snapshot-id.ts'

type FileCertificate = NonNullable<GatewrightFileInput['certificates']>[number]

/** `prod.shop`: as listeners may name it. In the order of their ids. */
export function composeCertificates(
  environment: string,
  { certificates }: Pick<LiveTerms, 'certificates'>,
): FileCertificate[] {
  return certificates
    .filter(({ body }) => body.environment === environment)
    .toSorted((a, b) => compareIds(a.id, b.id))
    .map((each) => toFileCertificate(environment, each))
}

function toFileCertificate(environment: string, { id, body }: LiveCertificate): FileCertificate {
  const { environment: _, cert, key, ...rest }: CertificateBody = body
  const pem = cert === undefined || key === undefined ? {} : { pem: { cert, key: scopeSecretsIn(key, environment) } }
  return { ...rest, ...pem, id: `${environment}.${id}` } as FileCertificate
}

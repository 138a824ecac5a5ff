/** Owns the step from a certificate of a file to one of the model. */
import type { Path } from '../finding.ts'
import type { Acme, AcmeChallenge, CertificateId, CertificateSource } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { toPath } from './pem-files.ts'
import { pickPresent } from './pick-present.ts'
import { type ResolveContext, reportFault } from './resolution.ts'

type FileCertificate = GatewrightFile['certificates'][number]
type FileAcme = NonNullable<FileCertificate['acme']>

/** `undefined` where nobody can say what it is made of, which is a fault. */
export function toCertificateSource(
  certificate: FileCertificate,
  index: number,
  context: ResolveContext,
): CertificateSource | undefined {
  const from = toFrom(certificate, ['certificates', index], context)
  if (from === undefined) {
    context.sources.lostIds.add(certificate.id)
    return undefined
  }
  return {
    id: certificate.id as CertificateId,
    ...pickPresent(certificate, 'title', 'description', 'tags', 'owner', 'enabled'),
    from,
    ocsp: certificate.ocsp,
  }
}

function toFrom(
  { cert, key, folder, acme }: FileCertificate,
  at: Path,
  context: ResolveContext,
): CertificateSource['from'] | undefined {
  const said = [cert ?? key, folder, acme].filter((member) => member !== undefined).length
  if (said === 1 && acme !== undefined) return { kind: 'acme', acme: toAcme(acme, [...at, 'acme'], context) }
  if (said === 1 && folder !== undefined) {
    return { kind: 'folder', folder: toPath(context, folder, [...at, 'folder']) }
  }
  if (said === 1 && cert !== undefined && key !== undefined) {
    return { kind: 'files', cert: toPath(context, cert, [...at, 'cert']), key: toPath(context, key, [...at, 'key']) }
  }
  const missing = said === 1 ? (cert === undefined ? 'cert' : 'key') : undefined
  reportFault(context, at, {
    code: 'certificate-source',
    message:
      missing === undefined
        ? 'A certificate has exactly one of `cert` with `key`, `folder`, and `acme`.'
        : `A certificate in files needs both, and \`${missing}\` is missing.`,
    suggestion: missing === undefined ? 'Write `cert: ./shop.pem` and `key: ./shop.key`.' : `Add \`${missing}\`.`,
  })
  return undefined
}

function toAcme(acme: FileAcme, at: Path, context: ResolveContext): Acme {
  const { externalAccount, challenge, ca } = acme
  return {
    ...pickPresent(acme, 'directory', 'email', 'keyType', 'preferredChain'),
    // Names are compared, and certificates are found, by their lower-case form.
    hosts: acme.hosts.map((host) => host.toLowerCase()),
    ...(externalAccount && {
      externalAccount: {
        keyId: externalAccount.keyId,
        keyFile: toPath(context, externalAccount.keyFile, [...at, 'externalAccount', 'keyFile']),
      },
    }),
    challenge: toChallenge(challenge, [...at, 'challenge', 'dns'], context),
    ...(ca !== undefined && { ca: toPath(context, ca, [...at, 'ca']) }),
  }
}

function toChallenge(challenge: FileAcme['challenge'], at: Path, context: ResolveContext): AcmeChallenge {
  if (typeof challenge === 'string' || !('rfc2136' in challenge.dns)) return challenge as AcmeChallenge
  const { rfc2136 } = challenge.dns
  const secretFile =
    rfc2136.secretFile === undefined
      ? {}
      : { secretFile: toPath(context, rfc2136.secretFile, [...at, 'rfc2136', 'secretFile']) }
  return { dns: { ...challenge.dns, rfc2136: { ...rfc2136, ...secretFile } } }
}

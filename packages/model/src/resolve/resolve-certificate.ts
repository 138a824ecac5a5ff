/** Owns the step from the certificates of a file to those of the model. */
import type { Path } from '../finding.ts'
import type { Acme, AcmeChallenge, CertificateId, CertificateSource } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import { toPath } from './pem-files.ts'
import { pickPresent } from './pick-present.ts'
import { linkPart, type ResolveContext, reportFault } from './resolution.ts'

type FileCertificate = GatewrightFile['certificates'][number]
type FileAcme = NonNullable<FileCertificate['acme']>

/** Those that nobody can say what they are made of are left out, which is a fault. */
export function resolveCertificates(context: ResolveContext): CertificateSource[] {
  const certificates: CertificateSource[] = []
  for (const [index, certificate] of context.file.certificates.entries()) {
    // What is left out takes no place in the model, so those behind it stand further on in the file.
    const modelPath: Path = ['certificates', certificates.length]
    const filePath: Path = ['certificates', index]
    linkPart(context, modelPath, filePath)
    const from = toFrom(certificate, filePath, context)
    if (from === undefined) {
      if (!context.sources.hasLostKeys(modelPath)) reportFault(context, modelPath, toSourceFault(certificate))
      context.sources.lostIds.add(certificate.id)
      continue
    }
    certificates.push({
      id: certificate.id as CertificateId,
      ...pickPresent(certificate, 'title', 'description', 'tags', 'owner', 'enabled'),
      from,
      ocsp: certificate.ocsp,
    })
  }
  return certificates
}

function toFrom(
  certificate: FileCertificate,
  at: Path,
  context: ResolveContext,
): CertificateSource['from'] | undefined {
  if (countSources(certificate) !== 1) return undefined
  const { cert, key, folder, pem, acme } = certificate
  if (acme !== undefined) return { kind: 'acme', acme: toAcme(acme, [...at, 'acme'], context) }
  if (pem !== undefined) return { kind: 'pem', ...pem }
  if (folder !== undefined) return { kind: 'folder', folder: toPath(context, folder, [...at, 'folder']) }
  if (cert === undefined || key === undefined) return undefined
  return { kind: 'files', cert: toPath(context, cert, [...at, 'cert']), key: toPath(context, key, [...at, 'key']) }
}

function countSources({ cert, key, folder, pem, acme }: FileCertificate): number {
  return [cert ?? key, folder, pem, acme].filter((member) => member !== undefined).length
}

function toSourceFault(certificate: FileCertificate): Parameters<typeof reportFault>[2] {
  if (countSources(certificate) !== 1) {
    return {
      code: 'certificate-source',
      message: 'A certificate has exactly one of `cert` with `key`, `folder`, `pem`, and `acme`.',
      suggestion: 'Write `cert: ./shop.pem` and `key: ./shop.key`.',
    }
  }
  const missing = certificate.cert === undefined ? 'cert' : 'key'
  return {
    code: 'certificate-source',
    message: `A certificate in files needs both, and \`${missing}\` is missing.`,
    suggestion: `Add \`${missing}\`.`,
  }
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

/** Owns the check of what listeners judge clients' certificates by: files that OpenSSL cannot use are found before anything runs. */
import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { ClientCertificates, Finding, GatewayModel, Path, Sources } from '@gatewright/model'
import { parseCertificates } from './parse-certificates.ts'

interface Given {
  readonly sources: Pick<Sources, 'find'>
  /** By SHA-256. */
  readonly pems: ReadonlyMap<string, string>
}

export function checkClientAuthorities({ listeners }: Pick<GatewayModel, 'listeners'>, given: Given): Finding[] {
  const findings: Finding[] = []
  for (const [index, { tls }] of listeners.entries()) {
    const at: Path = ['listeners', index, 'tls']
    if (tls?.clientCertificates) findings.push(...check(tls.clientCertificates, [...at, 'clientCertificates'], given))
    for (const [position, host] of tls?.hosts.entries() ?? []) {
      // One that a host does not say itself is the listener's, and was checked there.
      if (host.clientCertificates === undefined || host.clientCertificates === tls?.clientCertificates) continue
      findings.push(...check(host.clientCertificates, [...at, 'hosts', position, 'clientCertificates'], given))
    }
  }
  return findings
}

function check({ ca, crl }: ClientCertificates, at: Path, { sources, pems }: Given): Finding[] {
  const caText = pems.get(ca.sha256)
  const crlText = crl && pems.get(crl.sha256)
  // What could not be read is a fault already.
  if (caText === undefined || (crl !== undefined && crlText === undefined)) return []
  const report = (member: 'ca' | 'crl', message: string, more: Partial<Finding> = {}): Finding[] => [
    { severity: 'fault', code: 'certificate-unusable', message, at: sources.find([...at, member]), ...more },
  ]
  if (!caText.includes('-----BEGIN CERTIFICATE-----'))
    return report('ca', `The file ${ca.path} holds no certificate in PEM.`)
  try {
    // OpenSSL passes over what it cannot read: of a file that is cut off, it would take a part of the CAs.
    for (const block of caText.split(/(?=-----BEGIN CERTIFICATE-----)/)) {
      if (block.startsWith('-----BEGIN')) new X509Certificate(block)
    }
  } catch (error) {
    return report('ca', `The file ${ca.path} holds no certificates that can be used: ${toMessage(error)}.`)
  }
  if (crl === undefined || crlText === undefined) return []
  try {
    createSecureContext({ ca: caText, crl: crlText })
    if (crlText.split('-----BEGIN X509 CRL-----').length !== crlText.split('-----END X509 CRL-----').length)
      return report('crl', `The file ${crl.path} is cut off: one of its revocation lists has no end.`)
  } catch (error) {
    return report('crl', `The file ${crl.path} holds no revocation list that can be used: ${toMessage(error)}.`)
  }
  const [rootless] = listRootless(parseCertificates(caText))
  if (rootless === undefined) return []
  const name = rootless.subject.replaceAll('\n', ', ')
  return report(
    'ca',
    `The file ${ca.path} has no root of the CA "${name}": with \`crl\`, all that comes from it is refused.`,
    {
      severity: 'warning',
      code: 'authority-without-root',
      suggestion: 'Revocation is checked up to a root: add its certificate to `ca`, and its list to `crl`.',
    },
  )
}

/** Those that lead to no certificate among them that signs itself. */
function listRootless(certificates: readonly X509Certificate[]): X509Certificate[] {
  let rest = certificates.filter((certificate) => !certificate.checkIssued(certificate))
  let rooted = certificates.filter((certificate) => !rest.includes(certificate))
  while (rooted.length > 0) {
    const next = rest.filter((certificate) => rooted.some((issuer) => certificate.checkIssued(issuer)))
    rest = rest.filter((certificate) => !next.includes(certificate))
    rooted = next
  }
  return rest
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Owns the look at a certificate before anybody is shown it: whose key, which hosts, how long. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { AcmeFault } from '../acme-fault.ts'

export interface CertificateLife {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** @throws AcmeFault it does not fit the key or the hosts */
export function checkCertificate(chain: string, key: string, hosts: readonly string[]): CertificateLife {
  // A chain has its own certificate first: RFC 8555 §9.1.
  const certificate = new X509Certificate(chain)
  if (!certificate.checkPrivateKey(createPrivateKey(key))) {
    throw new AcmeFault('the certificate that came is for another key')
  }
  const names = new Set((certificate.subjectAltName ?? '').split(', '))
  const missing = hosts.filter((host) => !names.has(`DNS:${host}`))
  if (missing.length > 0) throw new AcmeFault(`the certificate that came is not for ${missing.join(', ')}`)
  return { notBeforeMs: certificate.validFromDate.getTime(), notAfterMs: certificate.validToDate.getTime() }
}

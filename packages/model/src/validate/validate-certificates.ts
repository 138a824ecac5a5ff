/** Owns the checks of certificates as far as no file need be read: names, challenges that can be answered, what is unused. */
import type { Acme, CertificateSource } from '../gateway-model.ts'
import { findHostFault } from './names.ts'
import type { Validation } from './validation.ts'

export function validateCertificates(validation: Validation): void {
  const { certificates, listeners } = validation.model
  const overTls = listeners.filter(({ tls, enabled }) => tls !== undefined && enabled !== false)
  for (const [index, certificate] of certificates.entries()) {
    if (certificate.from.kind === 'acme') checkAcme(validation, certificate.from.acme, index)
    if (certificate.enabled === false || isUsed(certificate)) continue
    validation.warn(['certificates', index], {
      code: 'unused-certificate',
      message: `No listener shows the certificate "${certificate.id}".`,
      suggestion: 'Write `tls: {}` in a listener, or remove the certificate.',
    })
  }

  function isUsed({ id }: CertificateSource): boolean {
    return overTls.some(({ tls }) => {
      if (tls?.certificates === undefined || tls.defaultCertificate === id) return true
      // One that is not there is a fault already: perhaps it is this one that was meant.
      return tls.certificates.some((listed) => listed === id || certificates.every((known) => known.id !== listed))
    })
  }
}

function checkAcme(validation: Validation, acme: Acme, index: number): void {
  const at = ['certificates', index, 'acme']
  for (const [position, host] of acme.hosts.entries()) {
    const found = findHostFault(host)
    if (found !== undefined || /^[0-9.]+$|^\[/.test(host)) {
      validation.fault([...at, 'hosts', position], {
        code: 'invalid-host',
        message: found?.fault ?? `"${host}" is an address; certificates by ACME are for names.`,
        suggestion: found?.suggestion,
      })
    } else if (host.startsWith('*.') && typeof acme.challenge === 'string') {
      // RFC 8555 §7.1.3: what a wildcard stands for can only be proven by DNS.
      validation.fault([...at, 'hosts', position], {
        code: 'wildcard-needs-dns',
        message: `The wildcard "${host}" cannot be proven by ${acme.challenge}.`,
        suggestion: 'Write `challenge: { dns: { rfc2136: … } }` or `challenge: { dns: { hook: … } }`.',
      })
    }
  }
  if (!acme.directory.startsWith('https://')) {
    validation.fault([...at, 'directory'], {
      code: 'invalid-directory',
      message: `The directory "${acme.directory}" is no https:// URL (RFC 8555 §6.1).`,
    })
  }
  checkChallenge(validation, acme, index)
}

/** The CA must reach a listener of the kind that answers. */
function checkChallenge(validation: Validation, { challenge }: Acme, index: number): void {
  const needsTls = challenge === 'tls-alpn-01'
  if (typeof challenge !== 'string') return
  const open = validation.model.listeners.filter(({ enabled }) => enabled !== false)
  if (open.some(({ tls }) => (tls !== undefined) === needsTls)) return
  validation.fault(['certificates', index, 'acme', 'challenge'], {
    code: 'challenge-unreachable',
    message: `${challenge} is answered on a listener ${needsTls ? 'with' : 'without'} TLS, and there is none.`,
    suggestion: needsTls
      ? 'Write `tls: {}` in the listener that the CA reaches on port 443.'
      : 'Add `{ id: plain, port: 80, redirectToHttps: true }` to `listeners`, or take another challenge.',
  })
}

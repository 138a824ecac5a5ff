// Owns the certificate that every contestant at the edge shows: one ECDSA pair, made by openssl, so that nobody signs with less.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findCommand } from './processes.ts'

export interface EdgeCertificate {
  cert: string
  key: string
}

/** Of `localhost` and 127.0.0.1, signed by itself: nobody checks it here. */
export function makeEdgeCertificate(dir: string): EdgeCertificate {
  const openssl = findCommand('openssl')
  if (openssl === undefined) throw new Error('openssl is not on PATH (Debian: apt install openssl)')
  const [cert, key] = [join(dir, 'edge.pem'), join(dir, 'edge.key')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  execFileSync(openssl, ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' })
  return { cert, key }
}

/** Owns a real browser: Debian's Chromium without a screen, which reaches this machine and nothing else. */
import { createHash, X509Certificate } from 'node:crypto'
import { type Browser, chromium } from 'playwright-core'
import type { IssuedCertificate } from '../../packages/gateway/src/certificates/test-authority.fixture.ts'

/** Nothing that it does by itself: no updates, no services of its maker, no other protocol. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface ChromiumSetup {
  /** Names that are this machine. */
  readonly hosts: readonly string[]
  /** The one certificate that is believed without an authority; where TLS is spoken. */
  readonly certificate?: IssuedCertificate
}

export async function startChromium(path: string, { hosts, certificate }: ChromiumSetup): Promise<Browser> {
  const rules = [
    ...hosts.map((host) => `MAP ${host} 127.0.0.1`),
    'MAP * ~NOTFOUND',
    'EXCLUDE 127.0.0.1',
    'EXCLUDE localhost',
  ]
  return await chromium.launch({
    executablePath: path,
    headless: true,
    args: [
      ...FLAGS,
      ...(certificate === undefined ? [] : [`--ignore-certificate-errors-spki-list=${toKeyHash(certificate)}`]),
      `--host-resolver-rules=${rules.join(', ')}`,
    ],
  })
}

function toKeyHash({ certPem }: IssuedCertificate): string {
  const key = new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

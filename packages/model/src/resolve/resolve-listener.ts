/** Owns the step from a listener of a file to one of the model. */
import type { Path } from '../finding.ts'
import type { ClientCertificates, Listener, ListenerTls } from '../gateway-model.ts'
import type { GatewrightFile } from '../gatewright-file.ts'
import type { PemFiles } from './pem-files.ts'
import { pickPresent } from './pick-present.ts'

type FileListener = GatewrightFile['listeners'][number]
type FileTls = NonNullable<FileListener['tls']>

const REDIRECT = { status: 308 } as const
const HSTS = { maxAgeSeconds: 31_536_000, includeSubDomains: false, preload: false } as const

export function toListener(listener: FileListener, index: number, pems: PemFiles): Listener {
  const { tls, redirectToHttps, hsts, ...rest } = listener
  return {
    ...(rest as unknown as Listener),
    ...(tls && { tls: toListenerTls(tls, ['listeners', index, 'tls'], pems) }),
    ...(redirectToHttps && { redirectToHttps: redirectToHttps === true ? REDIRECT : redirectToHttps }),
    ...(hsts && { hsts: hsts === true ? HSTS : hsts }),
  }
}

function toListenerTls(tls: FileTls, at: Path, pems: PemFiles): ListenerTls {
  const { clientCertificates, hosts, ...rest } = tls
  const own = clientCertificates && toClientCertificates(clientCertificates, [...at, 'clientCertificates'], pems)
  return {
    ...(rest as unknown as ListenerTls),
    ...(own && { clientCertificates: own }),
    hosts: hosts.map(({ names, profile, clientCertificates: others }, index) => {
      const theirs = others && toClientCertificates(others, [...at, 'hosts', index, 'clientCertificates'], pems)
      // What a host does not say is as the listener says it.
      const demanded = theirs ?? own
      return { names, profile: profile ?? tls.profile, ...(demanded && { clientCertificates: demanded }) }
    }),
  }
}

function toClientCertificates(
  given: NonNullable<FileTls['clientCertificates']>,
  at: Path,
  pems: PemFiles,
): ClientCertificates {
  return {
    ...pickPresent(given, 'mode', 'depth', 'allow'),
    ca: pems.read(given.ca, [...at, 'ca']),
    ...(given.crl !== undefined && { crl: pems.read(given.crl, [...at, 'crl']) }),
  }
}

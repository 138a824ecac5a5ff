/** Owns the judgement of a client's certificate, once OpenSSL has judged its signatures, its time and its revocation. */

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'
import type { CertificateRule, ClientCertificates } from '@gatewright/model/runtime'
import { type ClientCertificate, Problem } from '@gatewright/policies'

/** What OpenSSL and Node tell of a connection once its handshake is over. */
export interface PeerProof {
  /** The code of OpenSSL's verdict; undefined: it has nothing against it. */
  readonly verifyCode: string | undefined
  /** With those that sign it, up to the root that signs itself. */
  readonly chain: DetailedPeerCertificate | undefined
}

export type Judgement =
  | { readonly certificate: ClientCertificate | undefined }
  /** Nothing is answered on this connection but that. */
  | { readonly problem: Problem }

export function judgeClient(demanded: ClientCertificates, { verifyCode, chain }: PeerProof): Judgement {
  if (chain === undefined) {
    return demanded.mode === 'require'
      ? { problem: new Problem('client-certificate-missing') }
      : { certificate: undefined }
  }
  const refuse = (reason: string): Judgement => ({ problem: new Problem('client-certificate-refused', { reason }) })
  if (verifyCode !== undefined) return refuse(verifyCode)
  const certificate = toClientCertificate(chain)
  if (countBetween(chain) > demanded.depth) return refuse('depth')
  if (demanded.allow !== undefined && !demanded.allow.some((rule) => passes(certificate, rule))) return refuse('rules')
  return { certificate }
}

/** Those between the client's and its root. */
function countBetween(chain: DetailedPeerCertificate): number {
  let between = -1
  let at = chain
  while (at.issuerCertificate !== undefined && at.issuerCertificate !== at) {
    at = at.issuerCertificate
    between++
  }
  return Math.max(0, between)
}

function passes(certificate: ClientCertificate, { dns, uri, email, subject }: CertificateRule): boolean {
  if (dns !== undefined && !certificate.dnsNames.some((name) => isDnsMatch(name, dns.toLowerCase()))) return false
  if (uri !== undefined && !certificate.uris.some((each) => isUriMatch(each, uri))) return false
  if (email !== undefined && !certificate.emails.includes(email)) return false
  for (const [attribute, value] of Object.entries(subject ?? {})) {
    if (!Object.hasOwn(certificate.subject, attribute)) return false
    if (certificate.subject[attribute]?.includes(value) !== true) return false
  }
  return true
}

function isDnsMatch(name: string, pattern: string): boolean {
  if (!pattern.startsWith('*.')) return name === pattern
  const dot = name.indexOf('.')
  return dot > 0 && name.slice(dot) === pattern.slice(1)
}

function isUriMatch(uri: string, pattern: string): boolean {
  return pattern.endsWith('*') ? uri.startsWith(pattern.slice(0, -1)) : uri === pattern
}

export function toClientCertificate(chain: DetailedPeerCertificate): ClientCertificate {
  const leaf = new X509Certificate(chain.raw)
  const names = parseAlternativeNames(leaf.subjectAltName ?? '')
  const behind: Uint8Array[] = []
  for (let at = chain; at.issuerCertificate !== undefined && at.issuerCertificate !== at; at = at.issuerCertificate) {
    behind.push(at.issuerCertificate.raw)
  }
  return {
    subject: parseName(leaf.subject),
    issuer: parseName(leaf.issuer),
    subjectText: toNameText(leaf.subject),
    issuerText: toNameText(leaf.issuer),
    serial: leaf.serialNumber.toLowerCase(),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    dnsNames: names.DNS.map((name) => name.toLowerCase()),
    uris: names.URI,
    emails: names.email,
    der: chain.raw,
    // The last signs itself, and whoever trusts it has it (RFC 9440 §2.3 leaves it out).
    chainDer: behind.slice(0, -1),
  }
}

type AlternativeNames = Readonly<Record<'DNS' | 'URI' | 'email', string[]>>

/** Node's text of them: `DNS:a, URI:"b, c"`; what could be mistaken for more than one name is quoted as JSON. */
function parseAlternativeNames(text: string): AlternativeNames {
  const names: AlternativeNames = { DNS: [], URI: [], email: [] }
  const entry = /(?:^|, )(\w[\w ]*):("(?:[^"\\]|\\.)*"|[^,]*)/gy
  for (let found = entry.exec(text); found !== null; found = entry.exec(text)) {
    const [, kind = '', value = ''] = found
    if (kind in names) names[kind as keyof AlternativeNames].push(value.startsWith('"') ? JSON.parse(value) : value)
  }
  return names
}

/**
 * Node's text of a name: one `attribute=value` a line, several of one RDN divided by ` + `; what means something else in RFC 4514 §2.4, and
 * every control character, stands behind a `\\`.
 */
function parseName(text = ''): Readonly<Record<string, readonly string[]>> {
  const attributes: Record<string, string[]> = {}
  for (const part of text.split(/\n| \+ /)) {
    const equals = part.indexOf('=')
    if (equals <= 0) continue
    const name = part.slice(0, equals)
    attributes[name] = [...(attributes[name] ?? []), unescapeValue(part.slice(equals + 1))]
  }
  return attributes
}

function unescapeValue(value: string): string {
  return value.replace(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  )
}

/** One line (RFC 4514 §2.1), but in the order of the certificate. */
function toNameText(text = ''): string {
  return text.replaceAll('\n', ',').replaceAll(' + ', '+')
}

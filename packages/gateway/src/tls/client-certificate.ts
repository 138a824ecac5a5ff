/** Owns the judgement of a client's certificate, once OpenSSL has judged its signatures, its time and its revocation. */

import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate } from 'node:tls'
import type { CertificateRule, ClientCertificates } from '@gatewright/model/runtime'
import { type ClientCertificate, Problem } from '@gatewright/policies'

/** What OpenSSL and Node tell of a connection once its handshake is over. */
export interface PeerProof {
  /** The code of OpenSSL's verdict; undefined: it has nothing against it. */
  readonly verifyCode: string | undefined
  /** With those that seem to sign it: Node links them by their names, and the client chooses what it shows. */
  readonly chain: DetailedPeerCertificate | undefined
  /** The certificates of the CAs, roots or not. */
  readonly authorities: readonly X509Certificate[]
}

/** What records say of a certificate, also of one that is refused. */
export type ShownCertificate = Pick<ClientCertificate, 'fingerprint' | 'subjectText'>

export interface Judgement {
  /** One that may be believed. */
  readonly certificate: ClientCertificate | undefined
  /** Nothing is answered on this connection but that. */
  readonly problem: Problem | undefined
  readonly shown: ShownCertificate | undefined
}

export const NOBODY_ASKED: Judgement = { certificate: undefined, problem: undefined, shown: undefined }

export function judgeClient(demanded: ClientCertificates, { verifyCode, chain, authorities }: PeerProof): Judgement {
  if (chain === undefined) {
    const problem = demanded.mode === 'require' ? new Problem('client-certificate-missing') : undefined
    return { certificate: undefined, problem, shown: undefined }
  }
  const leaf = new X509Certificate(chain.raw)
  const refuse = (reason: string): Judgement => ({
    certificate: undefined,
    problem: new Problem('client-certificate-refused', { reason }),
    shown: { fingerprint: toFingerprint(leaf), subjectText: toNameText(leaf.subject) },
  })
  if (verifyCode !== undefined) return refuse(verifyCode)
  const between = findBetween({ leaf, chain, authorities, depth: demanded.depth })
  if (between === undefined) return refuse('depth')
  const certificate = toClientCertificate(leaf, between)
  if (demanded.allow !== undefined && !demanded.allow.some((rule) => passes(certificate, rule))) return refuse('rules')
  return { certificate, problem: undefined, shown: certificate }
}

interface Way extends Pick<PeerProof, 'authorities'> {
  readonly leaf: X509Certificate
  readonly chain: DetailedPeerCertificate
  readonly depth: number
}

/**
 * Those between the client's and the nearest CA, each signed by the next; undefined: so few do not lead to one. What OpenSSL went by Node
 * does not tell. So signatures count here, too: by names alone, whoever may issue could name a CA like the one above it, and seem nearer.
 */
function findBetween({ leaf, chain, authorities, depth }: Way): readonly X509Certificate[] | undefined {
  const between: X509Certificate[] = []
  let certificate = leaf
  let link = chain
  while (!authorities.some((authority) => isOf(certificate, authority))) {
    const { issuerCertificate: next } = link
    if (between.length === depth || next === undefined || next === link) return undefined
    const issuer = new X509Certificate(next.raw)
    if (!isSignedBy(certificate, issuer)) return undefined
    between.push(issuer)
    certificate = issuer
    link = next
  }
  return between
}

/** Is it signed by this one, or itself the one that is named as trusted? */
function isOf(certificate: X509Certificate, authority: X509Certificate): boolean {
  return isSignedBy(certificate, authority) || certificate.raw.equals(authority.raw)
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // A key of no kind that OpenSSL knows, in a certificate that it did not need.
    return false
  }
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

/** `between`: those that lead to its CA, which is not among them (RFC 9440 §2.3). */
function toClientCertificate(leaf: X509Certificate, between: readonly X509Certificate[]): ClientCertificate {
  const names = parseAlternativeNames(leaf.subjectAltName ?? '')
  return {
    subject: parseName(leaf.subject),
    issuer: parseName(leaf.issuer),
    subjectText: toNameText(leaf.subject),
    issuerText: toNameText(leaf.issuer),
    serial: leaf.serialNumber.toLowerCase(),
    fingerprint: toFingerprint(leaf),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    dnsNames: names.DNS.map((name) => name.toLowerCase()),
    uris: names.URI,
    emails: names.email,
    der: leaf.raw,
    chainDer: between.map(({ raw }) => raw),
  }
}

function toFingerprint({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
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

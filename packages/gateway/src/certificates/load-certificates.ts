/** Owns the reading of certificates from files and folders: what they are for, whether they can serve, and what is wrong with them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve as resolvePath } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { Acme, CertificateId, CertificateSource, Finding, Path, Sources } from '@gatewright/model'
import { toTextHash } from '@gatewright/model/runtime'
import type { AcmeOptions } from '../acme/acme-options.ts'
import type { ServedCertificate } from '../acme/kept-certificate.ts'
import { isMissing, readTextFile } from '../snapshot/read-text-file.ts'
import type { WatchedFolder } from '../snapshot/watch.ts'
import { toAcmeOptions } from './acme-order.ts'
import type { LoadedCertificate } from './certificate-feed.ts'
import type { CertificateBatch } from './certificate-shelf.ts'
import { SOON_MS } from './ending-certificates.ts'

export interface LoadedCertificates {
  readonly certificates: readonly LoadedCertificate[]
  /** Texts of chains and keys, by SHA-256. */
  readonly pems: ReadonlyMap<string, string>
  /** What is to be ordered from CAs, secrets filled in. */
  readonly orders: readonly AcmeOptions[]
  readonly findings: readonly Finding[]
  /** Files whose change may change the outcome, and folders where others may appear. */
  readonly watched: readonly string[]
  readonly folders: readonly WatchedFolder[]
}

/** Files that did not change since are not read again, and of those that cannot be used any more it has what was in them. */
export class CertificateMemory {
  readonly #pairs = new Map<string, { readonly stamp: string; readonly pair: LoadedPair }>()
  #named = new Set<string>()

  find(paths: PairPaths): { readonly stamp: string; readonly pair: LoadedPair } | undefined {
    const key = toKey(paths)
    this.#named.add(key)
    return this.#pairs.get(key)
  }

  keep(paths: PairPaths, stamp: string, pair: LoadedPair): void {
    this.#pairs.set(toKey(paths), { stamp, pair })
  }

  /** Forgets what no reading has named since the last call: a faulty configuration may name nothing of what is shown. */
  settle(): void {
    for (const key of this.#pairs.keys()) if (!this.#named.has(key)) this.#pairs.delete(key)
    this.#named = new Set()
  }
}

const toKey = ({ cert, key }: PairPaths): string => `${cert}\0${key}`

interface LoadedPair extends Omit<LoadedCertificate, 'source'> {
  readonly chainText: string
  readonly keyText: string
  readonly isMustStaple: boolean
}

interface PairPaths {
  readonly cert: string
  readonly key: string
}

/** What cannot be used; caught in this file. */
class Unusable extends Error {
  readonly at: 'cert' | 'key'
  readonly suggestion: string | undefined
  readonly code: 'pem-unreadable' | 'certificate-unusable'

  constructor(
    message: string,
    {
      at,
      suggestion,
      code = 'certificate-unusable',
    }: { at: 'cert' | 'key'; suggestion?: string; code?: Unusable['code'] },
  ) {
    super(message)
    this.at = at
    this.suggestion = suggestion
    this.code = code
  }
}

const DAY_MS = 86_400_000
/** RFC 7633 §4.1: the OID of the TLS feature extension, in DER. */
const TLS_FEATURE = Buffer.from('06082b06010505070118', 'hex')

interface Given {
  readonly sources: Pick<Sources, 'find'>
  readonly nowMs: number
  readonly memory?: CertificateMemory
  /** Whatever files hold now, what they held before is shown on where they cannot be used. */
  readonly isShown?: boolean
}

/** Never throws for what files hold. Certificates by ACME are somebody else's. */
export function loadCertificates(from: readonly CertificateSource[], given: Given): LoadedCertificates {
  const loading = new Loading(given)
  for (const [index, source] of from.entries()) if (source.enabled !== false) loading.add(source, index)
  return loading
}

class Loading implements LoadedCertificates {
  readonly certificates: LoadedCertificate[] = []
  readonly pems = new Map<string, string>()
  readonly orders: AcmeOptions[] = []
  readonly findings: Finding[] = []
  readonly watched: string[] = []
  readonly folders: WatchedFolder[] = []
  readonly #given: Given
  readonly #memory: CertificateMemory

  constructor(given: Given) {
    this.#given = given
    this.#memory = given.memory ?? new CertificateMemory()
  }

  add(source: CertificateSource, index: number): void {
    const { from } = source
    const at: Path = ['certificates', index]
    if (from.kind === 'files') this.#addPair(source, from, (member) => [...at, member])
    else if (from.kind === 'pem') this.#addPair(source, from, (member) => [...at, 'pem', member])
    else if (from.kind === 'folder') this.#addFolder(source, from.folder, [...at, 'folder'])
    else this.#addOrder(source.id, from.acme, [...at, 'acme'])
  }

  #addOrder(id: CertificateId, acme: Acme, at: Path): void {
    const read = (path: string, ...members: Path): string => {
      this.watched.push(path)
      try {
        return readPem(path, 'key').trim()
      } catch (error) {
        if (!(error instanceof Unusable)) throw error
        this.#report('fault', [...at, ...members], { code: error.code, message: error.message })
        return ''
      }
    }
    if (acme.ca !== undefined) read(acme.ca, 'ca')
    this.orders.push(toAcmeOptions(id, acme, read))
  }

  #addFolder(source: CertificateSource, folder: string, at: Path): void {
    this.folders.push({ path: resolvePath(folder), isMember: isVisible })
    let pairs: readonly PairPaths[]
    try {
      const listed = listPairs(folder)
      pairs = listed.pairs
      this.watched.push(...listed.awaited)
    } catch (error) {
      const why = isMissing(error) ? 'does not exist' : `cannot be read: ${toMessage(error)}`
      this.#report('fault', at, { code: 'pem-unreadable', message: `The folder ${folder} ${why}.` })
      return
    }
    if (pairs.length === 0) {
      this.#report('warning', at, {
        code: 'no-certificate',
        message: `The folder ${folder} holds no certificate with its key.`,
        suggestion: 'Put pairs such as shop.crt and shop.key there.',
      })
    }
    for (const pair of pairs) this.#addPair(source, pair, () => at)
  }

  #addPair(source: CertificateSource, given: PairPaths, placeOf: (member: 'cert' | 'key') => Path): void {
    const isText = source.from.kind === 'pem'
    // Texts are remembered, and told of, by the name of their certificate.
    const paths = isText ? { cert: source.id, key: source.id } : given
    if (!isText) this.watched.push(paths.cert, paths.key)
    // One bad pair among thousands must not keep the others from being shown; one that is named by itself must.
    const isFolder = source.from.kind === 'folder'
    let pair: LoadedPair
    try {
      pair = isText ? this.#makePair(paths, given) : this.#loadPair(paths)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      const { message, at, suggestion, code } = error
      // A certificate and its key are renewed one after the other: until both are there, what was shown is shown on.
      const before = isFolder || this.#given.isShown === true ? this.#memory.find(paths)?.pair : undefined
      this.#report(isFolder || before !== undefined ? 'warning' : 'fault', placeOf(at), {
        code,
        message: before === undefined ? message : `${message} What stood there before is still shown.`,
        ...(suggestion !== undefined && { suggestion }),
      })
      if (before === undefined) return
      pair = before
    }
    const { chainText, keyText, ocspUrl, isMustStaple, ...rest } = pair
    this.pems.set(pair.chain, chainText)
    this.pems.set(pair.key, keyText)
    const isStapled = source.ocsp && ocspUrl !== undefined
    this.certificates.push({ source: source.id, ...rest, ...(isStapled && { ocspUrl }) })
    if (isMustStaple && !isStapled) this.#reportUnstapled(pair, placeOf('cert'))
    this.#judgeAge(pair, placeOf('cert'))
  }

  #loadPair(paths: PairPaths): LoadedPair {
    const stamp = `${toStamp(paths.cert, 'cert')} ${toStamp(paths.key, 'key')}`
    const known = this.#memory.find(paths)
    if (known?.stamp === stamp) return known.pair
    const pair = toPair(readPem(paths.cert, 'cert'), readPem(paths.key, 'key'), paths)
    this.#memory.keep(paths, stamp, pair)
    return pair
  }

  #makePair(names: PairPaths, texts: PairPaths): LoadedPair {
    const stamp = toTextHash(toKey(texts))
    const known = this.#memory.find(names)
    if (known?.stamp === stamp) return known.pair
    const pair = toPair(texts.cert, texts.key, names)
    this.#memory.keep(names, stamp, pair)
    return pair
  }

  #reportUnstapled({ from, ocspUrl }: LoadedPair, at: Path): void {
    const why = ocspUrl === undefined ? 'it names no OCSP responder over http' : '`ocsp` is switched off for it'
    this.#report('warning', at, {
      code: 'certificate-unstapled',
      message: `The certificate ${from} must be shown with a staple (RFC 7633) and never is, because ${why}: clients that heed this refuse it.`,
      suggestion: ocspUrl === undefined ? 'Have it issued without must-staple.' : 'Take `ocsp: false` away.',
    })
  }

  #judgeAge({ notBeforeMs, notAfterMs, from }: LoadedPair, at: Path): void {
    const { nowMs } = this.#given
    if (nowMs > notAfterMs) {
      const message = `The certificate ${from} ended on ${toDay(notAfterMs)}: clients refuse it.`
      this.#report('warning', at, { code: 'certificate-expired', message, suggestion: 'Renew it.' })
    } else if (nowMs < notBeforeMs) {
      const message = `The certificate ${from} begins on ${toDay(notBeforeMs)}: clients refuse it until then.`
      this.#report('warning', at, { code: 'certificate-not-yet', message })
    } else if (notAfterMs - nowMs < SOON_MS) {
      const days = Math.floor((notAfterMs - nowMs) / DAY_MS)
      const message = `The certificate ${from} ends on ${toDay(notAfterMs)}, in ${days} days.`
      this.#report('warning', at, { code: 'certificate-expires', message, suggestion: 'Renew it.' })
    }
  }

  #report(severity: Finding['severity'], at: Path, report: Omit<Finding, 'severity' | 'at'>): void {
    this.findings.push({ severity, ...report, at: this.#given.sources.find(at) })
  }
}

interface ListedPairs {
  readonly pairs: readonly PairPaths[]
  /** Files that are not there yet: who makes a folder fills it afterwards. */
  readonly awaited: readonly string[]
}

/** `NAME.crt` or `NAME.pem` beside `NAME.key`; and folders as certbot and lego write them. */
function listPairs(folder: string): ListedPairs {
  const pairs: PairPaths[] = []
  const awaited: string[] = []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  const names = new Set(entries.map(({ name }) => name))
  for (const { name } of entries) {
    if (!isVisible(name)) continue
    const stem = /^(.+)\.(?:crt|pem)$/.exec(name)?.[1]
    if (stem !== undefined && names.has(`${stem}.key`)) {
      pairs.push({ cert: join(folder, name), key: join(folder, `${stem}.key`) })
    } else if (isFolder(join(folder, name))) {
      const pair = { cert: join(folder, name, 'fullchain.pem'), key: join(folder, name, 'privkey.pem') }
      if (existsSync(pair.cert) && existsSync(pair.key)) pairs.push(pair)
      else awaited.push(pair.cert, pair.key)
    }
  }
  return { pairs, awaited }
}

/** Editors and Kubernetes keep what is none yet, or is no more, behind a dot. */
function isVisible(name: string): boolean {
  return !name.startsWith('.')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function toStamp(path: string, at: 'cert' | 'key'): string {
  try {
    const { mtimeMs, size, ino } = statSync(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch (error) {
    throw toUnreadable(path, at, error)
  }
}

function readPem(path: string, at: 'cert' | 'key'): string {
  try {
    return readTextFile(path)
  } catch (error) {
    throw toUnreadable(path, at, error)
  }
}

function toUnreadable(path: string, at: 'cert' | 'key', error: unknown): Unusable {
  const why = isMissing(error) ? 'does not exist' : `cannot be read: ${toMessage(error)}`
  return new Unusable(`The file ${path} ${why}.`, { at, code: 'pem-unreadable' })
}

/** @throws Unusable */
function toPair(chainText: string, keyText: string, { cert, key }: PairPaths): LoadedPair {
  const leaf = toLeaf(chainText, cert)
  const privateKey = toPrivateKey(keyText, key)
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Unusable(`The key ${key} is not that of the certificate ${cert}.`, {
      at: 'key',
      suggestion: 'Are both of the same renewal, and does the certificate itself stand first in its file?',
    })
  }
  const names = listNames(leaf)
  if (names.length === 0) {
    throw new Unusable(`The certificate ${cert} is for no host name and no address.`, {
      at: 'cert',
      suggestion: 'Clients look at its subject alternative names (RFC 9525 §2), and no more at its common name.',
    })
  }
  checkUsable(chainText, keyText, cert)
  const ocspUrl = /^OCSP - URI:(http:\/\/\S+)$/m.exec(leaf.infoAccess ?? '')?.[1]
  return {
    names,
    chain: toTextHash(chainText),
    key: toTextHash(keyText),
    from: cert,
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    chainText,
    keyText,
    isMustStaple: leaf.raw.includes(TLS_FEATURE),
    ...(ocspUrl !== undefined && { ocspUrl }),
  }
}

function toLeaf(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw new Unusable(`${path} holds no certificate in PEM: ${toMessage(error)}.`, {
      at: 'cert',
      suggestion: 'It begins with "-----BEGIN CERTIFICATE-----".',
    })
  }
}

/** What only OpenSSL says: those behind the certificate are cut off, or the key is shorter than it takes. */
function checkUsable(chainText: string, keyText: string, path: string): void {
  try {
    createSecureContext({ cert: chainText, key: keyText })
  } catch (error) {
    throw new Unusable(`The certificate ${path} cannot be used: ${toMessage(error)}.`, {
      at: 'cert',
      suggestion: 'Is the file whole, with every certificate of the chain, and the key of 2048 bits or more?',
    })
  }
}

function toPrivateKey(text: string, path: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(text)
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(text)
    throw new Unusable(
      isEncrypted ? `The key ${path} is encrypted.` : `${path} holds no private key in PEM: ${toMessage(error)}.`,
      {
        at: 'key',
        suggestion: isEncrypted
          ? `Write it out without a passphrase, readable for this user only: openssl pkey -in ${path} -out plain.key`
          : 'It begins with "-----BEGIN PRIVATE KEY-----".',
      },
    )
  }
}

/** Of a certificate that was ordered: it is what its CA made of it. @throws where it is none */
export function toOrderedCertificate(id: string, { chain, key }: ServedCertificate): CertificateBatch {
  const { chainText, keyText, isMustStaple: _, ...pair } = toPair(chain, key, { cert: id, key: id })
  const pems = new Map([
    [pair.chain, chainText],
    [pair.key, keyText],
  ])
  return { certificates: [{ source: id as CertificateId, ...pair }], pems }
}

/** Lower case; what stands in quotes holds characters that no name has. */
export function listNames({ subjectAltName = '' }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  const names: string[] = []
  for (const entry of subjectAltName.split(', ')) {
    const name = /^(?:DNS|IP Address):([^"\s]+)$/.exec(entry)?.[1]
    if (name !== undefined) names.push(name.toLowerCase())
  }
  return names
}

function toDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

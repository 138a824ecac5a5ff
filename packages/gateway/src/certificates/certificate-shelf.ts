/** Owns the certificates of a process, as main holds them: those from files, those ordered from a CA, and what CAs say of their revocation. */
import { createHash } from 'node:crypto'
import type { CertificateSource } from '@gatewright/model'
import { toTextHash } from '@gatewright/model/runtime'
import type { StapleAge } from '../observe/metrics.ts'
import type { Staple, StapleNews, StapleOrder } from '../ocsp/staple-order.ts'
import { PemTable } from '../state/pems/pem-table.ts'
import type { CertificateEntry, CertificateFeed, LoadedCertificate } from './certificate-feed.ts'

/** Certificates, and the texts that they refer to by hash. */
export interface CertificateBatch {
  readonly certificates: readonly LoadedCertificate[]
  readonly pems: ReadonlyMap<string, string>
}

/** Of a certificate of the model, what concerns the shelf. */
export type ShelvedSource = Pick<CertificateSource, 'id' | 'ocsp'>

export const NO_BATCH: CertificateBatch = { certificates: [], pems: new Map() }

export class CertificateShelf {
  readonly #table = new PemTable()
  #files = NO_BATCH
  /** By the id of the model's certificate. */
  readonly #ordered = new Map<string, CertificateBatch>()
  /** Of the model; ordered certificates have ids of theirs. */
  #sources: ReadonlyMap<string, ShelvedSource> = new Map()
  /** By chain. */
  readonly #news = new Map<string, StapleNews>()
  /** Of what the last feed held. */
  #hash = ''
  #feed: CertificateFeed = { entries: [], pems: this.#table.descriptor, staples: new Map() }

  get feed(): CertificateFeed {
    return this.#feed
  }

  /** All that are shown, or would be if somebody asked for them. */
  get certificates(): readonly LoadedCertificate[] {
    const ordered = [...this.#ordered.values()].flatMap(({ certificates }) => certificates)
    return [...this.#files.certificates, ...ordered.map((certificate) => this.#toWanted(certificate))]
  }

  /** What CAs are to be asked, once for each chain. */
  get stapleOrders(): readonly StapleOrder[] {
    const orders = new Map<string, StapleOrder>()
    for (const { chain, ocspUrl: url, from } of this.certificates) {
      if (url !== undefined) orders.set(chain, { chain, url, from })
    }
    return [...orders.values()]
  }

  /** Of those that should have one. */
  get stapleAges(): readonly StapleAge[] {
    const stapled = this.certificates.filter(({ ocspUrl }) => ocspUrl !== undefined)
    return stapled.map(({ source, chain }) => {
      const { staple, isRevoked = false } = this.#news.get(chain) ?? {}
      return { source, untilMs: staple?.untilMs ?? 0, isRevoked }
    })
  }

  /** Of which certificates of the model their CAs say that one is revoked. */
  get revokedSources(): readonly string[] {
    return [...new Set(this.stapleAges.filter(({ isRevoked }) => isRevoked).map(({ source }) => source))]
  }

  /**
   * Those in files, replacing those before; ordered ones whose id is not among `sources` are dropped. Answers whether anything changed
   * for threads.
   */
  setFiles(files: CertificateBatch, sources: readonly ShelvedSource[]): boolean {
    this.#files = files
    this.#sources = new Map(sources.map((source) => [source.id, source]))
    for (const id of this.#ordered.keys()) if (!this.#sources.has(id)) this.#ordered.delete(id)
    return this.#rebuild()
  }

  setOrdered(id: string, batch: CertificateBatch): boolean {
    this.#ordered.set(id, batch)
    return this.#rebuild()
  }

  /** What CAs say of certificates; of those that are here no more, or want no staple any more, it is passed over. */
  setStaples(news: readonly StapleNews[]): boolean {
    for (const each of news) this.#news.set(each.chain, each)
    return this.#rebuild()
  }

  #toWanted(certificate: LoadedCertificate): LoadedCertificate {
    if (this.#sources.get(certificate.source)?.ocsp !== false) return certificate
    const { ocspUrl: _, ...rest } = certificate
    return rest
  }

  #rebuild(): boolean {
    const entries = this.certificates.map(toEntry)
    const wanted = new Set(this.stapleOrders.map(({ chain }) => chain))
    const staples = new Map<string, Staple>()
    for (const [chain, { staple }] of this.#news) {
      if (!wanted.has(chain)) this.#news.delete(chain)
      else if (staple !== undefined) staples.set(chain, staple)
    }
    const digests = [...staples].map(([chain, { der }]) => [chain, createHash('sha256').update(der).digest('base64')])
    const hash = toTextHash(JSON.stringify([entries, digests]))
    if (hash === this.#hash) return false
    this.#hash = hash
    const pems = new Map(this.#files.pems)
    for (const ordered of this.#ordered.values()) for (const [key, text] of ordered.pems) pems.set(key, text)
    this.#table.define(pems)
    this.#table.settle()
    this.#feed = { entries, pems: this.#table.descriptor, staples }
    return true
  }
}

/** What threads need of it. */
function toEntry({ source, names, chain, key }: LoadedCertificate): CertificateEntry {
  return { source, names, chain, key }
}

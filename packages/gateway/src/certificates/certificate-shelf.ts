/** Owns the certificates of a process, as main holds them: those from files, those ordered from a CA, and what CAs say of their revocation. */
import { toTextHash } from '@gatewright/model/runtime'
import { PemTable } from '../state/pems/pem-table.ts'
import type { CertificateEntry, CertificateFeed, LoadedCertificate } from './certificate-feed.ts'

/** Certificates, and the texts that they refer to by hash. */
export interface CertificateBatch {
  readonly certificates: readonly LoadedCertificate[]
  readonly pems: ReadonlyMap<string, string>
}

export const NO_BATCH: CertificateBatch = { certificates: [], pems: new Map() }

export class CertificateShelf {
  readonly #table = new PemTable()
  #files = NO_BATCH
  /** By the id of the model's certificate. */
  readonly #ordered = new Map<string, CertificateBatch>()
  readonly #staples = new Map<string, Uint8Array>()
  /** Of what the last feed held. */
  #hash = ''
  #feed: CertificateFeed = { entries: [], pems: this.#table.descriptor, staples: new Map() }

  get feed(): CertificateFeed {
    return this.#feed
  }

  /** All that are shown, or would be if somebody asked for them. */
  get certificates(): readonly LoadedCertificate[] {
    return [...this.#files.certificates, ...[...this.#ordered.values()].flatMap(({ certificates }) => certificates)]
  }

  /** Those in files, replacing those before; ordered ones whose id is not among `ids` are dropped. Answers whether anything changed. */
  setFiles(files: CertificateBatch, ids: ReadonlySet<string>): boolean {
    this.#files = files
    for (const id of this.#ordered.keys()) if (!ids.has(id)) this.#ordered.delete(id)
    return this.#rebuild()
  }

  setOrdered(id: string, batch: CertificateBatch): boolean {
    this.#ordered.set(id, batch)
    return this.#rebuild()
  }

  /** `der`: what the CA says of the certificate with this chain. */
  setStaple(chain: string, der: Uint8Array | undefined): boolean {
    if (der === undefined) this.#staples.delete(chain)
    else this.#staples.set(chain, der)
    return this.#rebuild()
  }

  #rebuild(): boolean {
    const entries = this.certificates.map(toEntry)
    const chains = new Set(entries.map(({ chain }) => chain))
    for (const chain of this.#staples.keys()) if (!chains.has(chain)) this.#staples.delete(chain)
    const staples = [...this.#staples].map(([chain, der]) => [chain, Buffer.from(der).toString('base64')])
    const hash = toTextHash(JSON.stringify([entries, staples]))
    if (hash === this.#hash) return false
    this.#hash = hash
    const pems = new Map(this.#files.pems)
    for (const ordered of this.#ordered.values()) for (const [key, text] of ordered.pems) pems.set(key, text)
    this.#table.define(pems)
    this.#table.settle()
    this.#feed = { entries, pems: this.#table.descriptor, staples: new Map(this.#staples) }
    return true
  }
}

/** What threads need of it. */
function toEntry({ source, names, chain, key }: LoadedCertificate): CertificateEntry {
  return { source, names, chain, key }
}

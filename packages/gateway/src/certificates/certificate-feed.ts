/** Owns the shape in which certificates travel from main to the data threads: names and hashes, with the texts in shared memory. */
import type { CertificateId } from '@gatewright/model'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import type { Staple } from '../ocsp/staple-order.ts'
import type { PemDescriptor } from '../state/pems/pem-table.ts'

/** One certificate and its key. */
export interface CertificateEntry {
  /** The certificate of the model that it comes from; folders have many. */
  readonly source: CertificateId
  /** DNS names and IP addresses that it is for; `*.x` stands for one label. */
  readonly names: readonly string[]
  /** SHA-256 of the PEM text of the certificate and those behind it. */
  readonly chain: string
  readonly key: string
}

/** An entry as main knows it. */
export interface LoadedCertificate extends CertificateEntry {
  /** Where its text stands: a path, or the name of an ACME certificate. */
  readonly from: string
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Where its CA says whether it is revoked (RFC 6960), if it says so and stapling is wanted. */
  readonly ocspUrl?: string
}

export interface CertificateFeed {
  readonly entries: readonly CertificateEntry[]
  readonly pems: PemDescriptor
  /** By the hash of the chain. */
  readonly staples: ReadonlyMap<string, Staple>
}

export const NO_CERTIFICATES: CertificateFeed = {
  entries: [],
  pems: { memory: new SharedArrayBuffer(0), places: new Map() },
  staples: new Map(),
}

export const NO_CHALLENGES: ChallengeSet = { http: new Map(), alpn: new Map() }

/**
 * Owns the certificates that one data thread shows: found by name in what main shipped, made into contexts of OpenSSL when
 * somebody first asks for one. Thousands cost their names; those in use cost some 40 KB each.
 */
import { constants, type X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { CertificateId, ListenerTls } from '@gatewright/model/runtime'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import {
  type CertificateEntry,
  type CertificateFeed,
  NO_CERTIFICATES,
  NO_CHALLENGES,
} from '../certificates/certificate-feed.ts'
import { parseCertificates } from '../certificates/parse-certificates.ts'
import { type GetPem, openPems } from '../state/pems/pem-table.ts'
import type { Demands } from './demands.ts'
import { NameTable } from './name-table.ts'
import { TLS_PROFILES } from './profiles.ts'

/** Those used last are kept; making one takes about 0.2 ms, less than the handshake that it is for. */
const MOST_CONTEXTS = 1024
/** How long a client may come back with the ticket of its last connection. */
const SESSION_SECONDS = 4 * 3600

/** What a connection is begun with. */
export interface ChosenCertificate {
  readonly context: SecureContext
  /** What its CA said last of its revocation, in DER. */
  readonly staple: Uint8Array | undefined
  /** Whom clients' certificates must come from; none where none is asked for. */
  readonly authorities: readonly X509Certificate[]
}

/** What is kept of a certificate with the demands that it is shown with. */
type HeldContext = Pick<ChosenCertificate, 'context' | 'authorities'> & { readonly entry: CertificateEntry }

/** Those that one listener shows. */
interface Shown {
  readonly names: NameTable<CertificateEntry>
  /** For clients that no name leads to one. */
  readonly fallback: CertificateEntry | undefined
}

export class CertificateStore {
  #feed: CertificateFeed = NO_CERTIFICATES
  #getPem: GetPem = openPems(NO_CERTIFICATES.pems)
  /** For CAs and revocation lists, which belong to the snapshot. */
  #getSnapshotPem: GetPem = this.#getPem
  #ticketKey: Buffer
  readonly #now: () => number
  /** What CAs may ask for now. */
  challenges: ChallengeSet = NO_CHALLENGES
  #shown = new WeakMap<ListenerTls, Shown>()
  /** The one that was used last stands last. */
  readonly #contexts = new Map<string, HeldContext>()

  /** `now`: milliseconds since the epoch. */
  constructor(ticketKey: Uint8Array, now: () => number = Date.now) {
    this.#now = now
    this.#ticketKey = Buffer.from(ticketKey)
  }

  /** Others from here on. Contexts of those that stay are kept, and no connection notices. */
  replace(feed: CertificateFeed): void {
    this.#feed = feed
    this.#getPem = openPems(feed.pems)
    this.#shown = new WeakMap()
    const kept = new Set(feed.entries.map(toPairKey))
    for (const [key, { entry }] of this.#contexts) if (!kept.has(toPairKey(entry))) this.#contexts.delete(key)
  }

  /** Where CAs and revocation lists of the snapshot that serves are read. */
  useSnapshotPems(getPem: GetPem): void {
    this.#getSnapshotPem = getPem
  }

  /** Tickets of the key before are not read any more: their clients make a full handshake, once. */
  rotate(ticketKey: Uint8Array): void {
    this.#ticketKey = Buffer.from(ticketKey)
    this.#contexts.clear()
  }

  /** `name` in lower case; undefined: there is none for it. @throws what OpenSSL says of a certificate that it cannot use */
  choose(tls: ListenerTls, name: string | undefined, demands: Demands): ChosenCertificate | undefined {
    const { names, fallback } = this.#toShown(tls)
    const entry = (name === undefined ? undefined : names.find(name)) ?? fallback
    if (entry === undefined) return undefined
    const { context, authorities } = this.#hold(entry, demands)
    return { context, staple: this.#findStaple(entry), authorities }
  }

  /** RFC 8737 §3: what a CA is shown to prove a name; undefined: it asks for none that we want to prove. */
  chooseChallenge(name: string | undefined): ChosenCertificate | undefined {
    const challenge = name === undefined ? undefined : this.challenges.alpn.get(name)
    if (challenge === undefined) return undefined
    const { certificate, key } = challenge
    const context = createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' })
    return { context, staple: undefined, authorities: [] }
  }

  /** Main may be told late that it could not be renewed: clients refuse one that has ended. */
  #findStaple({ chain }: CertificateEntry): Uint8Array | undefined {
    const staple = this.#feed.staples.get(chain)
    return staple !== undefined && staple.untilMs > this.#now() ? staple.der : undefined
  }

  #toShown(tls: ListenerTls): Shown {
    const known = this.#shown.get(tls)
    if (known !== undefined) return known
    const { certificates, defaultCertificate } = tls
    const listed = certificates === undefined ? undefined : new Set<CertificateId>(certificates)
    const entries = this.#feed.entries.filter(({ source }) => listed?.has(source) !== false)
    const names = new NameTable<CertificateEntry>()
    for (const entry of entries) for (const name of entry.names) names.add(name, entry)
    // Where there is but one, there is nothing to choose.
    const fallback =
      defaultCertificate === undefined
        ? entries.length === 1
          ? entries[0]
          : undefined
        : entries.find(({ source }) => source === defaultCertificate)
    const shown = { names, fallback }
    this.#shown.set(tls, shown)
    return shown
  }

  #hold(entry: CertificateEntry, demands: Demands): HeldContext {
    const key = `${toPairKey(entry)} ${demands.hash}`
    const known = this.#contexts.get(key)
    const held = known ?? this.#create(entry, demands)
    this.#contexts.delete(key)
    this.#contexts.set(key, held)
    if (this.#contexts.size > MOST_CONTEXTS) {
      const [oldest] = this.#contexts.keys()
      if (oldest !== undefined) this.#contexts.delete(oldest)
    }
    return held
  }

  #create(entry: CertificateEntry, { profile, clientCertificates }: Demands): HeldContext {
    const { secureOptions = 0, ...options } = TLS_PROFILES[profile]
    const pair = { cert: this.#getPem(entry.chain), key: this.#getPem(entry.key), ...options }
    if (clientCertificates === undefined) {
      const context = createSecureContext({
        ...pair,
        secureOptions,
        ticketKeys: this.#ticketKey,
        sessionTimeout: SESSION_SECONDS,
      })
      return { entry, context, authorities: [] }
    }
    const ca = this.#getSnapshotPem(clientCertificates.ca.sha256)
    const { crl } = clientCertificates
    const context = createSecureContext({
      ...pair,
      ca,
      // Whoever is named is trusted, be it a root or one between. Only lists are checked up to a root, and OpenSSL looks no further than
      // the first that is trusted.
      ...(crl === undefined ? { allowPartialTrustChain: true } : { crl: this.#getSnapshotPem(crl.sha256) }),
      // What a ticket remembers was proven once: before a list of revocations changed, or to a host with other CAs. So none is given
      // or taken where certificates are asked for (CVE-2025-23419 was such a case).
      secureOptions: secureOptions | constants.SSL_OP_NO_TICKET,
    })
    return { entry, context, authorities: parseCertificates(ca) }
  }
}

function toPairKey({ chain, key }: CertificateEntry): string {
  return `${chain}.${key}`
}

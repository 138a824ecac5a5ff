/** Owns what main and its threads say to each other: plain data, told apart by `kind`. */
import type { EgressRules, PolicyUse, Upstream } from '@gatewright/model'
import type { AcmeOptions } from '../acme/acme-options.ts'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import type { CertificateStatus, ServedCertificate } from '../acme/kept-certificate.ts'
import type { CertificateFeed } from '../certificates/certificate-feed.ts'
import type { StapleNews, StapleOrder } from '../ocsp/staple-order.ts'
import type { ShippedPart } from '../snapshot/api-patch.ts'
import type { SnapshotPatch } from '../snapshot/snapshot-patch.ts'
import type { CountersDescriptor } from '../state/counters/shared-counters.ts'
import type { CredentialsDescriptor } from '../state/credentials/credentials-index.ts'
import type { SharedFiles } from '../state/files/file-table.ts'
import type { AddressGaugeDescriptor } from '../state/gauges/address-gauge.ts'
import type { ColumnsDescriptor } from '../state/gauges/columns.ts'
import type { HealthDescriptor } from '../state/health/health-table.ts'
import type { PemDescriptor } from '../state/pems/pem-table.ts'
import type { ReplaysDescriptor } from '../state/replays/shared-replays.ts'
import type { RevocationsDescriptor } from '../state/revocations/shared-revocations.ts'
import type { SharedValueAnswer, SharedValueRequest } from '../state/shared-values/shared-value-messages.ts'
import type { PulseDescriptor } from './pulse.ts'

/** What a thread is born with. */
export interface ThreadBirth {
  readonly index: number
  readonly reusePort: boolean
  readonly counters: CountersDescriptor
  readonly revocations: RevocationsDescriptor
  readonly replays: ReplaysDescriptor
  readonly credentials: CredentialsDescriptor
  readonly columns: ColumnsDescriptor
  readonly addresses: AddressGaugeDescriptor
  readonly pulse: PulseDescriptor
  readonly certificates: CertificateFeed
  readonly challenges: ChallengeSet
  /** What session tickets are encrypted with, on all threads; 48 octets. */
  readonly ticketKey: Uint8Array
}

export type ToThread =
  | SharedValueAnswer
  /** Build it, bind what is new, change nothing that serves. */
  | {
      readonly kind: 'prepare'
      readonly snapshot: SnapshotPatch
      /** Those the thread does not have yet, by hash. */
      readonly parts: ReadonlyMap<string, ShippedPart>
      /** What it does not know yet. */
      readonly columns: ColumnsDescriptor
      readonly health: HealthDescriptor
      readonly pems: PemDescriptor
      /** What policies of this snapshot read, and of the one that serves. */
      readonly files: SharedFiles
    }
  /** Every thread could prepare it: serve it. Callers are known by `credentials` from the same moment on: their plans belong to it. */
  | { readonly kind: 'commit'; readonly version: number; readonly credentials: CredentialsDescriptor | undefined }
  /** Some thread could not. */
  | { readonly kind: 'abandon'; readonly number: number; readonly version: number }
  /** Also where only what stands in its tables has changed. Answered by `acquainted`. */
  | { readonly kind: 'credentials'; readonly number: number; readonly descriptor: CredentialsDescriptor }
  | { readonly kind: 'certificates'; readonly feed: CertificateFeed }
  /** All that policies read, as it is from here on. */
  | { readonly kind: 'files'; readonly files: SharedFiles }
  /** Answered by `challenged`: the CA is told to ask when every thread can answer. */
  | { readonly kind: 'challenges'; readonly number: number; readonly feed: ChallengeSet }
  | { readonly kind: 'ticket-key'; readonly key: Uint8Array }
  /** The access log was renamed: open it anew by its name. */
  | { readonly kind: 'reopen-log' }
  /** Say `Connection: close` from here on. */
  | { readonly kind: 'drain' }
  /** Accept nothing more; say `closed` when the last connection ended. */
  | { readonly kind: 'close' }
  /** After `close`: what is still open is cut off. */
  | { readonly kind: 'cut-off' }

/** Why a thread cannot run a snapshot, and the use of a policy that keeps it from it, if one does. */
export interface PrepareFault {
  readonly message: string
  readonly use?: PolicyUse
  /** It fails the same until something is changed, whatever its message quotes. */
  readonly isLasting?: boolean
}

export type FromThread =
  | SharedValueRequest
  | { readonly kind: 'ready' }
  | { readonly kind: 'prepared'; readonly version: number; readonly fault?: PrepareFault }
  | { readonly kind: 'committed'; readonly version: number; readonly hash: string }
  | { readonly kind: 'abandoned'; readonly number: number }
  | { readonly kind: 'challenged'; readonly number: number }
  | { readonly kind: 'acquainted'; readonly number: number }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'log'
      readonly level: 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts?: Readonly<Record<string, unknown>>
    }

/** What the service thread is told: whom to ask, and which certificates to keep; each time anew. */
export type ToService =
  | {
      readonly kind: 'watch'
      /** Those with active health. */
      readonly upstreams: readonly Upstream[]
      readonly egress: EgressRules
      readonly health: HealthDescriptor
      readonly pems: PemDescriptor
    }
  | {
      readonly kind: 'keep'
      readonly orders: readonly AcmeOptions[]
      readonly folder: string
      readonly egress: EgressRules
    }
  /** Ask CAs whether these are revoked, and no others; `pems` holds their chains. */
  | {
      readonly kind: 'staple'
      readonly orders: readonly StapleOrder[]
      readonly pems: PemDescriptor
      readonly egress: EgressRules
    }
  /** Every data thread answers with these. */
  | { readonly kind: 'challenged'; readonly number: number }
  /** Says `stopped` when nothing is under way any more. */
  | { readonly kind: 'stop' }

export type FromService =
  | Extract<FromThread, { kind: 'log' }>
  | { readonly kind: 'challenges'; readonly number: number; readonly set: ChallengeSet }
  | { readonly kind: 'certificate'; readonly id: string; readonly served: ServedCertificate }
  | { readonly kind: 'staples'; readonly news: readonly StapleNews[] }
  | { readonly kind: 'orders'; readonly status: readonly CertificateStatus[] }
  | { readonly kind: 'stopped' }

/** Owns the certificates that are had from authorities: all that are wanted, obtained and renewed. Runs once per process. */
import type { Clock, Log } from '@gatewright/policies'
import { AskGate } from '../certificates/ask-gate.ts'
import { type EgressGuard, NO_EGRESS_RULES } from '../egress/egress-guard.ts'
import type { AcmeOptions } from './acme-options.ts'
import { ChallengeBoard } from './challenges/challenge-board.ts'
import type { ChallengeSet } from './challenges/challenge-set.ts'
import { type CertificateStatus, KeptCertificate, type ServedCertificate } from './kept-certificate.ts'
import { AccountKeeper } from './order/account-keeper.ts'
import { createOrderer, type OrderCertificate } from './order/order-certificate.ts'
import type { AcmeStorage } from './storage/acme-storage.ts'

export interface CertificatePublisher {
  /** Resolves once every data thread answers with these challenges, and no others. */
  challenges(set: ChallengeSet): Promise<void>
  /** New connections are shown this one from here on. */
  certificate(id: string, certificate: ServedCertificate): void
}

export interface CertificateKeeperParts {
  readonly storage: AcmeStorage
  readonly publish: CertificatePublisher
  readonly clock: Clock
  readonly log: Log
  /** In [0, 1). */
  readonly random: () => number
  /** Other nodes use the same storage: each answers the challenges of all. */
  readonly isShared: boolean
  /** How a certificate is had; by RFC 8555, if absent. */
  readonly order?: OrderCertificate
}

/** At once. */
const MOST_ORDERS = 4

interface Kept {
  readonly settings: string
  readonly certificate: KeptCertificate
}

export class CertificateKeeper {
  readonly #parts: CertificateKeeperParts
  readonly #board: ChallengeBoard
  readonly #order: OrderCertificate
  readonly #gate = new AskGate(MOST_ORDERS)
  readonly #kept = new Map<string, Kept>()
  /** Those that end, and have not ended. */
  readonly #ending = new Set<Promise<void>>()
  #isStarted = false

  constructor(parts: CertificateKeeperParts) {
    const { storage, publish, clock, log, isShared, order } = parts
    this.#parts = parts
    this.#board = new ChallengeBoard({ storage, publish: (set) => publish.challenges(set), clock, log, isShared })
    this.#order =
      order ?? createOrderer({ accounts: new AccountKeeper(storage, clock), board: this.#board, clock, log })
  }

  /** From here on these are kept, and no others, and no other addresses asked. What did not change goes on where it was. */
  keep(wanted: readonly AcmeOptions[], guard: EgressGuard = NO_EGRESS_RULES): void {
    if (!this.#isStarted) this.#board.start()
    this.#isStarted = true
    const ids = new Set(wanted.map(({ id }) => id))
    for (const [id, { certificate }] of this.#kept) {
      if (ids.has(id)) continue
      this.#kept.delete(id)
      this.#end(certificate)
    }
    for (const options of wanted) {
      const settings = JSON.stringify([options, guard.rules])
      const running = this.#kept.get(options.id)
      if (running?.settings === settings) continue
      if (running !== undefined) this.#end(running.certificate)
      const { storage, publish, clock, log, random } = this.#parts
      const certificate = new KeptCertificate(
        options,
        {
          storage,
          order: this.#order,
          gate: this.#gate,
          publish: (id, served) => publish.certificate(id, served),
          clock,
          log,
          random,
          guard,
        },
        running?.certificate.served,
      )
      this.#kept.set(options.id, { settings, certificate })
    }
  }

  /** For those who look how it goes: metrics, the status port. */
  get status(): readonly CertificateStatus[] {
    return [...this.#kept.values()].map(({ certificate }) => certificate.status)
  }

  /** Resolves once nothing is under way any more: orders are called off, and what they put into the DNS is taken away. */
  async stop(): Promise<void> {
    for (const { certificate } of this.#kept.values()) this.#end(certificate)
    this.#kept.clear()
    await Promise.all(this.#ending)
    await this.#board.stop()
  }

  #end(certificate: KeptCertificate): void {
    const ending = certificate.stop().finally(() => this.#ending.delete(ending))
    this.#ending.add(ending)
  }
}

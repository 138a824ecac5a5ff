/** Owns the certificates that are ordered from CAs, on the service thread: keeps them, and tells main what there is and what CAs may ask. */
import { isDeepStrictEqual } from 'node:util'
import type { Clock, Log } from '@gatewright/policies'
import type { AcmeOptions } from '../acme/acme-options.ts'
import { CertificateKeeper } from '../acme/certificate-keeper.ts'
import type { ChallengeSet } from '../acme/challenges/challenge-set.ts'
import type { CertificateStatus } from '../acme/kept-certificate.ts'
import { FileAcmeStorage } from '../acme/storage/file-acme-storage.ts'
import type { EgressGuard } from '../egress/egress-guard.ts'
import type { FromService } from './messages.ts'

interface ServiceParts {
  readonly say: (message: FromService) => void
  readonly clock: Clock
  readonly log: Log
}

/** How often main hears how it goes, where something has changed. */
const STATUS_MS = 1000

export class CertificateService {
  readonly #say: ServiceParts['say']
  readonly #keeper: CertificateKeeper
  readonly #awaited = new Map<number, () => void>()
  #challenges = 0
  #told: readonly CertificateStatus[] = []
  readonly #teller: NodeJS.Timeout

  private constructor(storage: FileAcmeStorage, { say, clock, log }: ServiceParts) {
    this.#say = say
    this.#keeper = new CertificateKeeper({
      storage,
      clock,
      log,
      random: Math.random,
      // Several processes may share a data folder.
      isShared: true,
      publish: {
        challenges: (set) => this.#publish(set),
        certificate: (id, served) => say({ kind: 'certificate', id, served }),
      },
    })
    this.#teller = setInterval(() => this.#tell(), STATUS_MS)
  }

  /** @throws where the folder cannot be made */
  static async open(folder: string, parts: ServiceParts): Promise<CertificateService> {
    const storage = new FileAcmeStorage(folder, () => parts.clock.now())
    await storage.open()
    return new CertificateService(storage, parts)
  }

  keep(orders: readonly AcmeOptions[], guard: EgressGuard): void {
    this.#keeper.keep(orders, guard)
    this.#tell()
  }

  onChallenged(number: number): void {
    this.#awaited.get(number)?.()
    this.#awaited.delete(number)
  }

  async stop(): Promise<void> {
    clearInterval(this.#teller)
    await this.#keeper.stop()
  }

  #publish(set: ChallengeSet): Promise<void> {
    const number = ++this.#challenges
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#awaited.set(number, resolve)
    this.#say({ kind: 'challenges', number, set })
    return promise
  }

  #tell(): void {
    const { status } = this.#keeper
    if (isDeepStrictEqual(status, this.#told)) return
    this.#told = status
    this.#say({ kind: 'orders', status })
  }
}

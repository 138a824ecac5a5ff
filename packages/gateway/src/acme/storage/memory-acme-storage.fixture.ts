/** Owns ACME's storage in memory, for tests that move the clock: it keeps the contract of the port, and needs no turn of the disk. */
import type {
  AcmeLease,
  AcmeStorage,
  StoredAccount,
  StoredCertificate,
  StoredChallenge,
  StoredFailure,
} from './acme-storage.ts'

export class MemoryAcmeStorage implements AcmeStorage {
  readonly accounts = new Map<string, StoredAccount>()
  readonly certificates = new Map<string, StoredCertificate>()
  readonly failures = new Map<string, StoredFailure>()
  readonly challenges = new Map<string, StoredChallenge>()
  readonly leases = new Map<string, { holder: object; endsAtMs: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  async findAccount(name: string): Promise<StoredAccount | undefined> {
    return this.accounts.get(name)
  }

  async saveAccount(name: string, account: StoredAccount): Promise<void> {
    this.accounts.set(name, account)
  }

  async findCertificate(name: string): Promise<StoredCertificate | undefined> {
    return this.certificates.get(name)
  }

  async saveCertificate(name: string, certificate: StoredCertificate): Promise<void> {
    this.certificates.set(name, certificate)
  }

  async findFailure(name: string): Promise<StoredFailure | undefined> {
    return this.failures.get(name)
  }

  async saveFailure(name: string, failure: StoredFailure | undefined): Promise<void> {
    if (failure === undefined) this.failures.delete(name)
    else this.failures.set(name, failure)
  }

  async putChallenge(name: string, challenge: StoredChallenge): Promise<void> {
    this.challenges.set(name, challenge)
  }

  async removeChallenge(name: string): Promise<void> {
    this.challenges.delete(name)
  }

  async listChallenges(): Promise<readonly StoredChallenge[]> {
    return [...this.challenges.values()].filter(({ expiresAtMs }) => expiresAtMs > this.#now())
  }

  async acquire(name: string, ttlMs: number): Promise<AcmeLease | undefined> {
    if ((this.leases.get(name)?.endsAtMs ?? 0) > this.#now()) return undefined
    const holder = {}
    this.leases.set(name, { holder, endsAtMs: this.#now() + ttlMs })
    const find = () => {
      const held = this.leases.get(name)
      return held?.holder === holder && held.endsAtMs > this.#now() ? held : undefined
    }
    return {
      renew: async () => {
        const held = find()
        if (held !== undefined) held.endsAtMs = this.#now() + ttlMs
        return held !== undefined
      },
      release: async () => {
        if (find() !== undefined) this.leases.delete(name)
      },
    }
  }
}

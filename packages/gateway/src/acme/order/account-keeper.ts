/** Owns the accounts at authorities: one key for each, made once by one of the nodes. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Clock } from '@gatewright/policies'
import type { EgressGuard } from '../../egress/egress-guard.ts'
import { AcmeFault } from '../acme-fault.ts'
import type { AcmeOptions } from '../acme-options.ts'
import { type AuthorityAccount, CertificateAuthority } from '../authority/certificate-authority.ts'
import { createAccountKey } from '../authority/create-account-key.ts'
import { pause } from '../pause.ts'
import type { AcmeStorage, StoredAccount } from '../storage/acme-storage.ts'

/** Longer than the registering takes: two requests. */
const LEASE_MS = 90_000
const AGAIN_MS = 1000

interface AccountBounds {
  readonly signal: AbortSignal
  /** Which addresses the authority may have. */
  readonly guard: EgressGuard
}

export class AccountKeeper {
  readonly #storage: AcmeStorage
  readonly #clock: Clock

  constructor(storage: AcmeStorage, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** @param isLost the authority knows the account no more: it is made again, by the same key */
  async open(
    options: AcmeOptions,
    { signal, guard }: AccountBounds,
    { isLost = false } = {},
  ): Promise<CertificateAuthority> {
    const ca = options.trustedCa === undefined ? undefined : await readCa(options.trustedCa)
    const trust = { ca, guard }
    const name = toName(options)
    const found = await this.#storage.findAccount(name)
    if (!isLost && found !== undefined && isRegistered(found, options)) return this.#toAuthority(options, found, trust)
    return this.#whileAlone(name, signal, async () => {
      // Another may have made it meanwhile.
      const now = await this.#storage.findAccount(name)
      if (!isLost && now !== undefined && isRegistered(now, options)) return this.#toAuthority(options, now, trust)
      const { key } = now ?? { key: await createAccountKey() }
      // Before the authority knows it: a key that is lost cannot be told to anybody.
      if (now === undefined) await this.#storage.saveAccount(name, { key })
      const authority = await this.#toAuthority(options, { key }, trust)
      const url = await authority.register(options.email, signal)
      await this.#storage.saveAccount(name, { key, url, ...(options.email !== undefined && { email: options.email }) })
      return authority
    })
  }

  #toAuthority(
    { directory, externalAccount }: AcmeOptions,
    { key, url }: StoredAccount,
    trust: Pick<AuthorityAccount, 'ca' | 'guard'>,
  ): Promise<CertificateAuthority> {
    const more = { ...(url !== undefined && { url }), ...(externalAccount && { externalAccount }) }
    return CertificateAuthority.open({ directory, key, ...trust, ...more }, this.#clock)
  }

  async #whileAlone<Result>(name: string, signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const lease = await this.#storage.acquire(`account ${name}`, LEASE_MS)
      if (lease !== undefined) {
        try {
          return await act()
        } finally {
          await lease.release()
        }
      }
      await pause(this.#clock, AGAIN_MS, signal)
    }
  }
}

function isRegistered({ url, email }: StoredAccount, options: AcmeOptions): boolean {
  return url !== undefined && email === options.email
}

function toName({ directory, externalAccount }: AcmeOptions): string {
  const { host } = new URL(directory)
  return `${host} ${createHash('sha256')
    .update(`${directory} ${externalAccount?.keyId ?? ''}`)
    .digest('hex')}`
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new AcmeFault(`the file of trusted authorities cannot be read: ${(error as Error).message}`, {
      remedy: 'name another in `trustedCa`',
    })
  }
}

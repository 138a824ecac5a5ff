/** Owns that what a gateway knows of apps and keys follows the store: after each change it is told what became different, one telling at a time. */
import type { CredentialsLine } from '@gatewright/model'
import { readStoreUid } from '../store/next-sequence.ts'
import type { Store } from '../store/store.ts'
import { StoreFollower } from '../store/store-follower.ts'
import { CredentialsReader } from './credentials-reader.ts'

export interface CredentialsPublisherOptions {
  /** The next line waits for what it returns. What it rejects with is told by `onFault`, and then all is told anew. */
  say(line: CredentialsLine): Promise<void> | void
  /** Resolves when what is live now is served: where callers' plans become others, nobody has one before it is there. */
  beforeWhole(): Promise<void>
  onFault(fault: unknown): void
  /** Tells the pepper of weak keys from others. */
  readonly pepper?: string | undefined
}

export class CredentialsPublisher {
  readonly #store: Store
  readonly #options: CredentialsPublisherOptions
  readonly #reader = new CredentialsReader()
  readonly #follower: StoreFollower
  /** What was told to its end. */
  #told: number | undefined

  constructor(store: Store, options: CredentialsPublisherOptions) {
    this.#store = store
    this.#options = options
    this.#follower = new StoreFollower(store, {
      look: () => this.#tellNews(),
      onFault: (fault) => {
        this.#told = undefined
        options.onFault(fault)
      },
    })
  }

  /** Tells what is different now. Resolves when it is told, or could not be. */
  look(): Promise<void> {
    return this.#follower.look()
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  async #tellNews(): Promise<void> {
    if ((await this.#tell({ mayBeWhole: this.#told === undefined })) === 'told') return
    await this.#options.beforeWhole()
    await this.#tell({ mayBeWhole: true })
  }

  /** Answers `whole` where it is to be told anew, and may not be yet: nothing was told. */
  async #tell({ mayBeWhole }: { readonly mayBeWhole: boolean }): Promise<'told' | 'whole'> {
    const { say, pepper } = this.#options
    return await this.#store.read(async (db) => {
      const reading = await this.#reader.read(db, this.#told)
      const { kind, sequence } = reading
      if (kind === 'changes' && sequence === this.#told) return 'told'
      if (kind === 'whole' && !mayBeWhole) return 'whole'
      const head = { store: await readStoreUid(db), sequence, ...(pepper !== undefined && { pepper }) }
      await say({ kind: kind === 'whole' ? 'whole' : 'since', ...head })
      if (kind === 'whole') for await (const apps of reading.pages) await say({ kind: 'apps', apps })
      else for await (const changes of reading.pages) await say({ kind: 'changes', changes })
      await say({ kind: 'end', sequence })
      this.#told = sequence
      return 'told'
    })
  }
}

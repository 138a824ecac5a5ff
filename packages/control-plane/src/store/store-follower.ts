/** Owns looking at the store after each of its changes: one look at a time, those that come meanwhile together, and again after a while where one failed. */
import type { Store } from './store.ts'

export interface StoreFollowerOptions {
  /** What it rejects with is told by `onFault`, once as long as it stays the same, and it is called again. */
  look(): Promise<void>
  onFault(fault: unknown): void
}

const AGAIN_MS = 1_000

export class StoreFollower {
  readonly #options: StoreFollowerOptions
  readonly #stopListening: () => void
  #work: Promise<void> = Promise.resolve()
  #isDue = false
  #isClosed = false
  /** What was wrong last. */
  #told: string | undefined
  #again: NodeJS.Timeout | undefined

  constructor(store: Store, options: StoreFollowerOptions) {
    this.#options = options
    this.#stopListening = store.onChange(() => void this.look())
  }

  /** Resolves when a look that began after this call has ended, well or not. */
  look(): Promise<void> {
    if (this.#isDue || this.#isClosed) return this.#work
    this.#isDue = true
    this.#work = this.#work.then(() => {
      this.#isDue = false
      return this.#isClosed ? undefined : this.#look()
    })
    return this.#work
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#again)
    this.#stopListening()
    await this.#work
  }

  async #look(): Promise<void> {
    clearTimeout(this.#again)
    try {
      await this.#options.look()
      this.#told = undefined
    } catch (fault) {
      // It may go on until somebody mends it: a line a second would hide all others.
      if (String(fault) !== this.#told) this.#options.onFault(fault)
      this.#told = String(fault)
      if (!this.#isClosed) this.#again = setTimeout(() => void this.look(), AGAIN_MS).unref()
    }
  }
}

/** Owns that what gateways run follows the store: after each change it is read again, one reading at a time. */
import type { Store } from '../store/store.ts'
import { LiveReader } from './live-reader.ts'
import { type Publication, readPublication } from './read-publication.ts'

export interface PublisherOptions {
  /** Called for the first, and for each that is another than the one before. The next one waits for what it returns. */
  publish(publication: Publication): Promise<void> | void
  /** What kept a reading from being made, or `publish` from taking it. It is tried again with the next change, and after a while. */
  onFault(fault: unknown): void
}

const AGAIN_MS = 1_000

export class Publisher {
  readonly #store: Store
  readonly #options: PublisherOptions
  readonly #reader = new LiveReader()
  readonly #stopListening: () => void
  #published: string | undefined
  #work: Promise<void> = Promise.resolve()
  #isDue = false
  #isClosed = false
  #again: NodeJS.Timeout | undefined

  constructor(store: Store, options: PublisherOptions) {
    this.#store = store
    this.#options = options
    this.#stopListening = store.onChange(() => void this.look())
  }

  /** Reads what is live now; changes that come meanwhile are read together, after it. Resolves when it is published. */
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
      const publication = await this.#store.read((db) => readPublication(db, this.#reader))
      const text = JSON.stringify(publication.file)
      if (text === this.#published) return
      await this.#options.publish(publication)
      this.#published = text
    } catch (fault) {
      this.#options.onFault(fault)
      if (!this.#isClosed) this.#again = setTimeout(() => void this.look(), AGAIN_MS).unref()
    }
  }
}

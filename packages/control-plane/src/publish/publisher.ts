/** Owns that what gateways run follows the store: after each change it is read again, one reading at a time. */
import type { Store } from '../store/store.ts'
import type { Piece } from './piece-composer.ts'
import type { PublicationReader, PublishedMoment } from './publication-reader.ts'

/** What gateways are to run, as many files. */
export interface Publication extends Pick<PublishedMoment, 'pieces' | 'documents'> {
  /** Of the newest change that it holds. */
  readonly sequence: number
  /** Those that are new, or say something else, since the publication before that was taken. */
  readonly changed: readonly Piece[]
  /** Names of pieces that are no more since then. */
  readonly gone: readonly string[]
}

export interface PublisherOptions {
  readonly reader: PublicationReader
  /** Called for the first, and for each that is another than the one before. The next one waits for what it returns. */
  publish(publication: Publication): Promise<void> | void
  /** What kept a reading from being made, or `publish` from taking it. It is tried again with the next change, and after a while. */
  onFault(fault: unknown): void
}

const AGAIN_MS = 1_000

export class Publisher {
  readonly #store: Store
  readonly #options: PublisherOptions
  readonly #stopListening: () => void
  /** What was taken last, by name. */
  #published: ReadonlyMap<string, Piece> | undefined
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
      const { reader, publish } = this.#options
      const { live, pieces, documents } = await this.#store.read((db) => reader.read(db))
      const published = new Map(pieces.map((piece) => [piece.name, piece]))
      const changed = pieces.filter(({ name, hash }) => this.#published?.get(name)?.hash !== hash)
      const gone = [...(this.#published?.keys() ?? [])].filter((name) => !published.has(name))
      if (this.#published !== undefined && changed.length + gone.length === 0) return
      await publish({ sequence: live.sequence, pieces, changed, gone, documents })
      this.#published = published
    } catch (fault) {
      this.#options.onFault(fault)
      if (!this.#isClosed) this.#again = setTimeout(() => void this.look(), AGAIN_MS).unref()
    }
  }
}

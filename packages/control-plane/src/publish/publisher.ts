/** Owns that what gateways run follows the store: after each change it is read again, one reading at a time. */
import type { Store } from '../store/store.ts'
import { StoreFollower } from '../store/store-follower.ts'
import { type Piece, toStamp } from './piece-composer.ts'
import type { PublicationReader, PublishedMoment } from './publication-reader.ts'

/** What gateways are to run, as many files. */
export interface Publication extends Pick<PublishedMoment, 'pieces' | 'documents' | 'secrets'> {
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

export class Publisher {
  readonly #store: Store
  readonly #options: PublisherOptions
  readonly #follower: StoreFollower
  /** What was taken last: name → hash of what it says, with the values of its secrets. */
  #published: ReadonlyMap<string, string> | undefined

  constructor(store: Store, options: PublisherOptions) {
    this.#store = store
    this.#options = options
    this.#follower = new StoreFollower(store, { look: () => this.#publish(), onFault: options.onFault })
  }

  /** Reads what is live now. Resolves when it is published, or could not be. */
  look(): Promise<void> {
    return this.#follower.look()
  }

  close(): Promise<void> {
    return this.#follower.close()
  }

  async #publish(): Promise<void> {
    const { reader, publish } = this.#options
    const { live, pieces, documents, secrets } = await this.#store.read((db) => reader.read(db))
    const published = new Map(pieces.map((piece) => [piece.name, toStamp(piece, secrets)]))
    const changed = pieces.filter(({ name }) => this.#published?.get(name) !== published.get(name))
    const gone = [...(this.#published?.keys() ?? [])].filter((name) => !published.has(name))
    if (this.#published !== undefined && changed.length + gone.length === 0) return
    await publish({ sequence: live.sequence, pieces, changed, gone, documents, secrets })
    this.#published = published
  }
}

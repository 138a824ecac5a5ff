/** Owns that what gateways run follows the store: after each change it is read again, one reading at a time. */
import { toTextHash } from '@gatewright/model'
import type { Store } from '../store/store.ts'
import type { Piece } from './piece-composer.ts'
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

const AGAIN_MS = 1_000

export class Publisher {
  readonly #store: Store
  readonly #options: PublisherOptions
  readonly #stopListening: () => void
  /** What was taken last: name → hash of what it says, with the values of its secrets. */
  #published: ReadonlyMap<string, string> | undefined
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
      const { live, pieces, documents, secrets } = await this.#store.read((db) => reader.read(db))
      const published = new Map(pieces.map((piece) => [piece.name, toStamp(piece, secrets)]))
      const changed = pieces.filter(({ name }) => this.#published?.get(name) !== published.get(name))
      const gone = [...(this.#published?.keys() ?? [])].filter((name) => !published.has(name))
      if (this.#published !== undefined && changed.length + gone.length === 0) return
      await publish({ sequence: live.sequence, pieces, changed, gone, documents, secrets })
      this.#published = published
    } catch (fault) {
      this.#options.onFault(fault)
      if (!this.#isClosed) this.#again = setTimeout(() => void this.look(), AGAIN_MS).unref()
    }
  }
}

/** Another one where a secret has another value under the same name. */
export function toStamp({ hash, secrets: names }: Piece, secrets: ReadonlyMap<string, string>): string {
  return names.length === 0 ? hash : toTextHash(JSON.stringify([hash, names.map((name) => secrets.get(name) ?? null)]))
}

/** Owns that what gateways run follows the store: after each change it is read again, one reading at a time. */
import type { GatewrightFileInput } from '@gatewright/model'
import { findDocuments } from '../documents/document-store.ts'
import type { Store } from '../store/store.ts'
import { composeFile, toDocumentName } from './compose-file.ts'
import { LiveReader } from './live-reader.ts'

/** What gateways are to run. */
export interface Publication {
  /** Of the newest change that it holds. */
  readonly sequence: number
  readonly file: GatewrightFileInput
  /** Name, as `file` has it, → content. */
  readonly documents: ReadonlyMap<string, string>
}

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
      const publication = await this.#store.read(async (db) => {
        const { sequence, environments } = await this.#reader.read(db)
        const file = composeFile(environments)
        const hashes = listDocuments(file)
        const found = await findDocuments(db, hashes)
        return { sequence, file, documents: new Map([...found].map(([hash, text]) => [toDocumentName(hash), text])) }
      })
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

/** A document's name is its hash, so an equal file has equal documents. */
function listDocuments({ apis = [] }: GatewrightFileInput): string[] {
  const named = apis.flatMap(({ openapi, releases = [] }) => [openapi, ...releases.map((release) => release.openapi)])
  return [...new Set(named.filter((name) => name !== undefined))].map((name) => name.replace(/\..*$/, ''))
}

/** Owns what gateways are to run at one moment of the store: pieces, and the documents that they name. */
import { findDocuments } from '../documents/document-store.ts'
import type { Moment } from '../store/store.ts'
import { toDocumentName } from './compose-file.ts'
import { type LiveMoment, LiveReader } from './live-reader.ts'
import { type Piece, PieceComposer } from './piece-composer.ts'

export interface PublishedMoment {
  readonly live: LiveMoment
  readonly pieces: readonly Piece[]
  /** Name, as pieces have it, → content. */
  readonly documents: ReadonlyMap<string, string>
}

export class PublicationReader {
  readonly #reader: LiveReader
  readonly #composer = new PieceComposer()
  #documents: ReadonlyMap<string, string> = new Map()

  /** Milliseconds since the epoch. */
  constructor(nowMs: () => number = Date.now) {
    this.#reader = new LiveReader(nowMs)
  }

  /** Of what is kept: what it finds is known from here on. */
  async read(db: Moment): Promise<PublishedMoment> {
    const published = await this.#compose(db, await this.#reader.read(db))
    this.#documents = published.documents
    return published
  }

  /** Of a change that may be undone yet. */
  async peek(db: Moment): Promise<PublishedMoment> {
    return await this.#compose(db, await this.#reader.peek(db))
  }

  async #compose(db: Moment, live: LiveMoment): Promise<PublishedMoment> {
    const pieces = this.#composer.compose(live)
    // A document's name is its hash, so equal pieces have equal documents.
    const wanted = new Set(pieces.flatMap((piece) => piece.documents))
    const missing = [...wanted].filter((name) => !this.#documents.has(name))
    const found = await findDocuments(
      db,
      missing.map((name) => name.replace(/\..*$/, '')),
    )
    const documents = new Map([...this.#documents].filter(([name]) => wanted.has(name)))
    for (const [hash, text] of found) documents.set(toDocumentName(hash), text)
    return { live, pieces, documents }
  }
}

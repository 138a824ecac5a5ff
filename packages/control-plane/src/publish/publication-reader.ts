/** Owns what gateways are to run at one moment of the store: pieces, and the documents that they name. */
import { findDocuments } from '../documents/document-store.ts'
import type { EnvironmentBody } from '../environments/environment-body.ts'
import type { NodeGroupBody } from '../nodes/node-group-body.ts'
import { listAllResources } from '../resources/list-resources.ts'
import type { Resource } from '../resources/resource.ts'
import type { SecretKey } from '../secrets/secret-key.ts'
import { openSecrets } from '../secrets/secret-store.ts'
import type { Moment } from '../store/store.ts'
import { toDocumentName } from './compose-file.ts'
import { composeSurroundings } from './compose-surroundings.ts'
import { type LiveMoment, LiveReader } from './live-reader.ts'
import { NO_TERMS } from './live-terms.ts'
import type { OutcomePiece } from './outcome.ts'
import { type Piece, PieceComposer, toStamp } from './piece-composer.ts'

export interface PublishedMoment {
  readonly live: LiveMoment
  readonly pieces: readonly Piece[]
  /** Name, as pieces have it, → content. */
  readonly documents: ReadonlyMap<string, string>
  /** Name, as pieces have it, → value: of those that are there. */
  readonly secrets: ReadonlyMap<string, string>
}

export interface EnvironmentState {
  readonly body: EnvironmentBody
  /** Another one where it runs something else, or where its clients get something else. */
  readonly stamp: string
  readonly pieces: readonly OutcomePiece[]
}

export interface PublicationReaderOptions {
  readonly nowMs?: () => number
  readonly secretKey?: SecretKey | undefined
}

export class PublicationReader {
  readonly #reader: LiveReader
  readonly #secretKey: SecretKey | undefined
  readonly #composer = new PieceComposer()
  #documents: ReadonlyMap<string, string> = new Map()

  /** `nowMs`: milliseconds since the epoch. `secretKey`: opens secrets; without it none is known. */
  constructor({ nowMs = Date.now, secretKey }: PublicationReaderOptions = {}) {
    this.#reader = new LiveReader(nowMs)
    this.#secretKey = secretKey
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

  /** All, with their APIs; of a change that may be undone yet. */
  async peekLive(db: Moment): Promise<LiveMoment['environments']> {
    return (await this.#reader.peek(db)).environments
  }

  /** What these environments run, or else those that have a protection; of a change that may be undone yet. */
  async peekEnvironments(db: Moment, ids?: ReadonlySet<string>): Promise<ReadonlyMap<string, EnvironmentState>> {
    const { environments, terms } = await this.#reader.peek(db)
    const groups = (await listAllResources(db, 'node-group')) as Resource<NodeGroupBody>[]
    const states = new Map<string, EnvironmentState>()
    for (const environment of environments) {
      const { id, body } = environment
      if (ids === undefined ? body.protection === undefined : !ids.has(id)) continue
      // Without an API, plans are nobody's.
      const here = environment.apis.length === 0 ? NO_TERMS : terms
      const pieces = this.#composer.compose({ environments: [environment], terms: here })
      const secrets = await this.#openSecrets(db, pieces)
      const stamps = pieces.map((piece) => [piece.name, toStamp(piece, secrets)])
      const around = composeSurroundings(environment, { environments, terms, groups })
      states.set(id, { body, stamp: JSON.stringify([stamps, around.text]), pieces: [...pieces, around] })
    }
    return states
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
    return { live, pieces, documents, secrets: await this.#openSecrets(db, pieces) }
  }

  /** @rejects SecretFault */
  async #openSecrets(db: Moment, pieces: readonly Piece[]): Promise<ReadonlyMap<string, string>> {
    const named = new Set(pieces.flatMap((piece) => piece.secrets))
    const found = new Map<string, string>()
    if (named.size === 0 || this.#secretKey === undefined) return found
    for (const { uid, team, id } of await listAllResources(db, 'environment')) {
      for (const [name, secret] of await openSecrets(db, this.#secretKey, { uid, team })) {
        if (named.has(`${id}/${name}`)) found.set(`${id}/${name}`, secret.reveal())
      }
    }
    return found
  }
}

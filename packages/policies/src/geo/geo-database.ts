/** Owns what is known of addresses by one file, as it is now: a file that was replaced is asked from the next address on. */
import type { AddressKey } from '../addresses/address.ts'
import type { FileContent, Log, OpenFile } from '../services.ts'
import { type GeoFacts, NOWHERE, readGeoFacts } from './geo-facts.ts'
import { MmdbReader, NO_RECORD } from './mmdb-reader.ts'
import { MmdbFault } from './mmdb-values.ts'

/** Countries have some hundreds of records, cities a hundred thousand: those of most of the traffic are here. */
const MOST_KEPT = 8192

export class GeoDatabase {
  readonly #file: OpenFile
  readonly #log: Log
  #content: FileContent | undefined
  #reader: MmdbReader | undefined
  /** By their place in the file. */
  readonly #facts = new Map<number, GeoFacts>()
  #isDamageTold = false

  constructor(file: OpenFile, log: Log) {
    this.#file = file
    this.#log = log
  }

  /** `NOWHERE` for what the file does not know. */
  find(address: AddressKey): GeoFacts {
    const { content } = this.#file
    if (content !== this.#content) this.#open(content)
    const reader = this.#reader
    if (reader === undefined) return NOWHERE
    try {
      const place = reader.findRecord(address)
      return place === NO_RECORD ? NOWHERE : (this.#facts.get(place) ?? this.#read(reader, place))
    } catch (error) {
      return this.#onDamage(error)
    }
  }

  #open(content: FileContent): void {
    this.#content = content
    this.#facts.clear()
    this.#isDamageTold = false
    try {
      this.#reader = new MmdbReader(content.bytes)
    } catch (error) {
      this.#reader = undefined
      this.#onDamage(error)
    }
  }

  #read(reader: MmdbReader, place: number): GeoFacts {
    const facts = Object.freeze(readGeoFacts(reader, place))
    // It fills up once in a long while: what is asked for often is soon there again.
    if (this.#facts.size >= MOST_KEPT) this.#facts.clear()
    this.#facts.set(place, facts)
    return facts
  }

  /** Of a file that was looked at as a whole, some records may still be damaged. Told once a file. */
  #onDamage(error: unknown): GeoFacts {
    if (!(error instanceof MmdbFault)) throw error
    if (!this.#isDamageTold)
      this.#log.warn('a geo database is damaged: some addresses are unknown', { why: error.message })
    this.#isDamageTold = true
    return NOWHERE
  }
}

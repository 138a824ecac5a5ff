/**
 * Owns what nodes are told of apps and keys, as lines on their way. All of it may be a million keys, and a node may be slow: it is written to a
 * file first, so that the moment of the store ends at once, and nodes that ask for the same share it.
 */
import { createReadStream, createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CredentialsLine } from '@gatewright/model'
import { CredentialsReader, type CredentialsReading } from '../credentials/credentials-reader.ts'
import { readStoreUid } from '../store/next-sequence.ts'
import type { Store } from '../store/store.ts'

interface Spooled {
  readonly sequence: number
  readonly path: string
}

export interface Known {
  readonly store: string
  readonly sequence: number
}

export class CredentialsSpool {
  readonly #store: Store
  readonly #pepper: string | undefined
  readonly #reader = new CredentialsReader()
  #folder: string | undefined
  #whole: Promise<Spooled> | undefined
  #files = 0

  /** `pepper`: what tells that of weak keys from others. */
  constructor(store: Store, pepper?: string) {
    this.#store = store
    this.#pepper = pepper
  }

  /** Lines of JSON. Undefined: the node has what there is. `known`: what it has. */
  async read(known: Known | undefined): Promise<Readable | undefined> {
    const said = await this.#store.read(async (db) => {
      const store = await readStoreUid(db)
      const reading = await this.#reader.read(db, known?.store === store ? known.sequence : undefined)
      if (reading.kind === 'whole') return 'whole'
      const { sequence } = reading
      if (sequence === known?.sequence) return undefined
      const lines: string[] = []
      for await (const line of toLines(reading, this.#toHead(store))) lines.push(line)
      return lines
    })
    if (said === undefined) return undefined
    if (said !== 'whole') return Readable.from(said)
    const { path } = await this.#spool()
    // Opened at once: the next one removes it.
    return createReadStream(path, { fd: openSync(path, 'r') })
  }

  close(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  #toHead(store: string): Head {
    return { store, ...(this.#pepper !== undefined && { pepper: this.#pepper }) }
  }

  /** Of several that ask at once, one is written. What was written stays as long as it is the newest. */
  #spool(): Promise<Spooled> {
    const before = this.#whole
    const made = this.#write(before).catch((fault: unknown) => {
      if (this.#whole === made) this.#whole = undefined
      throw fault
    })
    this.#whole = made
    return made
  }

  async #write(before: Promise<Spooled> | undefined): Promise<Spooled> {
    const former = await before?.catch(() => undefined)
    this.#folder ??= mkdtempSync(join(tmpdir(), 'gatewright-credentials-'))
    const path = join(this.#folder, `${this.#files++}.ndjson`)
    const sequence = await this.#store.read(async (db) => {
      const store = await readStoreUid(db)
      const reading = await this.#reader.read(db)
      if (reading.sequence === former?.sequence) return reading.sequence
      await pipeline(toLines(reading, this.#toHead(store)), createWriteStream(path, { mode: 0o600 }))
      return reading.sequence
    })
    if (former?.sequence === sequence) return former
    // Who reads it still has it open.
    if (former !== undefined) rmSync(former.path, { force: true })
    return { sequence, path }
  }
}

interface Head {
  readonly store: string
  readonly pepper?: string
}

async function* toLines(reading: CredentialsReading, head: Head): AsyncGenerator<string> {
  const { kind, sequence } = reading
  yield toLine({ kind: kind === 'whole' ? 'whole' : 'since', ...head, sequence })
  if (reading.kind === 'whole') for await (const apps of reading.pages) yield toLine({ kind: 'apps', apps })
  else for await (const changes of reading.pages) yield toLine({ kind: 'changes', changes })
  yield toLine({ kind: 'end', sequence })
}

function toLine(line: CredentialsLine): string {
  return `${JSON.stringify(line)}\n`
}

/**
 * Owns what nodes are told of apps and keys, as lines on their way. All of it may be a million keys, and a node may be slow: it is written to a
 * file first, so that the moment of the store ends at once, and nodes that ask for the same share it. Nodes of a group know every app and
 * key, and of their plans those for what they run (docs/adr/0040-every-node-knows-every-key.md).
 */
import { createReadStream, createWriteStream, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CredentialsLine, toTextHash } from '@gatewright/model'
import { CredentialsReader, type CredentialsReading } from '../credentials/credentials-reader.ts'
import { readStoreUid } from '../store/next-sequence.ts'
import type { Moment, Store } from '../store/store.ts'
import { isInScope, type NodeScope } from './node-scope.ts'

const MARK_LETTERS = 16

/** Equal where the same is run. */
function toKey({ environments, apis }: NodeScope): string {
  return JSON.stringify([environments, apis].map((ids) => ids && [...new Set(ids)].toSorted()))
}

interface Spooled {
  readonly sequence: number
  readonly path: string
}

interface Known {
  readonly store: string
  readonly sequence: number
}

interface SpoolOptions {
  readonly store: Store
  /** What tells that of weak keys from others. */
  readonly pepper: string | undefined
  /** Milliseconds since the epoch. */
  nowMs(): number
}

/** Nodes ask again within half a minute: nobody has what was not asked for in so long. */
const FORGOTTEN_AFTER_MS = 600_000

/** One for each of what groups run: those that run the same share it. */
export class CredentialsSpools {
  readonly #options: SpoolOptions
  readonly #spools = new Map<string, { readonly spool: CredentialsSpool; askedAtMs: number }>()

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  /** Lines of JSON. Undefined: the node has what there is. `known`: what it has. */
  async read(scope: NodeScope, known: Known | undefined): Promise<Readable | undefined> {
    const { nowMs } = this.#options
    for (const [key, { spool, askedAtMs }] of this.#spools) {
      if (nowMs() - askedAtMs <= FORGOTTEN_AFTER_MS) continue
      spool.close()
      this.#spools.delete(key)
    }
    const key = toKey(scope)
    const found = this.#spools.get(key) ?? { spool: new CredentialsSpool(this.#options, scope), askedAtMs: 0 }
    this.#spools.set(key, found)
    // Also while one is written that takes long.
    found.askedAtMs = Number.POSITIVE_INFINITY
    try {
      return await found.spool.read(known)
    } finally {
      found.askedAtMs = nowMs()
    }
  }

  close(): void {
    for (const { spool } of this.#spools.values()) spool.close()
  }
}

class CredentialsSpool {
  readonly #store: Store
  readonly #pepper: string | undefined
  /** Behind the uid of the store: a number of its changes says nothing to who was told for another scope. */
  readonly #mark: string
  readonly #reader: CredentialsReader
  #folder: string | undefined
  #whole: Promise<Spooled> | undefined
  #files = 0

  constructor({ store, pepper }: SpoolOptions, scope: NodeScope) {
    this.#store = store
    this.#pepper = pepper
    this.#mark = toKey(scope) === toKey({}) ? '' : `~${toTextHash(toKey(scope)).slice(0, MARK_LETTERS)}`
    this.#reader = new CredentialsReader((api) => isInScope(api, scope))
  }

  /** Lines of JSON. Undefined: the node has what there is. `known`: what it has. */
  async read(known: Known | undefined): Promise<Readable | undefined> {
    const said = await this.#store.read(async (db) => {
      const store = await this.#readName(db)
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

  async #readName(db: Moment): Promise<string> {
    return `${await readStoreUid(db)}${this.#mark}`
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
    const spooled = await this.#store.read(async (db) => {
      const store = await this.#readName(db)
      const reading = await this.#reader.read(db)
      const { sequence } = reading
      if (sequence === former?.sequence) return former
      this.#folder ??= mkdtempSync(join(tmpdir(), 'gatewright-credentials-'))
      const path = join(this.#folder, `${this.#files++}.ndjson`)
      await pipeline(toLines(reading, this.#toHead(store)), createWriteStream(path, { mode: 0o600 }))
      return { sequence, path }
    })
    // Who reads it still has it open.
    if (former !== undefined && former !== spooled) rmSync(former.path, { force: true })
    return spooled
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

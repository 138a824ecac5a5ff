/**
 * Owns what a node keeps on disk of what control planes told it, so that it starts and serves while none of them answers: what it runs, and
 * whom it lets in. Files are written beside and renamed; each says what it has to add up to, and one that does not is not used.
 *
 * ```
 * configuration.json      files and documents, and the hash over all of them and their secrets
 * secrets-….sealed        what those keep secret, sealed with what only the node has
 * credentials.ndjson      lines of a whole, and their SHA-256
 * credentials.log         lines of changes since; after each telling the SHA-256 over it and all before it
 * ```
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ConfigurationAnswer,
  type CredentialsLine,
  isFeedSecrets,
  parseConfigurationAnswer,
  parseCredentialsLine,
  toStateHash,
  toTextHash,
} from '@gatewright/model'
import { makeFolder } from '../snapshot/make-folder.ts'
import { readLines } from './read-lines.ts'
import type { Seal } from './seal.ts'

/** It holds hashes of keys, and what APIs say of upstreams. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** Then all is asked for anew. */
const LARGEST_LOG_BYTES = 8 * 1024 * 1024

/** What could not be kept is asked for again, and not at once: a full disk stays full for a while. */
const AGAIN_MS = 60_000

const ADDS_UP = '#'

export class NodeStore {
  readonly #folder: string
  readonly #seal: Seal | undefined
  /** Over the whole and the log. */
  #sum = ''
  #logBytes = 0
  #whole: { readonly handle: FileHandle; readonly hash: Hash } | undefined
  #changes: string[] | undefined
  /** What was told last is not on disk: nothing can be added to it. */
  #lostAtMs: number | undefined

  /** `seal`: without it no secrets are kept, and what names some is asked for again at the start. */
  constructor(dataDir: string, seal?: Seal) {
    this.#folder = join(dataDir, 'node')
    this.#seal = seal
  }

  /** @throws with the path */
  open(): void {
    makeFolder(this.#folder, FOLDER_MODE)
  }

  /** All of apps and keys is better had anew: much has changed since, or what is on disk lacks something. */
  get isWholeDue(): boolean {
    if (this.#lostAtMs !== undefined) return performance.now() - this.#lostAtMs > AGAIN_MS
    return this.#logBytes > LARGEST_LOG_BYTES
  }

  async saveConfiguration(state: ConfigurationAnswer): Promise<void> {
    const secrets = state.items.filter(({ name }) => isFeedSecrets(name))
    const others = state.items.filter(({ name }) => !isFeedSecrets(name))
    const sealed = toSealedName(state.hash)
    if (secrets.length > 0 && this.#seal !== undefined) {
      await this.#write(sealed, this.#seal.close(JSON.stringify(secrets), state.hash))
    }
    await this.#write('configuration.json', JSON.stringify({ ...state, items: others }))
    // The former ones are nobody's now.
    for (const name of await readdir(this.#folder)) {
      if (isSealedName(name) && (name !== sealed || secrets.length === 0)) await rm(this.#toPath(name), { force: true })
    }
  }

  /** Undefined: there is none. @rejects where it is damaged, or what it keeps secret cannot be opened */
  async findConfiguration(): Promise<ConfigurationAnswer | undefined> {
    const path = join(this.#folder, 'configuration.json')
    if (!existsSync(path)) return undefined
    try {
      const kept = parseConfigurationAnswer(await readFile(path, 'utf8'))
      const state = { ...kept, items: [...kept.items, ...(await this.#readSecrets(kept.hash))].sort(compareNames) }
      if (toItemsHash(state) === state.hash) return state
    } catch (error) {
      if (!(error instanceof SyntaxError) && (error as Error).name !== 'ZodError') throw error
    }
    throw new Error(`${path} is damaged, and is not used: it is written anew when a control plane answers`)
  }

  async #readSecrets(hash: string): Promise<ConfigurationAnswer['items']> {
    const path = this.#toPath(toSealedName(hash))
    if (!existsSync(path)) return []
    const text = this.#seal?.open(await readFile(path), hash)
    if (text !== undefined) return JSON.parse(text) as ConfigurationAnswer['items']
    throw new Error(
      `${path} cannot be opened with this token or certificate, and is not used: it is written anew when a control plane answers`,
    )
  }

  /** Each line that was taken, in order; what is not told to its end is not kept. */
  async saveLine(line: CredentialsLine): Promise<void> {
    try {
      await this.#saveLine(line)
    } catch (error) {
      this.#lostAtMs = performance.now()
      await this.#forget().catch(() => {})
      throw error
    }
  }

  async #saveLine(line: CredentialsLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`
    if (line.kind === 'whole') {
      await this.#forget()
      this.#whole = { handle: await open(this.#toPath('credentials.tmp'), 'w', FILE_MODE), hash: createHash('sha256') }
    } else if (line.kind === 'since') {
      await this.#forget()
      if (this.#lostAtMs === undefined) this.#changes = []
    }
    this.#changes?.push(text)
    if (this.#whole !== undefined) {
      this.#whole.hash.update(text)
      await this.#whole.handle.appendFile(text)
    }
    if (line.kind === 'end') await this.#finish()
  }

  /** Lines as they were told. @yields nothing where nothing is kept. @rejects where the whole is damaged, before its `end` */
  async *readLines(onTorn: (why: string) => void): AsyncGenerator<CredentialsLine> {
    const path = this.#toPath('credentials.ndjson')
    if (!existsSync(path)) return
    const hash = createHash('sha256')
    let last: CredentialsLine | undefined
    let sum: string | undefined
    for await (const text of toLines(path)) {
      if (text.startsWith(ADDS_UP)) {
        sum = text.slice(ADDS_UP.length)
        break
      }
      hash.update(`${text}\n`)
      const line = parseKept(text, path)
      if (line.kind === 'end') last = line
      else yield line
    }
    if (last === undefined || sum !== hash.digest('hex')) throw toDamage(path)
    this.#sum = sum
    yield last
    yield* this.#readLog(onTorn)
  }

  async #write(name: string, text: string | Buffer): Promise<void> {
    const path = this.#toPath(name)
    const beside = `${path}.tmp`
    const handle = await open(beside, 'w', FILE_MODE)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await this.#rename(beside, path)
  }

  async #rename(from: string, to: string): Promise<void> {
    await rename(from, to)
    // The name is on disk once its folder is.
    const folder = await open(this.#folder, 'r')
    await folder.sync().finally(() => folder.close())
  }

  /** What was begun and not told to its end. */
  async #forget(): Promise<void> {
    this.#changes = undefined
    const { handle } = this.#whole ?? {}
    this.#whole = undefined
    await handle?.close()
  }

  async #finish(): Promise<void> {
    const [whole, changes] = [this.#whole, this.#changes]
    this.#whole = undefined
    this.#changes = undefined
    if (whole !== undefined) {
      const sum = whole.hash.digest('hex')
      await whole.handle.appendFile(`${ADDS_UP}${sum}\n`)
      await whole.handle.sync()
      await whole.handle.close()
      await this.#rename(this.#toPath('credentials.tmp'), this.#toPath('credentials.ndjson'))
      // Left behind by a crash, it does not add up with the new one.
      await rm(this.#toPath('credentials.log'), { force: true })
      this.#sum = sum
      this.#logBytes = 0
      this.#lostAtMs = undefined
    } else if (changes !== undefined) {
      const text = changes.join('')
      this.#sum = toTextHash(this.#sum + text)
      const handle = await open(this.#toPath('credentials.log'), 'a', FILE_MODE)
      try {
        await handle.appendFile(`${text}${ADDS_UP}${this.#sum}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      this.#logBytes += text.length
    }
  }

  async *#readLog(onTorn: (why: string) => void): AsyncGenerator<CredentialsLine> {
    const path = this.#toPath('credentials.log')
    if (!existsSync(path)) return
    let texts: string[] = []
    let isTorn = false
    for await (const text of toLines(path)) {
      if (!text.startsWith(ADDS_UP)) {
        texts.push(`${text}\n`)
        continue
      }
      const sum = toTextHash(this.#sum + texts.join(''))
      isTorn = sum !== text.slice(ADDS_UP.length)
      if (isTorn) break
      this.#sum = sum
      this.#logBytes += texts.join('').length
      for (const each of texts) yield parseKept(each, path)
      texts = []
    }
    if (!isTorn && texts.length === 0) return
    onTorn(`${path} is torn: what it says last is asked for again`)
    // What would be added to it would not add up: it begins anew with the next whole.
    this.#logBytes = Number.POSITIVE_INFINITY
  }

  #toPath(name: string): string {
    return join(this.#folder, name)
  }
}

/** By what it belongs to: one of another telling is never read with it. */
function toSealedName(hash: string): string {
  return `secrets-${hash.slice(0, 16)}.sealed`
}

function isSealedName(name: string): boolean {
  return name.startsWith('secrets-') && name.endsWith('.sealed')
}

function compareNames(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}

/** Over what it says. */
export function toItemsHash({ items }: Pick<ConfigurationAnswer, 'items'>): string {
  return toStateHash(new Map(items.map(({ name, text }) => [name, toTextHash(text)])))
}

function toLines(path: string): AsyncIterable<string> {
  return readLines(createReadStream(path))
}

function parseKept(text: string, path: string): CredentialsLine {
  try {
    return parseCredentialsLine(text)
  } catch {
    throw toDamage(path)
  }
}

function toDamage(path: string): Error {
  return new Error(`${path} is damaged, and is not used: it is written anew when a control plane answers`)
}

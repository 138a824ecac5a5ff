/** Owns the last configuration that every thread could run, as a sealed file in the data folder: what serves when the one on disk is faulty at start. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App, Finding, GatewayModel } from '@gatewright/model'
import type { Seal } from '../node/seal.ts'
import { letHeapGrow } from '../threads/let-heap-grow.ts'
import type { Ingredients } from './ingredients.ts'
import { makeFolder } from './make-folder.ts'
import type { ExtensionModule } from './snapshot.ts'

export interface LastGood {
  readonly model: GatewayModel
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
}

/** Its model is without what flags change: those of the start that opens it count. */
export interface KeptConfiguration extends LastGood {
  /** Absent where that cannot be told. */
  readonly ingredients?: Ingredients | undefined
  /** What was said of its texts. */
  readonly findings?: readonly Finding[]
}

const FILE = 'last-good.json'
/** Sealed, because it holds what the configuration took from the environment, from files and from a control plane: secrets of every kind. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Counted up when what is kept has other members or means something else: threads take a model at its word, and what a
 * version without a limit kept would run without that limit.
 */
const FORMAT = 7
const PLACE = `last-good ${FORMAT}`

export class LastGoodStore {
  readonly #folder: string
  readonly #openSeal: () => Seal

  /** `openSeal`: what seals it, asked for when it is needed. */
  constructor(folder: string, openSeal: () => Seal) {
    this.#folder = folder
    this.#openSeal = openSeal
  }

  /** Makes the folder where there is none. @throws with the path */
  open(): void {
    try {
      makeFolder(this.#folder, FOLDER_MODE)
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`the data folder ${this.#folder} cannot be made: ${said}; name another with --data`, { cause })
    }
  }

  /** Whole or not at all: written beside, then renamed. Nobody else can read it. @throws what the file system says, and what keeps the seal from being had */
  save(good: KeptConfiguration): void {
    makeFolder(this.#folder, FOLDER_MODE)
    const path = join(this.#folder, FILE)
    const beside = `${path}.${process.pid}.tmp`
    const sealed = this.#openSeal().close(JSON.stringify(good), PLACE).toString('base64')
    try {
      writeFileSync(beside, JSON.stringify({ format: FORMAT, sealed }), { mode: FILE_MODE, flush: true })
      renameSync(beside, path)
    } catch (error) {
      // What was written of it takes up room that a full disk does not have.
      rmSync(beside, { force: true })
      throw error
    }
  }

  /** undefined: there is none. @throws what keeps it from being used: damage, another format, another key */
  find(): KeptConfiguration | undefined {
    const path = join(this.#folder, FILE)
    if (!existsSync(path)) return undefined
    const sealed = readFileSync(path, 'utf8')
    letHeapGrow([{ text: sealed }])
    const kept = parseKept(sealed)
    if (kept !== undefined && kept.format !== FORMAT) {
      const format = kept.format ?? 'none'
      throw new Error(
        `${path} was written by another version of Gatewright (format ${format}; this one reads ${FORMAT}): ${REMEDY}`,
      )
    }
    if (typeof kept?.sealed !== 'string') throw new Error(`${path} is damaged: ${REMEDY}`)
    const text = this.#openSeal().open(Buffer.from(kept.sealed, 'base64'), PLACE)
    if (text !== undefined) return JSON.parse(text) as KeptConfiguration
    throw new Error(`${path} is damaged, or was sealed with another key: ${REMEDY}`)
  }
}

const REMEDY = 'mend the configuration, and it is written anew'

interface Kept {
  /** The first that were written had none. */
  readonly format?: unknown
  readonly sealed?: unknown
}

/** undefined: it is none. */
function parseKept(text: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(text)
    return typeof kept === 'object' && kept !== null ? kept : undefined
  } catch {
    return undefined
  }
}

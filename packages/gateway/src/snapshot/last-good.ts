/** Owns the last configuration that every thread could run, as a file in the data folder: what serves when the one on disk is faulty at start. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type App, type GatewayModel, toTextHash } from '@gatewright/model'
import { makeFolder } from './make-folder.ts'
import type { ExtensionModule } from './snapshot.ts'

export interface LastGood {
  readonly model: GatewayModel
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
}

const FILE = 'last-good.json'
/** It holds hashes of keys, and what the configuration took from the environment and from files: secrets of every kind. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Counted up when what is kept has other members or means something else: threads take a model at its word, and what a
 * version without a limit kept would run without that limit.
 */
const FORMAT = 6

export class LastGoodStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
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

  /** Whole or not at all: written beside, then renamed. Nobody else can read it. @throws what the file system says. */
  save(good: LastGood): void {
    makeFolder(this.#folder, FOLDER_MODE)
    const path = join(this.#folder, FILE)
    const beside = `${path}.${process.pid}.tmp`
    try {
      writeFileSync(beside, JSON.stringify({ format: FORMAT, hash: toHash(good), ...good }), {
        mode: FILE_MODE,
        flush: true,
      })
      renameSync(beside, path)
    } catch (error) {
      // What was written of it takes up room that a full disk does not have.
      rmSync(beside, { force: true })
      throw error
    }
  }

  /** undefined: there is none. @throws what keeps it from being used: damage, another format */
  find(): LastGood | undefined {
    const path = join(this.#folder, FILE)
    if (!existsSync(path)) return undefined
    const kept = parseKept(readFileSync(path, 'utf8'))
    if (kept !== undefined && kept.format !== FORMAT) {
      const format = kept.format ?? 'none'
      throw new Error(
        `${path} was written by another version of Gatewright (format ${format}; this one reads ${FORMAT}): ${REMEDY}`,
      )
    }
    if (kept === undefined || kept.hash !== toHash(kept)) throw new Error(`${path} is damaged: ${REMEDY}`)
    const { model, apps, extensions } = kept
    return { model, apps, extensions }
  }
}

const REMEDY = 'mend the configuration, and it is written anew'

interface Kept extends LastGood {
  /** The first that were written had none. */
  readonly format?: number
  readonly hash: string
}

/** undefined: it is none. What it says is known to be so only once format and hash are right. */
function parseKept(text: string): Kept | undefined {
  try {
    const kept: unknown = JSON.parse(text)
    return typeof kept === 'object' && kept !== null ? (kept as Kept) : undefined
  } catch {
    return undefined
  }
}

/** What was read has its keys in the order in which they were written: the text is the same. */
function toHash({ model, apps, extensions }: LastGood): string {
  return toTextHash(JSON.stringify({ model, apps, extensions }))
}

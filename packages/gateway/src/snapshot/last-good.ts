/** Owns the last configuration that every thread could run, as a file in the data folder: what serves when the one on disk is faulty at start. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type App, type GatewayModel, toTextHash } from '@gatewright/model'
import type { ExtensionModule } from './snapshot.ts'

export interface LastGood {
  readonly model: GatewayModel
  readonly apps: readonly App[]
  readonly extensions: readonly ExtensionModule[]
}

const FILE = 'last-good.json'

export class LastGoodStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Whole or not at all: written beside, then renamed. Holds hashes of keys, never keys. @throws what the file system says. */
  save(good: LastGood): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o750 })
    const path = join(this.#folder, FILE)
    const beside = `${path}.${process.pid}.tmp`
    writeFileSync(beside, JSON.stringify({ hash: toHash(good), ...good }), { mode: 0o640, flush: true })
    renameSync(beside, path)
  }

  /** undefined: there is none, or it is damaged. */
  find(): LastGood | undefined {
    try {
      const { hash, model, apps, extensions } = JSON.parse(readFileSync(join(this.#folder, FILE), 'utf8'))
      const good: LastGood = { model, apps, extensions }
      return hash === toHash(good) ? good : undefined
    } catch {
      return undefined
    }
  }
}

/** What was read has its keys in the order in which they were written: the text is the same. */
function toHash({ model, apps, extensions }: LastGood): string {
  return toTextHash(JSON.stringify({ model, apps, extensions }))
}

/**
 * Owns what a configuration was made of, as far as it can be told again without reading it: texts, and what they had put in. What was kept of
 * one that is made of the same serves at once, while thousands of APIs are still read.
 */
import { readFileSync } from 'node:fs'
import type { Finding, Listener } from '@gatewright/model'
import { toContentHash, toTextHash } from '@gatewright/model/runtime'
import { type GivenFiles, type GivenOptions, readGiven } from './given-files.ts'

export interface Ingredients {
  /** Of the listeners, as flags of the command line have changed them. */
  readonly listeners: string
  /** Of the program, and of all texts by their paths. */
  readonly hash: string
  /** What was asked for beside them, by kind and name, each as its hash; null: there was none. */
  readonly asked: readonly (readonly [kind: 'env' | 'file', name: string, hash: string | null])[]
}

/** Another version may make another configuration of the same. */
const { version: VERSION } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
}

/** Takes down what is asked for while a configuration is read. */
export class IngredientNotes {
  readonly #given: GivenFiles
  readonly #asked = new Map<string, Ingredients['asked'][number]>()
  #isTorn = false

  constructor(given: GivenFiles) {
    this.#given = given
  }

  readonly env = (name: string): string | undefined => this.#note('env', name, this.#given.env(name))

  readonly readFile = (path: string): string | undefined => this.#note('file', path, this.#given.readFile(path))

  /** Undefined: something was another while it was read. `listeners`: as they serve. */
  toIngredients(listeners: readonly Listener[]): Ingredients | undefined {
    if (this.#isTorn) return undefined
    const asked = [...this.#asked.values()]
    return { listeners: toContentHash(listeners), hash: toTextsHash(this.#given), asked }
  }

  #note(kind: 'env' | 'file', name: string, text: string | undefined): string | undefined {
    const [key, hash] = [`${kind} ${name}`, toHash(text)]
    const [, , before = hash] = this.#asked.get(key) ?? []
    this.#isTorn ||= before !== hash
    this.#asked.set(key, [kind, name, hash])
    return text
  }
}

/** Would what is given now make the same again? False where it cannot be read. `toListeners`: as flags have them now. */
export function isMadeOf(made: Ingredients, options: GivenOptions, toListeners: () => readonly Listener[]): boolean {
  const { hash, asked, listeners } = made
  const findings: Finding[] = []
  const given = readGiven(options, findings)
  if (findings.length > 0 || toTextsHash(given) !== hash) return false
  const look = { env: given.env, file: given.readFile }
  const isSame = asked.every(([kind, name, before]) => toHash(look[kind](name)) === before)
  return isSame && toContentHash(toListeners()) === listeners
}

function toTextsHash({ files, overlays }: GivenFiles): string {
  const told = [files, ...overlays].map((layer) =>
    layer.map(({ path, text, isForeign = false, documents = new Map(), secrets = new Map() }) => [
      path,
      toTextHash(text),
      isForeign,
      [...documents].map(([name, content]) => [name, toTextHash(content)]),
      [...secrets],
    ]),
  )
  return toContentHash([VERSION, told])
}

function toHash(text: string | undefined): string | null {
  return text === undefined ? null : toTextHash(text)
}

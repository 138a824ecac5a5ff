/** Owns the PEM files that a configuration names: read once, told apart by what stands in them. */
import { dirname, isAbsolute, join } from 'node:path'
import type { Path } from '../finding.ts'
import type { PemFile } from '../gateway-model.ts'
import { toTextHash } from '../hash.ts'
import { findSayingFile, type ResolveContext, reportFault } from './resolution.ts'

export class PemFiles {
  /** SHA-256 → text. */
  readonly texts = new Map<string, string>()
  readonly #context: ResolveContext
  readonly #readFile: (path: string) => string | undefined

  constructor(context: ResolveContext, readFile: (path: string) => string | undefined) {
    this.#context = context
    this.#readFile = readFile
  }

  /** `at`: where the name stands, in the files and in the model alike. */
  read(name: string, at: Path): PemFile {
    const path = toPath(this.#context, name, at)
    const text = this.#find(path, at)
    if (text === undefined) return { path, sha256: '' }
    const sha256 = toTextHash(text)
    this.texts.set(sha256, text)
    return { path, sha256 }
  }

  #find(path: string, at: Path): string | undefined {
    let why = 'does not exist'
    try {
      const text = this.#readFile(path)
      if (text !== undefined) return text
    } catch (error) {
      why = `cannot be read: ${error instanceof Error ? error.message : String(error)}`
    }
    reportFault(this.#context, at, { code: 'pem-unreadable', message: `The file ${path} ${why}.` })
    return undefined
  }
}

/** Relative to the file that says it. */
export function toPath(context: ResolveContext, name: string, at: Path): string {
  return isAbsolute(name) ? name : join(dirname(findSayingFile(context, at)), name)
}

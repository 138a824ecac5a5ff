/** Owns the files of a test of policies: what stands in them, by their paths, and replacing it. */
import type { FileContent, Files, OpenFile } from '../services.ts'

export class MemoryFiles implements Files {
  readonly #files = new Map<string, { content: FileContent }>()

  constructor(files: Readonly<Record<string, Uint8Array>> = {}) {
    for (const [path, bytes] of Object.entries(files)) this.replace(path, bytes)
  }

  open(path: string): OpenFile {
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`there is no file ${path}`)
    return file
  }

  /** Whoever has it open sees it at once. */
  replace(path: string, bytes: Uint8Array): void {
    const content = { bytes }
    const file = this.#files.get(path)
    if (file === undefined) this.#files.set(path, { content })
    else file.content = content
  }
}

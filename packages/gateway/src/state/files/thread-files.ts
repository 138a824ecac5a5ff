/** Owns a thread's side of the files that policies read: the newest content of each, for whoever has it open. */
import type { FileContent, Files, OpenFile } from '@gatewright/policies'
import type { SharedFiles } from './file-table.ts'

interface HeldFile {
  version: number
  content: FileContent
}

export class ThreadFiles implements Files {
  readonly #files = new Map<string, HeldFile>()

  constructor(files: SharedFiles = new Map()) {
    this.add(files)
  }

  open(path: string): OpenFile {
    const file = this.#files.get(path)
    if (file === undefined)
      throw new Error(`the file ${path} was not read: \`files\` of the policy's definition has to name it`)
    return file
  }

  /** Those that are there stay; of what has another content, that counts from here on. */
  add(files: SharedFiles): void {
    for (const [path, { version, bytes }] of files) {
      const file = this.#files.get(path)
      if (file?.version === version) continue
      const content = { bytes: new Uint8Array(bytes) }
      if (file === undefined) this.#files.set(path, { version, content })
      else Object.assign(file, { version, content })
    }
  }

  /** These are all: no snapshot uses another. */
  replace(files: SharedFiles): void {
    this.add(files)
    for (const path of this.#files.keys()) if (!files.has(path)) this.#files.delete(path)
  }
}

/** Owns the reading of extensions from disk: each with the files that it imports, loaded and checked, and anew when one of them changed. */
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { followLinks, type ImportedFiles, LINK, prepareImport } from './extension-imports.ts'
import { ExtensionFault, type ExtensionLoader } from './extension-loader.ts'
import { isPassing } from './passing-fault.ts'
import { readTextFile } from './read-text-file.ts'
import type { ExtensionFile, ExtensionModule } from './snapshot.ts'

export class ExtensionReader {
  readonly #loader: ExtensionLoader
  /** By specifier: what it consisted of when it was last loaded, or was tried to. */
  readonly #files = new Map<string, ImportedFiles>()
  readonly #modules = new Map<string, ExtensionModule>()

  constructor(loader: ExtensionLoader) {
    this.#loader = loader
  }

  /** `file:` URL or package name, as it stands on disk now. @throws ExtensionFault, or what the system says that lacks something for a moment */
  async read(specifier: string): Promise<ExtensionModule> {
    if (!specifier.startsWith('file:')) return { specifier, hash: '' }
    const hash = toHash(this.findFiles(specifier).map((url) => [url, readText(url), followLinks(url)]))
    const known = this.#modules.get(hash)
    if (known !== undefined) return known
    const text = readText(specifier)
    if (text === undefined) {
      throw new ExtensionFault(specifier, 'is not there, or cannot be read: its path begins at the file that names it')
    }
    const files = { [specifier]: { format: toFormat(specifier), text } }
    const imported = prepareImport(specifier, hash, files)
    this.#files.set(specifier, imported)
    const definitions = await this.#loader.load({ specifier, hash, files })
    // What was read is what is published: nothing is read a second time.
    const read = [...imported].filter((entry): entry is [string, ExtensionFile] => entry[1] !== undefined)
    const finalHash = toHash(
      [...imported].map(([url, file]) => [url, findPublishedText(file) ?? readText(url), followLinks(url)]),
    )
    const module = { specifier, hash: finalHash, files: Object.fromEntries(read) }
    this.#loader.keep(module, definitions)
    this.#modules.set(finalHash, module)
    return module
  }

  /** URLs whose change may change the extension, also of what it could not find. */
  findFiles(specifier: string): readonly string[] {
    return [...(this.#files.get(specifier)?.keys() ?? [specifier])]
  }
}

/** Where a link leads tells which files those are that the file imports in turn. */
function toHash(
  files: readonly (readonly [url: string, text: string | undefined, place: string | undefined])[],
): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
}

function toFormat(specifier: string): string {
  return /\.m?ts$/.test(specifier) ? 'module-typescript' : 'module'
}

function findPublishedText(file: ExtensionFile | undefined): string | undefined {
  return file?.format === LINK ? undefined : file?.text
}

/** undefined: it is not there, or is no text. @throws what the system says that lacks something for a moment */
function readText(url: string): string | undefined {
  try {
    return readTextFile(fileURLToPath(url))
  } catch (error) {
    if (error instanceof Error && isPassing(error.message)) throw error
    return undefined
  }
}

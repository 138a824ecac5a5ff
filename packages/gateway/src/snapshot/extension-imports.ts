/**
 * Owns what an extension is made of: its own file and those that it imports, as they were published, whatever stands on disk by
 * now; and what it may import wherever it lies: Gatewright's own packages and its schema library, from this installation.
 *
 *   stamp.ts?content=H ──imports──▶ lib/office.ts?content=H      a change of either is another H, and so all of it anew
 */
import { realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ExtensionFile } from './snapshot.ts'

/** The same copies that run here, so that an extension needs no packages of its own. */
const OFFERED = /^(?:@gatewright\/[^/]+|zod)(?:\/|$)/

/** What may be published: CommonJS modules are known to Node by their names alone, and are never loaded anew. */
const PUBLISHED_FORMATS = new Set(['module', 'module-typescript', 'json'])

/** Stands for a format: the text is the URL of what the link led to when it was published. */
export const LINK = 'link'

/** By URL without query. undefined: it is not there, or no text. */
export type ImportedFiles = ReadonlyMap<string, ExtensionFile | undefined>

/** By the hash that stands in the URLs of an extension's files. */
const imports = new Map<string, Map<string, ExtensionFile | undefined>>()
/** Every file of an extension, without query: what Node loads by its name is among them. */
const extensionModules = new Set<string>()
/** What the system said where it did not let a file be read: not evaluated yet, it may be tried again. */
const unread = new WeakSet<Error>()
let isHooked = false

/** To be called before the file of an extension is imported. What it imports beyond `files` is read from disk, and is in the answer afterwards. */
export function prepareImport(
  specifier: string,
  hash: string,
  files: Readonly<Record<string, ExtensionFile>> = {},
): ImportedFiles {
  const known =
    imports.get(hash) ?? new Map<string, ExtensionFile | undefined>([[specifier, undefined], ...Object.entries(files)])
  imports.set(hash, known)
  extensionModules.add(specifier)
  hookOnce()
  return known
}

/** Only where there are extensions is anything hooked. */
function hookOnce(): void {
  if (isHooked) return
  isHooked = true
  registerHooks({
    load(url, context, nextLoad) {
      const files = imports.get(toHash(url))
      const plain = withoutQuery(url)
      const file = files?.get(plain)
      if (file !== undefined) return { format: file.format, source: file.text, shortCircuit: true }
      const loaded = readOnDisk(() => nextLoad(url, context))
      const { format, source } = loaded
      if (files !== undefined && source && typeof format === 'string' && PUBLISHED_FORMATS.has(format)) {
        const text = typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString()
        files.set(plain, { format, text })
      }
      return loaded
    },
    resolve(specifier, context, nextResolve) {
      // What is published need not be on disk any more.
      if (imports.get(toHash(specifier))?.get(withoutQuery(specifier)) !== undefined) {
        return { url: specifier, shortCircuit: true }
      }
      const parent = context.parentURL
      if (parent === undefined || !extensionModules.has(withoutQuery(parent))) return nextResolve(specifier, context)
      // `require` knows files by their names alone.
      if (context.conditions.includes('require')) return nextResolve(specifier, context)
      if (isOwnFile(specifier)) return resolveOwnFile(specifier, parent, (name) => nextResolve(name, context))
      return OFFERED.test(specifier) ? resolveOffered(specifier) : nextResolve(specifier, context)

      function resolveOffered(name: string): ReturnType<typeof nextResolve> {
        try {
          // What an extension has installed itself is what it means.
          return nextResolve(name, context)
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException
          if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error
          const here = { ...context, parentURL: import.meta.url }
          if (name.startsWith('@gatewright/')) return nextResolve(name, here)
          // The schema library is a dependency of the policies, not of the gateway.
          return nextResolve(name, { ...context, parentURL: nextResolve('@gatewright/policies', here).url })
        }
      }
    },
  })
}

function readOnDisk<Loaded>(read: () => Loaded): Loaded {
  try {
    return read()
  } catch (error) {
    if (error instanceof Error) unread.add(error)
    throw error
  }
}

/** A file could not be read, whatever it would have done. */
export function isUnread(error: unknown): error is Error {
  return error instanceof Error && unread.has(error)
}

interface Resolved {
  readonly url: string
  readonly shortCircuit?: boolean | undefined
}

/** Packages bring their own packages; the files of an extension are the extension. */
function resolveOwnFile<Found extends Resolved>(
  specifier: string,
  parent: string,
  findOnDisk: (specifier: string) => Found,
): Found | Resolved {
  const hash = toHash(parent)
  const files = imports.get(hash)
  const asked = withoutQuery(new URL(specifier, parent).href)
  const known = files?.get(asked)
  if (known !== undefined) {
    const published = known.format === LINK ? known.text : asked
    extensionModules.add(published)
    return { url: toImportUrl(published, hash), shortCircuit: true }
  }
  // Also where it is not there: it may come.
  if (files !== undefined && !files.has(asked)) files.set(asked, undefined)
  const found = findOnDisk(followLinks(asked) ?? specifier)
  const real = withoutQuery(found.url)
  extensionModules.add(real)
  if (files === undefined) return found
  if (real !== asked) files.set(asked, { format: LINK, text: real })
  return { ...found, url: toImportUrl(real, hash) }
}

/** Node itself remembers for ever where a link led. undefined: there is no such file. */
export function followLinks(url: string): string | undefined {
  try {
    return pathToFileURL(realpathSync(fileURLToPath(url))).href
  } catch {
    return undefined
  }
}

/** The query makes a changed file another module: Node keeps every module it ever loaded. */
export function toImportUrl(specifier: string, hash: string): string {
  return `${specifier}?content=${hash}`
}

function toHash(url: string): string {
  return /\?content=(\w+)$/.exec(url)?.[1] ?? ''
}

function isOwnFile(specifier: string): boolean {
  return /^(?:\.{0,2}\/|file:)/.test(specifier)
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '')
}

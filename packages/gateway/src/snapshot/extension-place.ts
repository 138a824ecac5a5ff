/** Owns the place of a fault in an extension: the line and column that Node's errors carry, where they carry one. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findImportPlace } from './import-place.ts'

export interface ExtensionPlace {
  /** Absolute. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** How to mend it. */
  readonly suggestion?: string
}

/** Where a module failed while it was loaded; undefined where nothing says so. `specifier` is the extension's `file:` URL. */
export async function findExtensionPlace(cause: unknown, specifier: string): Promise<ExtensionPlace | undefined> {
  const { stack = '', name } = cause instanceof Error ? cause : {}
  return (
    findImportPlace(cause) ??
    findExcerpt(stack) ??
    findFrame(stack) ??
    (name === 'SyntaxError' ? await checkSyntax(specifier) : undefined)
  )
}

/** Syntax errors of TypeScript, and imports that lead nowhere, begin with the place, the line, and a caret under the column. */
function findExcerpt(text: string): ExtensionPlace | undefined {
  const found = /^(?:file:\/\/)?(\/[^\n?]*|[A-Za-z]:[^\n?]*?)(?:\?[^\n]*)?:(\d+)\n((?:.*\n)*?)([ \t]*)\^/.exec(text)
  if (found === null) return undefined
  const [, file = '', line, , indent = ''] = found
  return { file: decodeURI(file), line: Number(line), column: indent.length + 1 }
}

/** What a module throws while it is loaded has its place in the first frame that is no part of Node and of no package. */
function findFrame(stack: string): ExtensionPlace | undefined {
  for (const frame of stack.matchAll(/^ +at .*?(file:\/\/[^\s?)]+?)(?:\?[^\s:)]*)?:(\d+):(\d+)\)?$/gm)) {
    const [, url = '', line, column] = frame
    if (url.includes('/node_modules/')) continue
    if (url.startsWith(OWN_FOLDER)) return undefined
    return { file: fileURLToPath(url), line: Number(line), column: Number(column) }
  }
  return undefined
}

/** Behind a frame of Gatewright there is no more of the extension. */
const OWN_FOLDER = new URL('.', import.meta.url).href

/** How long Node may take to read one file. */
const CHECK_TIMEOUT_MS = 5000

/** Syntax errors of JavaScript modules show their place only when Node itself ends with them. It is awaited: main takes signals meanwhile. */
async function checkSyntax(specifier: string): Promise<ExtensionPlace | undefined> {
  if (!specifier.startsWith('file:')) return undefined
  const args = ['--check', fileURLToPath(specifier)]
  const said = await new Promise<string>((resolve) => {
    // That it fails is what it is asked for, and a Node that cannot be started only leaves the place out.
    execFile(process.execPath, args, { timeout: CHECK_TIMEOUT_MS }, (_, __, stderr) => resolve(stderr))
  }).catch(() => '')
  return findExcerpt(said)
}

/** Owns the place of an import that leads nowhere: Node says which file imports, and not on which line. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export interface ImportPlace {
  /** Absolute: the file that imports. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** Absent where nothing like it is there. */
  readonly suggestion?: string
}

const LEADS_NOWHERE =
  /^(?:Cannot find (module|package)|(Directory) import) '([^'\n]+)'(?: is not supported resolving ES modules)? imported from ([^\n]+)$/m

export function findImportPlace(cause: unknown): ImportPlace | undefined {
  const found = cause instanceof Error ? LEADS_NOWHERE.exec(cause.message) : null
  if (found === null) return undefined
  const [, kind, , target = '', importer = ''] = found
  // What a package lacks is not for its user to mend there.
  const text = importer.includes('/node_modules/') ? undefined : readText(importer)
  if (text === undefined) return undefined
  const isMeant = (name: string): boolean =>
    kind === 'package' ? name === target || name.startsWith(`${target}/`) : resolve(dirname(importer), name) === target
  for (const { 2: name = '', index } of text.matchAll(/(['"])([^'"\n]+)\1/g)) {
    if (!isMeant(name)) continue
    const before = text.slice(0, index).split('\n')
    const suggestion =
      kind === 'package' ? 'It is looked for in node_modules beside this file, and above.' : suggestFile(name, target)
    return {
      file: importer,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      ...(suggestion !== undefined && { suggestion }),
    }
  }
  return undefined
}

/** Compilers and bundlers complete names; Node takes them as they stand. */
function suggestFile(name: string, target: string): string | undefined {
  const bare = /\.[cm]?js$/
  const ending = ['.ts', '.js', '.mjs', '/index.ts', '/index.js'].find((each) => existsSync(target + each))
  const completed = ending === undefined ? undefined : name.replace(/\/$/, '') + ending
  const typed = existsSync(target.replace(bare, '.ts')) && bare.test(name) ? name.replace(bare, '.ts') : undefined
  const written = completed ?? typed
  return written === undefined ? undefined : `Write '${written}': an import names the whole file.`
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

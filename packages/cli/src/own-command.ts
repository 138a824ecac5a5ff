/** Owns how this command is called from a shell: the words that work again where they worked before. */
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

export interface Invocation {
  /** `process.argv[1]` */
  readonly script: string
  /** `process.execPath` */
  readonly node: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What npm puts on the PATH while it runs something is gone in the shell that the words are typed into. */
const OF_NPM = /[\\/](?:node_modules[\\/]\.bin|node-gyp-bin|_npx)(?:[\\/]|$)/

/**
 * For a shell in the folder `from`: `gatewright` where it is on the PATH, `npx gatewright` where npx finds it there, else Node, by
 * its path where a shell would find another one, and the path of the script.
 */
export function toOwnCommand({ script, node, env }: Invocation, from: string): string {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !OF_NPM.test(`${folder}/`))
  if (folders.some((folder) => existsSync(join(folder, 'gatewright')))) return 'gatewright'
  if (env.npm_command !== undefined && isFoundByNpx(from)) return 'npx gatewright'
  return `${isFirst(node, folders) ? 'node' : quote(node)} ${quote(script)}`
}

/** Is this Node the one that a shell finds? Another may be too old. */
function isFirst(node: string, folders: readonly string[]): boolean {
  const found = folders.map((folder) => join(folder, 'node')).find((path) => existsSync(path))
  return found !== undefined && existsSync(node) && realpathSync(found) === realpathSync(node)
}

/** npx looks in the nearest folder that is a package or has packages, and after that it asks the registry, where anybody may own the name. */
function isFoundByNpx(folder: string): boolean {
  const isPackage = ['package.json', 'node_modules'].some((name) => existsSync(join(folder, name)))
  if (isPackage) return existsSync(join(folder, 'node_modules', '.bin', 'gatewright'))
  const above = dirname(folder)
  return above !== folder && isFoundByNpx(above)
}

function quote(path: string): string {
  return /^[\w./:\\@+-]+$/.test(path) ? path : `"${path}"`
}

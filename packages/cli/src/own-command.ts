/** Owns how this command is called from a shell: the words that work again where they worked before. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

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
 * `gatewright` where it is on the PATH, `npx gatewright` where npx ran it and finds it again from `isBelow` the working folder,
 * else Node and the path of the script.
 */
export function toOwnCommand({ script, node, env }: Invocation, { isBelow }: { isBelow: boolean }): string {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '' && !OF_NPM.test(`${folder}/`))
  if (folders.some((folder) => existsSync(join(folder, 'gatewright')))) return 'gatewright'
  const isOfNpm = env.npm_command !== undefined
  if (isOfNpm && isBelow) return 'npx gatewright'
  // Under npm, the `node` of a shell may be another and too old one.
  return `${isOfNpm ? quote(node) : 'node'} ${quote(script)}`
}

function quote(path: string): string {
  return /^[\w./:\\@+-]+$/.test(path) ? path : `"${path}"`
}

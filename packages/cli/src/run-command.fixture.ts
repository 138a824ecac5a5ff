/** Owns the running of a command in a test: the real `main`, its words kept, in a folder of the test's own. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { main } from './main.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What comes from stdin. */
  readonly input?: string
  /** What somebody types, line by line; nobody is there if absent. */
  readonly typed?: readonly string[]
}

export async function runCommand(
  args: readonly string[],
  { cwd = tmpdir(), env = {}, input = '', typed }: Surroundings = {},
): Promise<Ran> {
  const printed: string[] = []
  const lines = typed?.values()
  const complained: string[] = []
  const code = await main(args, {
    print: (text) => void printed.push(text),
    complain: (text) => void complained.push(text),
    readInput: async () => input,
    askLine: async () => lines?.next().value,
    cwd,
    env,
    earlySignals: new Set(),
  })
  return { code, stdout: printed.join('\n'), stderr: complained.join('\n') }
}

/** A folder with these files, gone when the tests around are over. */
export function createFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatewright-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Of all files in it: path within the folder → text. */
export function readAll(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )
}

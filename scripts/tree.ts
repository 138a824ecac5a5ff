/** Owns one reading of the repository for the checks of its documents: paths, documents, sources, scripts, commands. */
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isTestFile } from './test-files.ts'

export interface Tree {
  /** Every file and folder, relative to the root, with `/`. */
  readonly paths: ReadonlySet<string>
  /** Markdown by path. */
  readonly documents: ReadonlyMap<string, string>
  /** TypeScript of the packages, without tests, by path. */
  readonly sources: ReadonlyMap<string, string>
  /** Names of npm scripts, those that npm has by itself included. */
  readonly scripts: ReadonlySet<string>
  /** Names of the `gatewright` commands. */
  readonly commands: ReadonlySet<string>
}

const NOT_OURS = new Set(['node_modules', '.git', 'dist', '.cache'])

export async function readTree(root: string): Promise<Tree> {
  const paths = new Set<string>()
  const documents = new Map<string, string>()
  const sources = new Map<string, string>()
  const commands = new Set<string>()
  for await (const entry of glob(['*', '.*', '.*/**', '*/**'], {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => NOT_OURS.has(entry.name),
  })) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1)
    paths.add(path)
    if (!entry.isFile()) continue
    const text = () => readFile(join(root, path), 'utf8')
    if (path.endsWith('.md')) documents.set(path, await text())
    if (/^packages\/.+\.ts$/.test(path) && !isTestFile(path)) sources.set(path, await text())
    const command = /^packages\/cli\/src\/commands\/([^/.]+)\.ts$/.exec(path)?.[1]
    if (command !== undefined) commands.add(command)
  }
  const manifest: { scripts: Record<string, string> } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return { paths, documents, sources, scripts: new Set(Object.keys(manifest.scripts)), commands }
}

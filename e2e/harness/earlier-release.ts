/**
 * Owns an earlier release of Gatewright as it was packed then, out of the history of this repository: the newest that is tagged, or, as long as none
 * has both roles, the first commit that has them. Packages of others are those that are installed here; nothing is downloaded.
 */
import { execFile } from 'node:child_process'
import { glob, mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const ROLES = ['control', 'node'].map((role) => `packages/cli/src/commands/${role}.ts`)
/** Much of it is a list of files. */
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024

/** Its commit, or one line that says how to get one. */
export async function findEarlierRelease(): Promise<{ readonly commit: string } | { readonly missing: string }> {
  const missing = 'the history has no earlier version with both roles: clone the whole of it, git fetch --unshallow'
  try {
    const tags = await list('tag', '--list', 'v*', '--sort=-v:refname', '--merged', 'HEAD', '--no-contains', 'HEAD')
    const added = await list('log', '--reverse', '--format=%H', '--diff-filter=A', '--', ...ROLES)
    const shallow = await list('rev-parse', '--is-shallow-repository')
    // The first commit of a cut-off history seems to have added everything.
    for (const commit of [...tags, ...(shallow.includes('true') ? [] : added)]) {
      if ((await list('ls-tree', '--name-only', commit, '--', ...ROLES)).length === ROLES.length) return { commit }
    }
    return { missing }
  } catch {
    return { missing }
  }
}

export interface EarlierRelease {
  /** What is started with Node. */
  readonly command: string
  /** Packages of others that it was packed with in another version than it runs with here. */
  readonly others: readonly string[]
}

/** `folder`: an empty one. */
export async function makeEarlierRelease(commit: string, folder: string): Promise<EarlierRelease> {
  const [source, app] = [join(folder, 'source'), join(folder, 'app')]
  for (const each of [source, app]) await mkdir(join(each, 'node_modules/@gatewright'), { recursive: true })
  await run('git', ['archive', '--output', join(folder, 'source.tar'), commit], { cwd: root })
  await run('tar', ['-xf', join(folder, 'source.tar'), '-C', source])
  for (const each of [source, app]) await linkOthers(each)
  for (const [name, place] of await listOwn(source)) await symlink(place, join(source, 'node_modules', name))
  const tarballs = join(folder, 'tarballs')
  const options = { cwd: source, maxBuffer: MOST_OUTPUT_BYTES }
  await run(process.execPath, [join(source, 'scripts/pack.ts'), '--destination', tarballs], options)
  for (const [name] of await listOwn(source)) {
    const place = join(app, 'node_modules', name)
    const tarball = `${name.replace(/^@/, '').replace('/', '-')}-[0-9]*.tgz`
    await mkdir(place)
    for await (const file of glob(tarball, { cwd: tarballs })) {
      await run('tar', ['-xzf', join(tarballs, file), '-C', place, '--strip-components=1'])
    }
  }
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }\n')
  return {
    command: join(app, 'node_modules/gatewright/bin/gatewright.js'),
    others: await listOthers(source),
  }
}

async function list(...args: readonly string[]): Promise<string[]> {
  const { stdout } = await run('git', args, { cwd: root, maxBuffer: MOST_OUTPUT_BYTES })
  return stdout.split('\n').filter((line) => line !== '')
}

/** Those of the workspace by name. */
async function listOwn(source: string): Promise<[name: string, place: string][]> {
  const own: [string, string][] = []
  for await (const file of glob('packages/*/package.json', { cwd: source })) {
    const place = join(source, file, '..')
    own.push([JSON.parse(await readFile(join(source, file), 'utf8')).name, place])
  }
  return own
}

async function linkOthers(folder: string): Promise<void> {
  const installed = join(root, 'node_modules')
  for (const name of await readdir(installed)) {
    if (name === '@gatewright' || name === 'gatewright' || name.startsWith('.')) continue
    await symlink(await realpath(join(installed, name)), join(folder, 'node_modules', name))
  }
}

async function listOthers(source: string): Promise<string[]> {
  const [then, now] = await Promise.all([source, root].map(readVersions))
  if (then === undefined || now === undefined) return []
  return [...then].flatMap(([place, version]) => {
    const here = now.get(place)
    return here === undefined || here === version ? [] : [`${place} ${version} → ${here}`]
  })
}

async function readVersions(folder: string): Promise<ReadonlyMap<string, string>> {
  const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>
  }
  return new Map(Object.entries(packages).map(([place, { version = '' }]) => [place, version]))
}

/** Owns the making of publishable tarballs: every package as JavaScript with declarations, as a stranger installs it. */
import { execFile } from 'node:child_process'
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { type PackageManifest, toPublishedManifest } from './published-manifest.ts'
import { isTestFile } from './test-files.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '..')

interface PackOptions {
  /** Where the tarballs go; made if missing. */
  readonly destination: string
}

/** Builds and packs every package under `packages/`. Returns the tarballs' absolute paths. @throws when anything does not compile. */
export async function packPackages({ destination }: PackOptions): Promise<string[]> {
  await mkdir(destination, { recursive: true })
  const staging = await mkdtemp(join(tmpdir(), 'gatewright-pack-'))
  try {
    const manifests = await readPublicManifests()
    await compile(staging, listDoors(manifests))
    const versions = new Map([...manifests.values()].map((manifest) => [manifest.name, manifest.version]))
    const stages: string[] = []
    for (const [folder, manifest] of manifests) {
      const stage = join(staging, folder)
      await stagePackage(folder, stage)
      await writeFile(
        join(stage, 'package.json'),
        `${JSON.stringify(toPublishedManifest(manifest, versions), null, 2)}\n`,
      )
      stages.push(stage)
    }
    return await packFolders(stages, destination)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Folder → package.json, of every package that a stranger may install. */
async function readPublicManifests(): Promise<Map<string, PackageManifest>> {
  const manifests = new Map<string, PackageManifest>()
  for await (const file of glob('packages/*/package.json', { cwd: root })) {
    const manifest: PackageManifest = JSON.parse(await readFile(join(root, file), 'utf8'))
    if (manifest.private !== true) manifests.set(dirname(file), manifest)
  }
  return manifests
}

function listDoors(manifests: ReadonlyMap<string, PackageManifest>): string[] {
  return [...manifests].flatMap(([folder, { exports = {}, imports = {} }]) =>
    [...Object.values(exports), ...Object.values(imports)]
      .filter((target) => target.endsWith('.ts'))
      .map((target) => join(folder, target)),
  )
}

/** One compiler run for all packages: `<staging>/packages/<name>/src/*.{js,d.ts}`. */
async function compile(staging: string, doors: readonly string[]): Promise<void> {
  const project = join(staging, 'tsconfig.json')
  await writeFile(
    project,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir: root,
        outDir: staging,
        typeRoots: [join(root, 'node_modules/@types')],
      },
      // What a package exports is built even where it is there for tests: a harness for users' own policies is.
      files: doors.map((door) => join(root, door)),
      include: [join(root, 'packages/*/src')],
      exclude: ['**/*.test.ts', '**/*.fixture.ts', '**/*.contract.ts', '**/testing', '**/cases'].map((pattern) =>
        join(root, pattern),
      ),
    }),
  )
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]).catch((fault) => {
    throw new Error(`The packages do not compile:\n${fault.stdout}`)
  })
}

/** Puts beside the compiled code what is no code: the command, examples, README, licence, data files. */
async function stagePackage(folder: string, stage: string): Promise<void> {
  await mkdir(stage, { recursive: true })
  const compiled = join(stage, 'src')
  await cp(compiled, join(stage, 'dist'), { recursive: true })
  await rm(compiled, { recursive: true })
  for await (const file of glob('dist/**/*.{js,d.ts}', { cwd: stage })) await finishEmitted(join(stage, file))

  const home = join(root, folder)
  for await (const entry of glob('**/*', { cwd: home, withFileTypes: true, exclude: ['node_modules', 'dist'] })) {
    if (!entry.isFile()) continue
    const file = relative(home, join(entry.parentPath, entry.name))
    const isSource = file.startsWith('src/')
    if (file === 'package.json' || (isSource && (file.endsWith('.ts') || isTestFile(file)))) continue
    await cp(join(home, file), join(stage, isSource ? file.replace(/^src\//, 'dist/') : file))
  }
  await cp(join(root, 'LICENSE'), join(stage, 'LICENSE'))
}

/**
 * The compiler rewrites `./x.ts` where it imports, and leaves it in declarations in addresses of worker entries
 * (`new URL('./x.ts', import.meta.url)`), and where something is loaded later (`require('./x.ts')`).
 */
async function finishEmitted(file: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  const finished = file.endsWith('.d.ts')
    ? text.replaceAll(/(from |import\()(['"])(\.\.?\/[^'"]+)\.ts\2/g, '$1$2$3.js$2')
    : text
        .replaceAll(/new URL\((['"])(\.\.?\/[^'"]+)\.ts\1, import\.meta\.url\)/g, 'new URL($1$2.js$1, import.meta.url)')
        .replaceAll(/\brequire\((['"])(\.\.?\/[^'"]+)\.ts\1\)/g, 'require($1$2.js$1)')
  if (finished !== text) await writeFile(file, finished)
}

/** One run of npm for all: each would take a second to begin. Answers the tarballs in the same order. */
async function packFolders(stages: readonly string[], destination: string): Promise<string[]> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination, ...stages]
  const { stdout } = await run('npm', args, { cwd: destination })
  const report: unknown = JSON.parse(stdout)
  // npm ≤ 10 answers an array, npm 11 may answer an object by package name.
  const packed = Object.values(report as Record<string, { filename: string }>)
  if (packed.length !== stages.length) throw new Error(`npm pack answered nothing usable: ${stdout}`)
  return packed.map(({ filename }) => join(destination, filename))
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { destination: { type: 'string', default: join(root, 'dist') } } })
  for (const tarball of await packPackages({ destination: resolve(values.destination) }))
    process.stdout.write(`${tarball}\n`)
}

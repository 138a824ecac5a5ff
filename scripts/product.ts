/** Owns `npm run product`: a folder that `npm ci` installs Gatewright from, as images are built of it: tarballs, manifest, lock. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packPackages } from './pack.ts'
import { type Lock, PRODUCT_NAME, type Tarball, toDependencies, toProductLock } from './product-lock.ts'

const root = resolve(import.meta.dirname, '..')

/** Returns the lock that it wrote. */
export async function makeProduct(destination: string): Promise<Lock> {
  const packages = join(destination, 'packages')
  await rm(packages, { recursive: true, force: true })
  await mkdir(packages, { recursive: true })
  const workspace: Lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  const names = Object.entries(workspace.packages).flatMap(([place, { link }]) =>
    link === true ? [place.slice('node_modules/'.length)] : [],
  )
  const tarballs = new Map<string, Tarball>()
  for (const path of await packPackages({ destination: packages })) {
    const name = names.find((each) => basename(path) === toTarballName(each, workspace.version))
    if (name === undefined) throw new Error(`${path} is the tarball of no package of package-lock.json`)
    const digest = createHash('sha512')
      .update(await readFile(path))
      .digest('base64')
    tarballs.set(name, { path: `packages/${basename(path)}`, integrity: `sha512-${digest}` })
  }
  const lock = toProductLock(workspace, tarballs)
  const manifest = {
    name: PRODUCT_NAME,
    version: workspace.version,
    private: true,
    dependencies: toDependencies(tarballs),
  }
  await writeFile(join(destination, 'package.json'), toText(manifest))
  await writeFile(join(destination, 'package-lock.json'), toText(lock))
  return lock
}

/** As `npm pack` calls it. */
function toTarballName(name: string, version: string): string {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`
}

function toText(data: object): string {
  return `${JSON.stringify(data, null, 2)}\n`
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { destination: { type: 'string', default: join(root, 'dist/product') } } })
  const { packages } = await makeProduct(resolve(values.destination))
  process.stdout.write(`${values.destination}: ${Object.keys(packages).length - 1} packages\n`)
}

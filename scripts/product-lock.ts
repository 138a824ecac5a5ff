/** Owns the step from the workspace's lock to that of what is installed: the packed packages, and the very versions of others' that they were tested with. */

export interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly optional?: boolean
  readonly bin?: Readonly<Record<string, string>>
  readonly engines?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

/** As package-lock.json has it, version 3: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json */
export interface Lock {
  readonly name: string
  readonly version: string
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface Tarball {
  /** Relative to the product: `packages/gatewright-0.1.0.tgz`. */
  readonly path: string
  /** Subresource integrity. */
  readonly integrity: string
}

export const PRODUCT_NAME = 'gatewright-product'

/** What an installation needs, and nothing that tests and builds do. @throws when the lock does not hold what a package asks for */
export function toProductLock(workspace: Lock, tarballs: ReadonlyMap<string, Tarball>): Lock {
  const packages: Record<string, LockedPackage> = {}
  const waiting: string[] = []
  for (const [name, { path, integrity }] of tarballs) {
    const home = workspace.packages[`node_modules/${name}`]?.resolved ?? ''
    const { version, license, bin, engines, dependencies } = getEntry(workspace.packages, home)
    packages[`node_modules/${name}`] = defined({
      version,
      resolved: `file:${path}`,
      integrity,
      license,
      bin,
      engines,
      dependencies,
    })
    waiting.push(`node_modules/${name}`)
  }
  for (let from = waiting.pop(); from !== undefined; from = waiting.pop()) {
    for (const place of listNeeds({ ...workspace.packages, ...packages }, from)) {
      if (place in packages) continue
      packages[place] = withoutUnlocked(workspace.packages, getEntry(workspace.packages, place))
      waiting.push(place)
    }
  }
  const { version } = workspace
  const root = { name: PRODUCT_NAME, version, dependencies: toDependencies(tarballs) }
  const sorted = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))
  return { name: PRODUCT_NAME, version, lockfileVersion: 3, packages: { '': root, ...Object.fromEntries(sorted) } }
}

/** An optional package that was not published for every platform is in no lock, and `npm ci` refuses a lock that has a word of it. */
function withoutUnlocked(packages: Lock['packages'], entry: LockedPackage): LockedPackage {
  const { optionalDependencies } = entry
  if (optionalDependencies === undefined) return entry
  const locked = Object.entries(optionalDependencies).filter(([name]) => `node_modules/${name}` in packages)
  return { ...entry, optionalDependencies: Object.fromEntries(locked) }
}

export function toDependencies(tarballs: ReadonlyMap<string, Tarball>): Record<string, string> {
  return Object.fromEntries([...tarballs].map(([name, { path }]) => [name, `file:${path}`]))
}

/** Places of what the package at `from` asks for. @throws where something that is not optional is not there */
export function listNeeds(packages: Lock['packages'], from: string): string[] {
  const entry = getEntry(packages, from)
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = entry
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  const names = new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers])
  return [...names].flatMap((name) => {
    const place = findPlace(packages, from, name)
    if (place !== undefined) return [place]
    if (name in optionalDependencies) return []
    throw new Error(`package-lock.json has no ${name}, which ${from} asks for: run \`npm install\`.`)
  })
}

/** As Node looks for it: beside, then in every folder above. https://nodejs.org/api/modules.html#loading-from-node_modules-folders */
function findPlace(packages: Lock['packages'], from: string, name: string): string | undefined {
  let folder = from
  for (;;) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (place in packages) return place
    if (folder === '') return undefined
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
}

function getEntry(packages: Lock['packages'], place: string): LockedPackage {
  const entry = packages[place]
  if (entry === undefined) throw new Error(`package-lock.json has no "${place}": run \`npm install\`.`)
  return entry
}

function defined(entry: { [Field in keyof LockedPackage]: LockedPackage[Field] | undefined }): LockedPackage {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
}

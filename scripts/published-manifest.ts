/** Owns the step from a workspace's package.json to the published one: built JavaScript instead of source, versions pinned. */

export interface PackageManifest {
  readonly name: string
  readonly version: string
  readonly exports?: Readonly<Record<string, string>>
  readonly imports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** What `npm` may put into a tarball, besides package.json itself. */
const PUBLISHED_FILES = ['bin', 'dist', 'examples', 'README.md', 'LICENSE']

/**
 * @param versions name → version of every workspace package.
 * @throws when a package asks for another version of a sibling than the one published beside it.
 */
export function toPublishedManifest(
  manifest: PackageManifest,
  versions: ReadonlyMap<string, string>,
): Record<string, unknown> {
  for (const [name, wanted] of Object.entries(manifest.dependencies ?? {})) {
    const published = versions.get(name)
    if (published !== undefined && published !== wanted) {
      throw new Error(
        `${manifest.name} asks for ${name} ${wanted}, and ${published} is published beside it: write "${published}".`,
      )
    }
  }
  const { devDependencies: _, ...kept } = manifest
  return {
    ...kept,
    files: PUBLISHED_FILES,
    ...(manifest.exports && { exports: mapValues(manifest.exports, toDoor) }),
    ...(manifest.imports && { imports: mapValues(manifest.imports, toBuilt) }),
    publishConfig: { access: 'public' },
  }
}

/** `./src/x.ts` → `./dist/x.js`; anything else stays. */
function toBuilt(target: string): string {
  return target.replace(/^\.\/src\/(.+)\.ts$/, './dist/$1.js').replace(/^\.\/src\//, './dist/')
}

function toDoor(target: string): string | { types: string; default: string } {
  const built = toBuilt(target)
  return built.endsWith('.js') ? { types: built.replace(/\.js$/, '.d.ts'), default: built } : built
}

function mapValues<Value>(
  record: Readonly<Record<string, string>>,
  map: (value: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}

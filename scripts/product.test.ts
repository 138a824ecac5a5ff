/** Proves that what images are built of holds what an installation needs and nothing else, and that the list of its parts is sound CycloneDX. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { type Lock, toProductLock } from './product-lock.ts'
import { toSbom } from './sbom.ts'

const root = resolve(import.meta.dirname, '..')
const workspace: Lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
const names = [
  'gatewright',
  ...['client', 'control-plane', 'expressions', 'gateway', 'model', 'policies'].map((name) => `@gatewright/${name}`),
]
const lock = toProductLock(
  workspace,
  new Map(
    names.map((name) => [
      name,
      { path: `packages/${name.replace('@gatewright/', '')}.tgz`, integrity: `sha512-${'A'.repeat(86)}==` },
    ]),
  ),
)
const places = Object.keys(lock.packages)

/** As `os`, `cpu` and `libc` say them; the image has glibc. */
const PLATFORMS = [
  ['linux', 'x64', 'glibc'],
  ['linux', 'arm64', 'glibc'],
  ['darwin', 'x64'],
  ['darwin', 'arm64'],
  ['win32', 'x64'],
] as const

interface Variant {
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly libc?: string | readonly string[]
}

/** What a package finds of that name, where it is for some platforms alone. */
function findVariant({ packages }: Lock, place: string, name: string): Variant | undefined {
  const found = (packages[`${place}/node_modules/${name}`] ?? packages[`node_modules/${name}`]) as Variant | undefined
  return found?.os === undefined && found?.cpu === undefined ? undefined : found
}

function fits(variant: Variant, [os, cpu, libc]: (typeof PLATFORMS)[number]): boolean {
  const allows = (said: string | readonly string[] | undefined, is: string | undefined) =>
    said === undefined || (is !== undefined && [said].flat().includes(is))
  return allows(variant.os, os) && allows(variant.cpu, cpu) && allows(variant.libc, libc)
}

describe('the lock of the product', () => {
  it('has the packed packages by their tarballs', () => {
    assert.deepEqual(Object.keys(lock.packages['']?.dependencies ?? {}), names)
    assert.equal(lock.packages['node_modules/gatewright']?.resolved, 'file:packages/gatewright.tgz')
  })

  it('has what they ask for, in the versions of the workspace, and no tool', () => {
    for (const name of ['fastify', 'pg', 'better-sqlite3', 'zod', '@bufbuild/protobuf']) {
      const place = `node_modules/${name}`
      assert.equal(lock.packages[place]?.version, workspace.packages[place]?.version, name)
      assert.ok(lock.packages[place]?.integrity?.startsWith('sha512-'), name)
    }
    assert.deepEqual(
      places.filter((place) => /typescript|biome|knip|cyclonedx|@types|node-linux/.test(place)),
      [],
    )
  })

  it('has everything for the two platforms of the image', () => {
    const compiled = places.filter((place) => /-linux-(?:x64|arm64)-gnu$/.test(place))
    assert.deepEqual(
      compiled.toSorted(),
      ['argon2', 'bcrypt'].flatMap((name) =>
        ['arm64', 'x64'].map((cpu) => `node_modules/@node-rs/${name}-linux-${cpu}-gnu`),
      ),
    )
  })

  it('is refused where the workspace does not hold what is asked for', () => {
    const { 'node_modules/fastify': _, ...packages } = workspace.packages
    const tarballs = new Map([['@gatewright/control-plane', { path: 'x.tgz', integrity: '' }]])
    assert.throws(() => toProductLock({ ...workspace, packages }, tarballs), /has no fastify/)
  })
})

describe('the lock of the workspace', () => {
  it('has what is compiled ahead for every platform that Gatewright runs on', () => {
    const families = Object.entries(workspace.packages).flatMap(([place, { optionalDependencies = {} }]) => {
      const variants = Object.keys(optionalDependencies).flatMap((name) => findVariant(workspace, place, name) ?? [])
      // One for each platform, and not something that is of use on one alone.
      return Object.keys(optionalDependencies).length > 1 && variants.length > 0 ? [{ place, variants }] : []
    })
    assert.ok(families.length >= 8, 'Node, argon2, bcrypt, and tools')
    const missing = families.flatMap(({ place, variants }) =>
      PLATFORMS.filter((platform) => !variants.some((variant) => fits(variant, platform))).map(
        (platform) => `${place} for ${platform.join(' ')}`,
      ),
    )
    assert.deepEqual(missing, [])
  })

  it('names no registry: everybody has their own', () => {
    const named = Object.entries(workspace.packages).filter(([, { resolved }]) => /^[a-z+]+:/.test(resolved ?? ''))
    assert.deepEqual(named, [])
  })
})

type Part = Readonly<Record<string, unknown>>

describe('the list of parts', () => {
  const text = toSbom(lock)
  const sbom: {
    readonly specVersion: string
    readonly metadata: { readonly component: Part }
    readonly components: readonly Part[]
    readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
  } = JSON.parse(text)

  it('is CycloneDX 1.6, by its schema', async () => {
    const folder = join(root, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')
    const read = async (name: string) =>
      JSON.parse(await readFile(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8'))
    // What these formats mean is told by a package that is worth no dependency: nothing here has them.
    const ajv = new Ajv({ strict: false, formats: { 'idn-email': true, 'iri-reference': true } })
    formats.default(ajv)
    for (const name of ['spdx', 'jsf-0.82'])
      ajv.addSchema(await read(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
    const isSound = ajv.compile(await read('bom-1.6'))
    assert.ok(isSound(sbom), JSON.stringify(isSound.errors))
    assert.equal(sbom.specVersion, '1.6')
  })

  it('has each package of the lock, with hash, licence and address', () => {
    const parts = [sbom.metadata.component, ...sbom.components]
    assert.deepEqual(parts.map((part) => part['bom-ref']).sort(), places.filter((place) => place !== '').sort())
    for (const { purl, hashes, licenses } of parts) {
      assert.match(String(purl), /^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+/)
      assert.ok(hashes !== undefined && licenses !== undefined, String(purl))
    }
  })

  it('has only licences that allow what Apache-2.0 does', () => {
    const licenses = new Set(Object.values(lock.packages).map(({ license }) => license ?? 'Apache-2.0'))
    const allowed =
      /^(?:MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause|\(Apache-2\.0 AND BSD-3-Clause\)|\(BSD-3-Clause OR GPL-2\.0\))$/
    assert.deepEqual(
      [...licenses].filter((license) => !allowed.test(license)),
      [],
    )
  })

  it('says who needs whom, and the same bytes for the same lock', () => {
    const needs = sbom.dependencies.find(({ ref }) => ref === 'node_modules/gatewright')
    assert.ok(needs?.dependsOn?.includes('node_modules/@gatewright/gateway'))
    assert.equal(toSbom(lock), text)
  })
})

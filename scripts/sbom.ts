/** Owns `npm run sbom`: what an installation of Gatewright consists of, with licences, hashes and who needs whom, as CycloneDX 1.6. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ComponentScope, ComponentType, ExternalReferenceType, HashAlgorithm } from '@cyclonedx/cyclonedx-library/Enums'
import {
  Bom,
  Component,
  ExternalReference,
  LicenseExpression,
  Metadata,
  NamedLicense,
  SpdxLicense,
} from '@cyclonedx/cyclonedx-library/Models'
import { JSON as CycloneDxJson, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize'
import { isSupportedSpdxId } from '@cyclonedx/cyclonedx-library/SPDX'
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec'
import { makeProduct } from './product.ts'
import { type Lock, type LockedPackage, listNeeds } from './product-lock.ts'

const root = resolve(import.meta.dirname, '..')
const COMMAND = 'node_modules/gatewright'

/** The same lock gives the same bytes: there is no time in it, and no number that was drawn. */
export function toSbom({ packages }: Lock): string {
  const components = new Map(
    Object.entries(packages)
      .filter(([place]) => place !== '')
      .map(([place, entry]) => [place, toComponent(place, entry)]),
  )
  const product = components.get(COMMAND)
  if (product === undefined) throw new Error(`the lock has no ${COMMAND}`)
  for (const [place, component] of components) {
    for (const need of listNeeds(packages, place)) {
      const needed = components.get(need)
      if (needed !== undefined) component.dependencies.add(needed.bomRef)
    }
  }
  product.type = ComponentType.Application
  const bom = new Bom({ metadata: new Metadata({ component: product }) })
  for (const component of components.values()) if (component !== product) bom.components.add(component)
  const serializer = new JsonSerializer(new CycloneDxJson.Normalize.Factory(Spec1dot6))
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`
}

function toComponent(
  place: string,
  { version = '', license, integrity, resolved, optional }: LockedPackage,
): Component {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const [group, base] = name.startsWith('@') ? name.split('/') : [undefined, name]
  // https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md: the "@" of a scope is encoded.
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`
  const component = new Component(ComponentType.Library, base ?? name, {
    bomRef: place,
    version,
    purl,
    scope: optional === true ? ComponentScope.Optional : ComponentScope.Required,
    ...(group !== undefined && { group }),
  })
  if (license !== undefined) component.licenses.add(toLicense(license))
  const digest = /^sha512-(.+)$/.exec(integrity ?? '')?.[1]
  if (digest !== undefined) {
    component.hashes.set(HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex'))
  }
  if (resolved === undefined) {
    const tarball = `https://registry.npmjs.org/${name}/-/${base ?? name}-${version}.tgz`
    component.externalReferences.add(new ExternalReference(tarball, ExternalReferenceType.Distribution))
  }
  return component
}

function toLicense(license: string): SpdxLicense | LicenseExpression | NamedLicense {
  if (isSupportedSpdxId(license)) return new SpdxLicense(license)
  return / (?:AND|OR|WITH) /.test(license) ? new LicenseExpression(license) : new NamedLicense(license)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { destination: { type: 'string', default: join(root, 'dist/product') } } })
  const destination = resolve(values.destination)
  const text = toSbom(await makeProduct(destination))
  await writeFile(join(destination, 'sbom.cdx.json'), text)
  process.stdout.write(`${join(destination, 'sbom.cdx.json')}\n`)
}
